// @ts-check
// What is told once to everybody: live regions, the title, the summary of errors with links to their fields.
import { byId, el, say, sayCount } from "./page.js";

/** @typedef {{ field?: string, text: string }} Fault */

const title = document.title;

/** @param {string} text said when the reader has a moment */
export function tell(text) {
  byId("polite").replaceChildren(el("p", {}, text));
}

/** @param {string} text said at once */
export function warn(text) {
  byId("assertive").replaceChildren(el("p", {}, text));
}

/**
 * Shows faults above a form, marks their fields, puts the focus on the summary.
 * @param {HTMLElement} place
 * @param {Fault[]} faults
 */
export function showFaults(place, faults) {
  clearFaults(place);
  const items = faults.map(({ field, text }) => {
    const target = field ? document.getElementById(field) : null;
    if (!target) return el("li", {}, text);
    mark(target, text);
    const link = el("a", { href: `#${field}` }, text);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      focusField(target);
    });
    return el("li", {}, link);
  });
  const heading = el("p", { class: "faults-title" }, sayCount("errors.title", faults.length));
  const summary = el("div", { class: "faults", tabindex: "-1", role: "group" }, heading, el("ul", {}, ...items));
  summary.setAttribute("aria-label", heading.textContent ?? "");
  place.replaceChildren(summary);
  document.title = say("title.error") + title;
  summary.focus();
}

/** @param {HTMLElement} place */
export function clearFaults(place) {
  place.replaceChildren();
  document.title = title;
  const scope = place.closest("form") ?? document;
  for (const field of scope.querySelectorAll("[data-fault]")) {
    const noted = field.getAttribute("data-fault") ?? "";
    document.getElementById(noted)?.remove();
    field.removeAttribute("data-fault");
    field.removeAttribute("aria-invalid");
    const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && id !== noted);
    if (described.length > 0) field.setAttribute("aria-describedby", described.join(" "));
    else field.removeAttribute("aria-describedby");
  }
}

/**
 * @param {HTMLElement} target
 * @param {string} text
 */
function mark(target, text) {
  const id = `${target.id}-fault`;
  const note = el("p", { id, class: "fault" }, el("span", { class: "unseen" }, say("errors.prefix")), text);
  if (target instanceof HTMLFieldSetElement) target.append(note);
  else {
    target.closest(".field")?.append(note);
    target.setAttribute("aria-invalid", "true");
  }
  target.setAttribute("data-fault", id);
  target.setAttribute("aria-describedby", [target.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
}

/** @param {HTMLElement} target */
function focusField(target) {
  const folded = target.closest("details");
  if (folded) folded.open = true;
  const field = target instanceof HTMLFieldSetElement ? target.querySelector("input") : target;
  field?.focus();
}
