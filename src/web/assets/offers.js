// @ts-check
// The ranked places. A row is a button; arrows go from one to the next. Another desk's hold greys a row out where it
// stands: rows are never put in another order while somebody looks at them, and the focus stays where it is.
import { button, byId, el, page, say, sayCount } from "./page.js";
import { countdown, dayOf, now, spoken, timeOf, whenOf } from "./times.js";
import { tell } from "./notices.js";
import { nothingFound, searchNote } from "./search.js";
import { placeOf, professionOf } from "./slot.js";

/** @typedef {import("./slot.js").Slot} Slot */
/** @typedef {{ rank: number, slot: Slot, travel_minutes: number, wait_minutes: number, reasons: { code: string, text: string }[] }} Offer */
/** @typedef {{ offer: Offer, item: HTMLElement, button: HTMLButtonElement, mark: HTMLElement, wait: HTMLElement, state: string,
 *   version: number, until: number }} Row */

const ICONS = /** @type {Record<string, string>} */ ({ free: "", mine: "◉ ", held: "◐ ", booked: "● ", withdrawn: "✕ " });
const TEXTS = /** @type {Record<string, string>} */ ({ mine: "offers.mine", held: "offers.held", booked: "offers.booked", withdrawn: "offers.withdrawn" });
const CHANGES = /** @type {Record<string, string>} */ ({ free: "offers.now_free", held: "offers.now_held", booked: "offers.now_booked", withdrawn: "offers.now_withdrawn" });

const list = byId("offer-list");
/** @type {Map<string, Row>} */
const rows = new Map();
/** @type {(offer: Offer) => void} */
let chosen = () => {};
let promised = () => {};

/** @param {(offer: Offer) => void} hold @param {() => void} promise */
export function startOffers(hold, promise) {
  chosen = hold;
  promised = promise;
  list.addEventListener("keydown", (event) => {
    const buttons = [...rows.values()].map((row) => row.button);
    const at = buttons.indexOf(/** @type {any} */ (event.target));
    const steps = /** @type {Record<string, number>} */ ({ ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 });
    const to = steps[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    buttons[Math.max(0, Math.min(buttons.length - 1, to))].focus();
  });
  setInterval(tick, 1000);
}

/**
 * Shows offers anew.
 * @param {{ offers: Offer[], search?: any, unserved?: { text: string } | null, concessions?: { text: string }[], promise_advice?: { text: string } | null }} answer
 */
export function showOffers({ offers, search, unserved, concessions = [], promise_advice: advice }) {
  rows.clear();
  list.replaceChildren();
  if (advice) {
    list.append(el("aside", { class: "advice", "aria-labelledby": "advice-title" }, el("p", { id: "advice-title", class: "advice-title" }, say("promise.advice")),
      el("p", {}, advice.text), button(say("promise.offer"), "v", "button", () => promised())));
  }
  byId("search-note").textContent = search ? searchNote(search) : "";
  if (offers.length === 0) {
    list.append(nothingFound(unserved, concessions));
    return;
  }
  const shown = el("ol", { class: "offers" });
  for (const offer of offers) {
    const row = rowOf(offer);
    rows.set(offer.slot.id, row);
    shown.append(row.item);
  }
  list.append(shown);
  rove();
}

/** @param {Offer} offer @returns {Row} */
function rowOf(offer) {
  const { slot } = offer;
  /** @param {string} part */
  const id = (part) => `${part}-${slot.id}`;
  const mark = el("span", { id: id("state"), class: "mark-state" });
  const wait = el("span", { class: "quiet" });
  const travel = slot.modality === "VR" ? say("offers.remote") : say("offers.travel", { n: offer.travel_minutes });
  const made = el("button", { type: "button", class: "offer", "aria-labelledby": ["when", "who", "far", "state"].map(id).join(" "),
    "aria-describedby": id("why") },
    el("kbd", { "aria-hidden": "true" }, String(offer.rank)),
    el("span", { id: id("when"), class: "when" }, el("span", { class: "day" }, dayOf(slot.start)), " ", el("span", { class: "time" }, timeOf(slot.start))),
    el("span", { id: id("who"), class: "who" }, el("strong", {}, slot.practitioner.name), " ", el("span", { class: "quiet" }, `${professionOf(slot)} · ${placeOf(slot)}`)),
    el("span", { id: id("far"), class: "far" }, el("span", {}, travel), " ", wait), mark,
    el("span", { id: id("why"), class: "why" }, offer.reasons.map((reason) => reason.text).join(" ")));
  const item = el("li", { "data-slot": slot.id }, made);
  const taker = /** @type {HTMLButtonElement} */ (made);
  const row = { offer, item, button: taker, mark, wait, state: "", version: slot.version ?? 0, until: 0 };
  taker.addEventListener("click", () => chosen(offer));
  taker.addEventListener("focus", () => rove(taker));
  paint(row, shownState(slot));
  return row;
}

/** @param {Slot} slot */
function shownState(slot) {
  if (slot.state === "free" || slot.state === "held") return slot.state;
  return slot.state === "withdrawn" || slot.state === "closed" ? "withdrawn" : "booked";
}

/** @param {Row} row @param {string} state */
function paint(row, state) {
  row.state = state;
  row.item.dataset.state = state;
  row.button.setAttribute("aria-disabled", String(state !== "free" && state !== "mine"));
  let text = state === "free" ? say("offers.hold") : say(TEXTS[state]);
  if (state === "held" && row.until > now()) text = say("offers.held_left", { left: countdown(row.until - now()) });
  row.mark.replaceChildren(el("span", { "aria-hidden": "true" }, ICONS[state]), text);
  const minutes = (Date.parse(row.offer.slot.start) - now()) / 60_000;
  row.wait.textContent = minutes > 0 ? say("offers.wait", { wait: spoken(minutes) }) : say("offers.began");
}

/** Only one row is a stop of the Tab key. @param {HTMLButtonElement} [focused] */
function rove(focused) {
  const buttons = [...rows.values()].map((row) => row.button);
  const stop = focused ?? buttons[0];
  for (const one of buttons) one.tabIndex = one === stop ? 0 : -1;
}

function tick() {
  for (const row of rows.values()) paint(row, row.state);
}

/** @param {string} id */
export function isShown(id) {
  return rows.has(id);
}

export function shownSlots() {
  return [...rows.keys()];
}

/**
 * A slot as it is now, read again after an event.
 * @param {Slot} slot
 * @param {{ mine: boolean, heldSince?: number }} known
 */
export function updateSlot(slot, { mine, heldSince }) {
  const row = rows.get(slot.id);
  // Answers may overtake each other: an older version says nothing new.
  if (!row || slot.version < row.version) return;
  row.version = slot.version;
  const state = mine ? "mine" : shownState(slot);
  if (heldSince !== undefined) row.until = heldSince + 1000 * page.hold_seconds;
  const changed = state !== row.state;
  const wasMine = row.state === "mine";
  paint(row, state);
  if (changed && !mine && !wasMine) {
    tell(say(CHANGES[state], { when: whenOf(slot.start), practitioner: slot.practitioner.name }));
  }
}

/** Marks a row held by this desk, or free again. @param {string} id @param {boolean} mine */
export function markMine(id, mine) {
  const row = rows.get(id);
  if (row) paint(row, mine ? "mine" : "free");
}

/** @param {string} [id] the row to look at; the first that is free otherwise, or the heading when there is none */
export function focusOffer(id) {
  const best = [...rows.values()].find((row) => row.state === "free") ?? [...rows.values()][0];
  const target = (id && rows.get(id)) || best;
  (target?.button ?? byId("offers-title")).focus();
}

/** @param {number} rank */
export function offerAt(rank) {
  return [...rows.values()][rank - 1]?.offer;
}

/** @param {string} id */
export function isFree(id) {
  return rows.get(id)?.state === "free";
}

export function promiseIsAdvised() {
  return list.querySelector(".advice") !== null;
}

export function summary() {
  return rows.size === 0 ? say("offers.none") : sayCount("offers.count", rows.size);
}

/** No row: the confirmation has the room. */
export function hideOffers() {
  rows.clear();
  byId("search-note").textContent = "";
  list.replaceChildren();
}

/** Back to the text for nobody on the line. */
export function clearOffers() {
  hideOffers();
  list.append(el("div", { class: "empty" }, el("p", { class: "empty-title" }, say("offers.empty")), el("p", {}, say("offers.empty_advice"))));
}
