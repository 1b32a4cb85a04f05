// @ts-check
// The place held for the caller: its countdown, who comes, the confirmation. What was typed about the patient stays in this
// module's memory until the next call, so that a lost hold does not lose it.
import { button, byId, el, input, say, sayCount } from "./page.js";
import { countdown, fullWhenOf, now, timeOf, whenOf } from "./times.js";
import { clearFaults, showFaults, tell, warn } from "./notices.js";
import { placeOf, professionOf } from "./slot.js";

/** @typedef {import("./offers.js").Offer} Offer */
/** @typedef {{ id: string, offer: Offer, until: number }} Hold */
/** @typedef {{ confirm: (patient: Record<string, string>) => void, extend: () => void, release: () => void, ended: () => void }} Does */

const NAMES = ["first_name", "last_name", "phone"];
const stage = byId("stage");
/** @type {Record<string, string>} */
let typed = {};
/** @type {number | undefined} */
let timer;

/**
 * @param {Hold} hold
 * @param {Does} does
 */
export function showHold(hold, does) {
  const { slot } = hold.offer;
  const left = el("span", { id: "hold-left", class: "left" });
  const until = el("span", { id: "hold-until", class: "quiet" });
  const others = [button(say("hold.extend"), "F2", "plain", does.extend), button(say("hold.release"), "Échap", "plain", does.release)];
  const form = patientForm(say("hold.confirm"), others, does.confirm);
  stage.replaceChildren(el("section", { class: "hold", "aria-labelledby": "hold-title" },
    el("div", { class: "hold-head" },
      el("div", {}, el("h3", { id: "hold-title" }, say("hold.title")),
        el("p", { class: "hold-slot" }, el("strong", {}, whenOf(slot.start)), ` · ${slot.practitioner.name}`),
        el("p", { class: "quiet" }, `${professionOf(slot)} · ${placeOf(slot)}`)),
      el("div", { class: "clock" }, el("span", { class: "quiet" }, say("hold.left")), left, until)),
    el("p", { id: "hold-note", class: "note" }), form));
  count(hold, does);
  input("first_name").focus();
  warn(say("hold.started", { when: whenOf(slot.start), practitioner: slot.practitioner.name }));
}

/**
 * Who comes: what was typed before is there already.
 * @param {string} label of the button that sends it
 * @param {HTMLElement[]} others buttons beside it
 * @param {(patient: Record<string, string>) => void} send
 */
export function patientForm(label, others, send) {
  const form = el("form", { id: "patient-form", novalidate: true, autocomplete: "off" },
    el("div", { id: "patient-errors" }), el("p", { class: "form-title" }, say("hold.who")),
    el("div", { class: "patient-fields" }, field("first_name", say("hold.first_name")), field("last_name", say("hold.last_name")), field("phone", say("hold.phone"))),
    el("div", { class: "actions" },
      el("button", { type: "submit", id: "confirm", class: "button" }, label, " ", el("kbd", {}, "↵")), ...others));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    readPatient(send);
  });
  return form;
}

/** The name as it was typed. */
export function typedName() {
  return `${typed.first_name ?? ""} ${typed.last_name ?? ""}`;
}

/** @param {string} name @param {string} label */
function field(name, label) {
  const made = /** @type {HTMLInputElement} */ (el("input", { id: name, name, type: name === "phone" ? "tel" : "text", maxlength: "100", autocomplete: "off" }));
  made.value = typed[name] ?? "";
  made.addEventListener("input", () => {
    typed[name] = made.value;
  });
  return el("div", { class: "field" }, el("label", { for: name }, label), made);
}

/** @param {(patient: Record<string, string>) => void} send */
function readPatient(send) {
  const texts = [say("errors.first_name"), say("errors.last_name"), say("errors.phone")];
  const faults = NAMES.map((name, order) => ({ field: name, text: texts[order] })).filter(({ field: name }) => !input(name).value.trim());
  clearFaults(byId("patient-errors"));
  if (faults.length > 0) return showFaults(byId("patient-errors"), faults);
  send(Object.fromEntries(NAMES.map((name) => [name, input(name).value.trim()])));
}

/** Runs the countdown: seen each second, told each minute and at twenty seconds. @param {Hold} hold @param {Does} does */
export function count(hold, does) {
  clearInterval(timer);
  let told = Math.floor((hold.until - now()) / 60_000);
  let warned = false;
  const show = () => {
    const remaining = hold.until - now();
    const panel = document.getElementById("hold-left");
    if (!panel) return clearInterval(timer);
    panel.textContent = countdown(remaining);
    byId("hold-until").textContent = say("hold.until", { time: timeOf(hold.until) });
    const short = remaining <= 60_000;
    panel.closest(".hold")?.classList.toggle("short", short);
    byId("hold-note").textContent = short ? say("hold.soon_over") : "";
    const minutes = Math.ceil(remaining / 60_000);
    if (remaining <= 0) {
      clearInterval(timer);
      does.ended();
    } else if (remaining <= 20_000 && !warned) {
      warned = true;
      warn(say("hold.last_seconds"));
    } else if (minutes <= told && remaining > 20_000) {
      told = minutes - 1;
      tell(sayCount("hold.minutes_left", minutes));
    }
  };
  show();
  timer = setInterval(show, 1000);
}

/** @param {import("./api.js").Problem} problem */
export function showPatientFaults(problem) {
  const faults = problem.errors.map(({ pointer, detail }) => ({ field: pointer.replace("/patient/", ""), text: detail }));
  showFaults(byId("patient-errors"), faults.length > 0 ? faults : [{ text: problem.message || say("errors.unexpected", { status: problem.status }) }]);
}

/** Takes the panel away; what was typed stays. */
export function closeHold() {
  clearInterval(timer);
  stage.replaceChildren();
}

/** Forgets the patient. */
export function forgetPatient() {
  typed = {};
  closeHold();
}

/**
 * @param {any} appointment
 * @param {() => void} next
 */
export function showBooked(appointment, next) {
  clearInterval(timer);
  const { slot } = appointment;
  const line = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ kind = "") =>
    el("div", { class: kind }, el("dt", {}, name), el("dd", {}, value));
  const heading = el("h3", { id: "booked-title", tabindex: "-1" }, el("span", { "aria-hidden": "true" }, "✓ "), say("booked.title"));
  stage.replaceChildren(el("section", { class: "booked", "aria-labelledby": "booked-title" }, heading,
    el("dl", {}, line(say("booked.when"), fullWhenOf(slot.start), "main-line"), line(say("booked.who"), `${slot.practitioner.name}, ${professionOf(slot)}`),
      line(say("booked.where"), placeOf(slot)), line(say("booked.patient"), typedName()),
      line(say("booked.reference"), appointment.id, "reference")),
    button(say("booked.next"), "n", "button", next)));
  typed = {};
  heading.focus();
}
