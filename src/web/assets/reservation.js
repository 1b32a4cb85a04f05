// @ts-check
// A place for the request in hand: held, prolonged, given back, confirmed. The service decides; what it does not yet say is
// shown as being checked.
import { byId, input, say } from "./page.js";
import { Problem } from "./api.js";
import { showFaults, tell, warn } from "./notices.js";
import { change, desk, forget, isBusy, note, once } from "./desk.js";
import { showEmergency } from "./emergency.js";
import { giveBack, transfer } from "./intake.js";
import * as holding from "./hold.js";
import * as offers from "./offers.js";
import { isLost } from "./live.js";
import { now, timeOf } from "./times.js";

const panel = { confirm, extend, release, ended };

/** @param {string} text said and shown */
function refuse(text) {
  note(text);
  warn(text);
}

/** @param {import("./offers.js").Offer} offer */
export function hold(offer) {
  const { slot } = offer;
  if (desk.held?.offer.slot.id === slot.id) return input("first_name").focus();
  if (isLost()) return refuse(say("errors.lost"));
  if (!offers.isFree(slot.id)) return refuse(say("offers.refused"));
  return once("offer-list", async () => {
    const id = crypto.randomUUID();
    const before = desk.held;
    desk.asking = slot.id;
    try {
      const answer = await change(`/requests/${desk.request.id}/hold`, { slot_id: slot.id, hold_id: id });
      if (before) offers.markMine(before.offer.slot.id, false);
      desk.held = { id, offer, until: Date.parse(answer.expires_at) };
      offers.markMine(slot.id, true);
      note("");
      holding.showHold(desk.held, panel);
    } catch (error) {
      lose(error);
    } finally {
      desk.asking = undefined;
    }
  });
}

/** A place lost: what is left, the best one under the cursor. @param {unknown} error */
function lose(error) {
  if (!(error instanceof Problem)) throw error;
  if (error.slug === "emergency") return showEmergency(transfer, true);
  if (!error.offers) return refuse(error.message);
  desk.held = null;
  holding.closeHold();
  offers.showOffers({ offers: error.offers });
  refuse(say(error.offers.length > 0 ? "offers.fresh" : "offers.fresh_none", { detail: error.message }));
  offers.focusOffer();
}

/** @param {Record<string, string>} patient */
function confirm(patient) {
  if (isLost()) return showFaults(byId("patient-errors"), [{ text: say("errors.lost") }]);
  return once("confirm", async () => {
    const mine = desk.held;
    if (!mine) return;
    desk.asking = mine.offer.slot.id;
    try {
      const path = `/requests/${desk.request.id}/confirm`;
      const appointment = await change(path, { hold_id: mine.id, patient });
      forget();
      offers.hideOffers();
      note("");
      holding.showBooked(appointment, desk.next);
    } catch (error) {
      if (error instanceof Problem && !error.offers) holding.showPatientFaults(error);
      else lose(error);
    } finally {
      desk.asking = undefined;
    }
  });
}

export function extend() {
  return once("confirm", async () => {
    if (!desk.held) return;
    try {
      const answer = await change(`/requests/${desk.request.id}/extend`, { hold_id: desk.held.id });
      desk.held.until = Date.parse(answer.expires_at);
      holding.count(desk.held, panel);
      tell(say("hold.extended", { time: timeOf(desk.held.until) }));
    } catch (error) {
      lose(error);
    }
  });
}

export function release() {
  return once("confirm", async () => {
    if (!desk.held) return;
    const { slot } = desk.held.offer;
    await giveBack();
    holding.closeHold();
    offers.markMine(slot.id, false);
    offers.focusOffer(slot.id);
    tell(say("hold.released"));
  });
}

/** The countdown is over; while an answer is on its way nobody knows yet, and nothing is said. */
function ended() {
  if (isBusy() || !desk.held) return;
  desk.held = null;
  holding.closeHold();
  refuse(say("hold.ended"));
  return once("offer-list", async () => {
    Object.assign(desk.request, await change(`/requests/${desk.request.id}/offers`, {}));
    offers.showOffers(desk.request);
    offers.focusOffer();
  });
}

/** Brings the panel of the place held back, after something else took its room. */
export function showHeldAgain() {
  if (!desk.held) return;
  if (desk.held.until <= now()) ended();
  else holding.showHold(desk.held, panel);
}
