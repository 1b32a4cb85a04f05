// @ts-check
// Who waits, soonest deadline first: age and time left as text, kept by identifier so that neither focus nor place is lost.
import { button, byId, el, page, say, sayCount } from "./page.js";
import { get } from "./api.js";
import { now, shortWhenOf, spoken } from "./times.js";
import { tell } from "./notices.js";
import { communeName } from "./slot.js";

/** @typedef {{ id: string, state: string, created_at: string, deadline: string | null, commune: string, commune_name?: string,
 *   complaint?: string, overdue?: boolean, at_risk?: boolean, unserved?: { text: string }, hour_to_tell?: string,
 *   promise?: { by: string, standing: string } | null, for_regulator?: { code: string, text: string }[], triage: { final: string | null } }} Waiting */

const list = byId("board-list");
const COMPLAINTS = new Map(page.complaints.map(({ id, label }) => [id, label]));
const STATES = /** @type {Record<string, string>} */ ({ held: "board.state_held", promised: "board.state_promised", incomplete: "board.state_incomplete", booked: "board.state_booked" });

/** @type {Map<string, Waiting>} */
let known = new Map();
let loadedOnce = false;
/** Whether only what is for the médecin régulateur is shown. */
let queue = false;
/** @type {number | undefined} */
let soon;
/** @type {(waiting: Waiting) => void} */
let resume = () => {};
/** @type {(waiting: Waiting) => void} */
let tellHour = () => {};
/** @type {() => string | undefined} */
let own = () => undefined;

/**
 * @param {{ resume: (waiting: Waiting) => void, tellHour: (waiting: Waiting) => void, own: () => string | undefined }} does
 */
export function startBoard(does) {
  ({ resume, tellHour, own } = does);
  byId("board-all").addEventListener("click", () => choose(false));
  byId("board-queue").addEventListener("click", () => choose(true));
  setInterval(paint, 15_000);
}

/** What a médecin régulateur must look at, and the focus on it; or everybody again. */
export function showQueue() {
  choose(!queue);
  byId(queue ? "board-queue" : "board-all").focus();
}

/** @param {boolean} regulator only what is for the médecin régulateur */
function choose(regulator) {
  queue = regulator;
  byId("board-queue").setAttribute("aria-pressed", String(queue));
  byId("board-all").setAttribute("aria-pressed", String(!queue));
  loadedOnce = false;
  refreshBoard();
}

/** Reads the board again, once for a burst of events. */
export function refreshBoard() {
  clearTimeout(soon);
  soon = setTimeout(load, 250);
}

async function load() {
  try {
    const asked = queue;
    // What awaits a régulateur is counted in their queue: who has a place may await one too.
    const [{ items, reviews = [] }, awaiting] = await Promise.all([
      get(asked ? "/regulation/queue" : "/requests?limit=1000"),
      asked ? null : get("/regulation/queue"),
    ]);
    if (asked !== queue) return;
    const before = known;
    const awaited = (awaiting ?? { items }).items.length;
    byId("queue-count").textContent = awaited > 0 ? `(${awaited})` : "";
    known = new Map(items.map((/** @type {Waiting} */ item) => [item.id, item]));
    // Whoever waits may have a level to look at as well.
    for (const item of reviews) {
      item.for_regulator = [...(known.get(item.id)?.for_regulator ?? []), ...item.for_regulator];
      known.set(item.id, item);
    }
    if (loadedOnce) announceNew(before);
    loadedOnce = true;
    paint();
  } catch {
    if (!loadedOnce) list.replaceChildren(el("p", { class: "empty" }, say("board.failed")));
    clearTimeout(soon);
    soon = setTimeout(load, 5000);
  }
}

/** @param {Map<string, Waiting>} before */
function announceNew(before) {
  const fresh = [...known.values()].find((item) => !before.has(item.id) && item.id !== own());
  if (fresh) tell(say("board.new", { level: levelOf(fresh), commune: nameOf(fresh) }));
}

/** @param {Waiting} waiting */
function levelOf({ triage }) {
  return triage.final ? say(`level.${triage.final}`) : say("level.none");
}

/** @param {Waiting} waiting */
function nameOf(waiting) {
  return waiting.commune_name ?? communeName(waiting.commune);
}

function paint() {
  if (!loadedOnce) return;
  byId("board-count").textContent = sayCount("board.count", known.size);
  if (known.size === 0) {
    list.replaceChildren(el("p", { class: "empty" }, say(queue ? "board.queue_empty" : "board.empty")));
    return;
  }
  let rows = list.querySelector("ol");
  if (!rows) {
    rows = /** @type {HTMLOListElement} */ (el("ol", { class: "board" }));
    list.replaceChildren(rows);
  }
  const there = new Map([...rows.children].map((row) => [row.getAttribute("data-request") ?? "", /** @type {HTMLElement} */ (row)]));
  /** @type {HTMLElement | null} */
  let previous = null;
  for (const waiting of known.values()) {
    const row = there.get(waiting.id) ?? newRow(waiting);
    there.delete(waiting.id);
    fill(row, waiting);
    // A row in its place is not touched: moving it would take the focus from it.
    const next = previous ? previous.nextElementSibling : rows.firstElementChild;
    if (row !== next) rows.insertBefore(row, next);
    previous = row;
  }
  for (const row of there.values()) {
    const hadFocus = row.contains(document.activeElement);
    row.remove();
    if (hadFocus) byId("board-title").focus();
  }
}

/** @param {Waiting} waiting */
function newRow(waiting) {
  const taken = button(say("board.resume"), "", "plain", () => {
    const current = known.get(waiting.id);
    if (current?.hour_to_tell && !queue) tellHour(current);
    else if (current) resume(current);
  });
  return el("li", { "data-request": waiting.id }, el("div", { class: "facts" }),
    el("div", { class: "board-foot" }, el("span", { class: "age quiet" }), taken));
}

/** @param {HTMLElement} row @param {Waiting} waiting */
function fill(row, waiting) {
  const deadline = waiting.deadline ? say("board.before", { when: shortWhenOf(waiting.deadline) }) : say("board.no_deadline");
  const left = waiting.deadline ? (Date.parse(waiting.deadline) - now()) / 60_000 : null;
  const toTell = queue ? undefined : waiting.hour_to_tell;
  const late = !toTell && (waiting.overdue || (left !== null && left <= 0));
  const due = !toTell && waiting.promise?.standing === "due";
  const complaint = COMPLAINTS.get(waiting.complaint ?? "") ?? "";
  const state = STATES[waiting.state];
  row.dataset.mark = late ? "late" : waiting.at_risk || due || toTell ? "risk" : "";
  row.querySelector(".facts")?.replaceWith(el("div", { class: "facts" },
    el("p", { class: "board-line" }, el("span", { class: "level", "data-level": waiting.triage.final ?? "none" }, levelOf(waiting)), " ", el("strong", {}, nameOf(waiting))),
    complaint && el("p", {}, complaint),
    el("p", { class: "due" }, el("span", {}, deadline), left !== null && left > 0 && ` · ${say("board.left", { left: spoken(left) })}`),
    late && left !== null && flag("⏰", say("board.overdue", { late: spoken(-left) })),
    toTell && flag("☎", say("board.tell", { when: shortWhenOf(toTell) })),
    due && flag("☎", say("board.promise_due")),
    waiting.at_risk && flag("⚠", say("board.at_risk")),
    waiting.unserved && !queue && flag("○", `${say("board.unserved")} : ${waiting.unserved.text}`),
    ...(waiting.for_regulator ?? []).filter((one) => queue || one.code === "regulation_required").map((one) => flag("◆", one.text)),
    state && flag("·", say(state))));
  const resumed = row.querySelector("button");
  const age = row.querySelector(".age");
  if (age) age.textContent = say("board.age", { age: spoken((now() - Date.parse(waiting.created_at)) / 60_000) });
  if (resumed) resumed.textContent = say(toTell ? "board.tell_button" : "board.resume");
  resumed?.setAttribute("aria-label", say(toTell ? "board.tell_name" : "board.resume_name", { level: levelOf(waiting), commune: nameOf(waiting), deadline }));
}

/** @param {string} icon @param {string} text */
function flag(icon, text) {
  return el("p", { class: "flag" }, el("span", { "aria-hidden": "true" }, icon), " ", text);
}
