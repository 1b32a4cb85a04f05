// @ts-check
// From the form to a request and its places. A corrected form makes a new request and cancels the one it corrects; a level
// alone is changed on the request, where the service says who may.
import { byId, page, say } from "./page.js";
import { Problem, get } from "./api.js";
import { callFaults, readCall } from "./call.js";
import { showCase } from "./case.js";
import { clearFaults, showFaults, tell } from "./notices.js";
import { change, desk, note, once } from "./desk.js";
import { closeEmergency, showEmergency, showTransferred } from "./emergency.js";
import * as offers from "./offers.js";
import { closeHold } from "./hold.js";
import { isLost } from "./live.js";
import { overtakeTriage, triaged } from "./triage.js";

export function search() {
  clearFaults(byId("call-errors"));
  if (isLost()) return showFaults(byId("call-errors"), [{ text: say("errors.lost") }]);
  const { order, faults } = readCall();
  if (faults.length > 0) return showFaults(byId("call-errors"), faults);
  return once("search", async () => {
    byId("search-note").textContent = say("busy.search");
    try {
      await enter(order);
      show();
    } catch (error) {
      byId("search-note").textContent = "";
      if (!(error instanceof Problem)) throw error;
      showFaults(byId("call-errors"), callFaults(error));
    }
  });
}

/** Enters the request, or brings the one of this call up to the form. @param {any} order */
async function enter(order) {
  const { level, ...rest } = order;
  const text = JSON.stringify(rest);
  if (desk.resumed) desk.request = null;
  if (desk.request && level !== desk.sent.level) {
    await giveBack();
    const answer = await change(`/requests/${desk.request.id}/level`, { level, reason: say("call.level_reason") });
    Object.assign(desk.request, answer);
    desk.sent.level = level;
  }
  if (desk.request && desk.sent.order === text) {
    await giveBack();
    if (level !== "immediate") Object.assign(desk.request, await change(`/requests/${desk.request.id}/offers`, {}));
    return;
  }
  if (desk.request) await change(`/requests/${desk.request.id}/cancel`, { reason: say("call.corrected") });
  desk.held = null;
  desk.request = null;
  desk.request = await change("/requests", order);
  desk.resumed = false;
  desk.sent = { order: text, level };
}

/** Gives the held place back, if there is one. */
export async function giveBack() {
  if (!desk.held) return;
  await change(`/requests/${desk.request.id}/release`, { hold_id: desk.held.id });
  desk.held = null;
}

/** Shows the request in hand: its places, or the 15. */
export function show() {
  note("");
  byId("call-reference").textContent = say("call.in_progress", { reference: desk.request.id.slice(-6) });
  byId("to-15").hidden = false;
  closeHold();
  if (desk.request.triage?.final === "immediate" || desk.request.triage?.status === "stopped") {
    // A médecin régulateur may find that it is none.
    if (page.regulator) showCase();
    showEmergency(transfer, true, desk.request.triage.handover);
    return;
  }
  closeEmergency();
  showCase();
  if (desk.request.state === "booked") {
    offers.hideOffers();
    return byId("triage-title").focus();
  }
  offers.showOffers(desk.request);
  tell(offers.summary());
  offers.focusOffer();
}

/** Takes up a request of the board: how its level came about, what is to be done about it, and its places. @param {{ id: string, for_regulator?: any[] }} waiting */
export function resume(waiting) {
  return once("board", async () => {
    await giveBack();
    const request = await get(`/requests/${waiting.id}`);
    overtakeTriage();
    // Why it is to be looked at afterwards is known to the queue alone.
    const reviews = (waiting.for_regulator ?? []).filter((one) => one.code.startsWith("review_"));
    request.for_regulator = [...(request.for_regulator ?? []), ...reviews];
    if (request.state === "booked") request.appointment = await get(`/appointments/${request.appointment_id}`);
    Object.assign(desk, { request, resumed: true, sent: { order: "", level: "" } });
    show();
  });
}

/** Hands the caller to the 15; a call that is no request yet is entered first, so that a trace stays. */
export function transfer() {
  const { order, faults } = readCall();
  if (!desk.request && faults.length > 0) return showFaults(byId("call-errors"), faults);
  return once("transfer", async () => {
    try {
      await giveBack();
      if (!desk.request) await enter({ ...order, level: "immediate" });
      // An emergency of the form as it was is handed over as it is: nothing is entered anew on the way.
      else if (!desk.resumed && desk.request.triage?.final !== "immediate") {
        // What was said since comes first: the 15 and the record hear the sign itself.
        const { answers, flags } = triaged();
        const { id } = desk.request;
        if (Object.keys(answers).length > 0) desk.request = { ...desk.request, ...await change(`/requests/${id}/answers`, { answers, flags }) };
        if (desk.request.triage?.final !== "immediate") await change(`/requests/${id}/level`, { level: "immediate", reason: say("call.level_reason") });
      }
      await change(`/requests/${desk.request.id}/handover`, { to: "15" });
      desk.request = null;
      byId("to-15").hidden = true;
      showTransferred(desk.next);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      showFaults(byId("emergency-errors"), callFaults(error));
    }
  });
}
