// @ts-check
// A red flag, or "immediate" from the regulation: the 15 and nothing else.
import { button, byId, el, say } from "./page.js";
import { now, timeOf } from "./times.js";
import { warn } from "./notices.js";

const stage = byId("stage");
const column = byId("offers");

/**
 * Puts the panel in place of the offers.
 * @param {() => void} transfer
 * @param {boolean} focus
 * @param {string[]} [handover] what triage knows, to be said to the 15
 */
export function showEmergency(transfer, focus, handover = []) {
  column.classList.add("emergency");
  const heading = el("h3", { id: "emergency-title", tabindex: "-1" }, say("emergency.title"));
  stage.replaceChildren(el("section", { class: "emergency-panel", "aria-labelledby": "emergency-title" }, heading,
    el("p", {}, say("emergency.advice")), toSay(handover), el("div", { id: "emergency-errors" }),
    el("div", { class: "actions" }, withId("transfer", button(say("emergency.transfer"), "", "button danger", transfer)),
      el("a", { class: "plain", href: "tel:15" }, say("emergency.dial")))));
  warn(say("emergency.announce"));
  if (focus) heading.focus();
}

/** What must be said to the 15, in the order it is asked there. @param {string[]} handover */
function toSay(handover) {
  const lines = [...handover, say("emergency.where"), say("emergency.stay")].map((text) => el("li", {}, text));
  return el("div", {}, el("h4", { id: "say-title" }, say("emergency.say")), el("ol", { class: "say", "aria-labelledby": "say-title" }, ...lines));
}

/** @param {string} id @param {HTMLElement} element */
function withId(id, element) {
  element.id = id;
  return element;
}

export function emergencyIsShown() {
  return column.classList.contains("emergency");
}

/** @param {() => void} next */
export function showTransferred(next) {
  const heading = el("h3", { id: "emergency-title", tabindex: "-1" }, el("span", { "aria-hidden": "true" }, "✓ "), say("emergency.done"));
  stage.replaceChildren(el("section", { class: "emergency-panel done", "aria-labelledby": "emergency-title" }, heading,
    el("p", {}, say("emergency.done_at", { time: timeOf(now()) })), button(say("booked.next"), "n", "button", next)));
  heading.focus();
}

/** Gives the place back to the offers. */
export function closeEmergency() {
  column.classList.remove("emergency");
  stage.replaceChildren();
}
