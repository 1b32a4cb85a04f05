// @ts-check
// Promises: seen in time, the hour told a few hours ahead. Advised where an early place is worth more to others; the patient
// decides. When the service has found the hour, somebody tells the patient, and says so here.
import { button, byId, el, say } from "./page.js";
import { Problem, get } from "./api.js";
import { showFaults } from "./notices.js";
import { change, desk, forget, note, once } from "./desk.js";
import { closeHold, forgetPatient, patientForm, showPatientFaults, typedName } from "./hold.js";
import { isLost } from "./live.js";
import { fullWhenOf, shortWhenOf } from "./times.js";
import { appointmentLines } from "./appointment.js";
import * as offers from "./offers.js";

const stage = byId("stage");

/** Asks who the patient is: without a name and a number nobody could be told the hour. */
export function askPromise() {
  if (!desk.request || desk.held || !offers.promiseIsAdvised()) return;
  const heading = el("h3", { id: "promise-title", tabindex: "-1" }, say("promise.title"));
  const before = desk.request.deadline ? say("promise.before", { when: shortWhenOf(desk.request.deadline) }) : say("promise.within_week");
  stage.replaceChildren(el("section", { class: "hold promise", "aria-labelledby": "promise-title" }, heading,
    el("p", {}, before), el("p", { class: "quiet" }, say("promise.how")),
    patientForm(say("promise.confirm"), [button(say("promise.back"), "", "plain", back)], confirm)));
  heading.focus();
}

function back() {
  closeHold();
  offers.focusOffer();
}

/** @param {Record<string, string>} patient */
function confirm(patient) {
  if (isLost()) return showFaults(byId("patient-errors"), [{ text: say("errors.lost") }]);
  return once("confirm", async () => {
    try {
      const promised = await change(`/requests/${desk.request.id}/promise`, { patient });
      forget();
      offers.hideOffers();
      note("");
      show(promised);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      showPatientFaults(error);
    }
  });
}

/** @param {any} promised */
function show(promised) {
  const line = (/** @type {string} */ name, /** @type {string} */ value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
  const heading = el("h3", { id: "booked-title", tabindex: "-1" }, el("span", { "aria-hidden": "true" }, "✓ "), say("promise.done"));
  stage.replaceChildren(el("section", { class: "booked", "aria-labelledby": "booked-title" }, heading,
    el("dl", {}, line(say("promise.by"), fullWhenOf(promised.promise.by)), line(say("booked.patient"), typedName()),
      line(say("promise.notice"), say("promise.notice_hours", { n: Math.round(promised.promise.notice_minutes / 60) }))),
    el("p", { class: "quiet" }, say("promise.told_later")), button(say("booked.next"), "n", "button", desk.next)));
  heading.focus();
}

/** A row of the board whose patient must be told the hour: whom to call, and what to say. @param {any} waiting */
export function tellHour(waiting) {
  return once("board", async () => {
    const appointment = await get(`/appointments/${waiting.appointment_id}`);
    const heading = el("h3", { id: "booked-title", tabindex: "-1" }, say("tell.title"));
    forgetPatient();
    stage.replaceChildren(el("section", { class: "booked", "aria-labelledby": "booked-title" }, heading,
      appointmentLines(appointment),
      el("div", { class: "actions" }, button(say("tell.done"), "", "button", () => told(waiting)), button(say("tell.later"), "", "plain", closeHold))));
    heading.focus();
  });
}

/** @param {any} waiting */
function told(waiting) {
  return once("board", async () => {
    await change(`/requests/${waiting.id}/told`, {});
    closeHold();
    byId("board-title").focus();
  });
}
