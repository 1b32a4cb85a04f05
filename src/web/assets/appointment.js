// @ts-check
// An appointment in words: whom to call, when, with whom, where. What it says of the patient is read from the service each time,
// traced there, and kept nowhere.
import { el, say } from "./page.js";
import { fullWhenOf } from "./times.js";
import { placeOf, professionOf } from "./slot.js";

/**
 * @typedef {{ id: string, slot: import("./slot.js").Slot, patient?: { first_name: string, last_name: string, phone?: string } }} Appointment
 */

/** @param {Appointment} appointment */
export function appointmentLines({ slot, patient }) {
  const line = (/** @type {string} */ name, /** @type {string} */ value, /** @type {string} */ kind = "") =>
    el("div", { class: kind }, el("dt", {}, name), el("dd", {}, value));
  return el("dl", {}, line(say("booked.patient"), patient ? `${patient.first_name} ${patient.last_name}` : say("tell.unknown")),
    line(say("hold.phone"), patient?.phone ?? say("tell.unknown"), "main-line"), line(say("booked.when"), fullWhenOf(slot.start), "main-line"),
    line(say("booked.who"), `${slot.practitioner.name}, ${professionOf(slot)}`), line(say("booked.where"), placeOf(slot)));
}
