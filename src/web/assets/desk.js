// @ts-check
// The call in hand, in memory only: its request, what of the form was sent, the place held, and whether an answer is awaited.
import { byId, el, say } from "./page.js";
import { Problem, post } from "./api.js";
import { tell, warn } from "./notices.js";

export const desk = {
  /** The request of the call, as the service last told it. @type {any} */
  request: null,
  /** Taken up from the board: the form on the left is not about it. */
  resumed: false,
  /** The form as it was sent. */
  sent: { order: "", level: "" },
  /** @type {import("./hold.js").Hold | null} */
  held: null,
  /** The slot of a call on its way: its events are ours. @type {string | undefined} */
  asking: undefined,
  /** Ready for the next caller; set by the page. */
  next: () => {},
};

let busy = false;

export function isBusy() {
  return busy;
}

/** Nobody on the line. */
export function forget() {
  Object.assign(desk, { request: null, resumed: false, sent: { order: "", level: "" }, held: null });
  byId("call-reference").textContent = "";
  byId("to-15").hidden = true;
}

/**
 * Runs one action at a time: a second Enter or click changes nothing.
 * @param {string} id what shows that it is busy
 * @param {() => Promise<void>} act
 */
export async function once(id, act) {
  if (busy) return;
  busy = true;
  document.getElementById(id)?.setAttribute("aria-busy", "true");
  try {
    await act();
  } catch (error) {
    note(error instanceof Problem ? error.message : say("errors.unreachable"));
    warn(byId("offer-note").textContent ?? "");
    if (!(error instanceof Problem)) throw error;
  } finally {
    busy = false;
    document.getElementById(id)?.removeAttribute("aria-busy");
    checked();
  }
}

/** @param {string} text a line above the places; empty takes it away */
export function note(text) {
  byId("offer-note").textContent = text;
}

/**
 * Sends a change of the request in hand until its outcome is known.
 * @param {string} path
 * @param {object} body
 */
export function change(path, body) {
  return post(path, body, { onUnknown: checking });
}

/** Says that the outcome is not known yet: neither "booked" nor "failed". */
function checking() {
  const place = byId("checking");
  if (!place.hidden) return;
  place.replaceChildren(el("span", { "aria-hidden": "true" }, "… "), say("busy.checking"));
  place.hidden = false;
  tell(say("busy.checking"));
}

function checked() {
  byId("checking").hidden = true;
}
