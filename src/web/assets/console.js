// @ts-check
// The operator's desk: wires the form, the keys, the board and the live updates together. Start reading at `intake.js`, then
// `reservation.js`.
import { byId, input } from "./page.js";
import { get } from "./api.js";
import { chooseComplaint, clearCall, complaintOfCall, patientOfCall, startCall } from "./call.js";
import { startTriage } from "./triage.js";
import { focusWords } from "./words.js";
import { clearFaults, tell } from "./notices.js";
import { on, onEscape, startKeys } from "./keys.js";
import { say } from "./page.js";
import { desk, forget, isBusy, note } from "./desk.js";
import { closeEmergency, emergencyIsShown, showEmergency } from "./emergency.js";
import { forgetPatient } from "./hold.js";
import { leaveCase, startCase } from "./case.js";
import { resume, search, show, transfer } from "./intake.js";
import { extend, hold, release, showHeldAgain } from "./reservation.js";
import { askPromise, tellHour } from "./promise.js";
import { refreshBoard, showQueue, startBoard } from "./board.js";
import { startLive } from "./live.js";
import * as offers from "./offers.js";

/** Ready for the next caller: the place held is given back, everything typed is forgotten. */
async function newCall() {
  if (isBusy()) return;
  if (desk.held) await release();
  forget();
  leaveCase();
  forgetPatient();
  closeEmergency();
  offers.clearOffers();
  note("");
  clearFaults(byId("call-errors"));
  clearCall();
  tell(say("call.new_done"));
}

/** @param {string} chosen @param {boolean} deliberate not merely passed over with the arrow keys */
function levelChosen(chosen, deliberate) {
  if (chosen === "immediate") showEmergency(transfer, deliberate);
  else if (emergencyIsShown()) {
    closeEmergency();
    showHeldAgain();
  }
}

/** Somebody new is written down while a request of the board was in hand: it goes back to the board. */
async function leaveResumed() {
  if (!desk.resumed || isBusy()) return;
  desk.resumed = false;
  const field = /** @type {HTMLElement | null} */ (document.activeElement);
  if (desk.held) await release();
  forget();
  leaveCase();
  offers.clearOffers();
  note("");
  field?.focus();
}

/** @param {string} id @param {number} [heldSince] */
async function readSlot(id, heldSince) {
  try {
    const slot = await get(`/slots/${id}`);
    offers.updateSlot(slot, { mine: desk.held?.offer.slot.id === id || desk.asking === id, heldSince });
  } catch {
    // The next event, or the recovery of the line, reads it again.
  }
}

desk.next = newCall;
startKeys();
startCall({ search, levelChosen });
startTriage({
  patient: patientOfCall,
  complaint: complaintOfCall,
  choose: chooseComplaint,
  ageHeard(age) {
    if (input("age").value.trim() === "") input("age").value = age;
  },
  leave: leaveResumed,
  stopped: (handover) => showEmergency(transfer, true, handover),
  missing: () => input(complaintOfCall() ? "age" : "complaint").focus(),
});
offers.startOffers(hold, askPromise);
startCase(show);
startBoard({ resume, tellHour, own: () => desk.request?.id });
byId("new-call").addEventListener("click", newCall);
byId("to-15").addEventListener("click", () => showEmergency(transfer, true, desk.request?.triage.handover));
byId("call-form").addEventListener("input", leaveResumed);

// A key pressed once too often never wipes away a red flag: the button does, or the transfer.
on("n", () => {
  if (!document.querySelector(".emergency-panel:not(.done)")) newCall();
});
on("t", focusWords);
on("o", () => offers.focusOffer());
on("b", () => (byId("board-list").querySelector("button") ?? byId("board-title")).focus());
on("r", showQueue);
on("p", extend);
on("v", askPromise);
on("F2", extend);
for (let rank = 1; rank <= 9; rank += 1) {
  on(String(rank), () => {
    const offer = offers.offerAt(rank);
    if (offer && !emergencyIsShown()) hold(offer);
  });
}
onEscape(() => {
  if (!desk.held) return false;
  release();
  return true;
});

startLive({
  changed(event) {
    if (event.slot && offers.isShown(event.slot)) {
      const taken = event.kind === "slot.held" || event.kind === "slot.hold_extended";
      readSlot(event.slot, taken ? Date.parse(event.at) : undefined);
    }
    if (event.request && event.kind !== "request.read") refreshBoard();
  },
  reload() {
    refreshBoard();
    for (const id of offers.shownSlots()) readSlot(id);
  },
});
