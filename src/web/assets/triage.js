// @ts-check
// Triage: from a caller's own words, question by question, to a level. One key an answer; what the caller's words point to is
// asked first; a red flag gives the 15 its panel at once. The service weighs the answers; nothing is kept here but the call.
import { byId, el, page } from "./page.js";
import { Problem, post } from "./api.js";
import { desk } from "./desk.js";
import { warn } from "./notices.js";
import { asking, decided, isAnswer, isOff, off, reasons, standing } from "./question.js";
import { clearWords, overtakeWords, pointedTo, startWords } from "./words.js";

/** @typedef {import("./question.js").Question} Question */
/** @typedef {import("./words.js").Suggested} Suggested */

const place = byId("triage");

let answers = /** @type {Record<string, any>} */ ({});
/** What is known of the patient besides answers. @type {Record<string, any>} */
let flags = {};
/** Names answered, in order: the last can be taken back. @type {string[]} */
let said = [];
/** What the service last said. @type {any} */
let last = null;
let others = /** @type {string[]} */ ([]);
/** Turns of weighing: an answer that was overtaken says nothing. */
let weighed = 0;
/** The question on the screen; none while an answer is on its way. @type {Question | undefined} */
let onScreen;

/** @type {{ patient: () => any, complaint: () => string | null, choose: (id: string) => void, ageHeard: (age: string) => void, leave: () => Promise<void>, stopped: (handover: string[]) => void, missing: () => void }} */
let call;

/** @param {typeof call} does */
export function startTriage(does) {
  call = does;
  if (!page.triage) return;
  startWords({ take, ageHeard: call.ageHeard });
  byId("ask").addEventListener("click", () => begin(true));
  let entered = false;
  byId("complaint").addEventListener("keydown", (event) => void (entered = event.key === "Enter"), true);
  byId("complaint").addEventListener("change", () => {
    // Only Enter asks for the questions; whoever goes on to another field keeps the field they went to.
    if (last && call.complaint() && call.complaint() !== last.of) another(entered);
  });
  place.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLInputElement) return;
    if (place.querySelector(".case")) return;
    const onTitle = !(event.target instanceof HTMLButtonElement);
    if (event.key === "Backspace" && said.length > 0) takeBack();
    else if (event.key === "Enter" && onTitle && last?.status === "decided") byId("search").click();
    else if (!isAnswer(event.key)) return;
    event.preventDefault();
  });
}

/** What goes into the request. */
export function triaged() {
  return { answers, flags, others, decided: last?.status === "decided" || last?.status === "stopped" };
}

/** What is being weighed for the call says nothing of the request taken up meanwhile. */
export function overtakeTriage() {
  weighed += 1;
  overtakeWords();
}

export function clearTriage() {
  [answers, flags, said, others, last] = [{}, {}, [], [], null];
  weighed += 1;
  onScreen = undefined;
  place.replaceChildren();
  place.hidden = true;
  clearWords();
}

/** @param {Suggested} one */
async function take(one) {
  await call.leave();
  last = null;
  call.choose(one.id);
  another(true);
}

/**
 * Another complaint of the same call: what was said stays said, and its complaints are weighed with it.
 * @param {boolean} moves whether the focus goes to what is asked
 */
function another(moves) {
  const told = Object.keys(answers).filter((name) => answers[name] !== "no");
  const heard = pointedTo().filter((question) => !question.denied).map((question) => question.id);
  others = [...new Set([...told, ...heard].map((name) => name.split(".")[0]))]
    .filter((block) => block !== "signes_vitaux" && block !== call.complaint()).slice(0, 10);
  [last, onScreen] = [null, undefined];
  weighed += 1;
  if (!desk.resumed) place.hidden = true;
  begin(moves);
}

/** Asks from the start of what is not answered yet. @param {boolean} moves */
async function begin(moves) {
  if (!call.complaint() || call.patient().age === null) return moves && call.missing();
  await call.leave();
  await weigh(moves);
}

/** The question due: what the words point to, then what the service asks for. @returns {Question | undefined} */
function next() {
  const open = last?.status === "incomplete" || last === null;
  return (open && pointedTo().find((question) => answers[question.id] === undefined)) || last?.must_ask[0];
}

/** Has the answers weighed, and shows what is due; not over a request of the board. */
async function weigh(moves = true) {
  const turn = (weighed += 1);
  const { age, sex } = call.patient();
  const body = { patient: { ...age, sex }, complaint: call.complaint(), other_complaints: others, answers, flags };
  try {
    const answer = await post("/triage/assess", body);
    if (turn !== weighed || desk.resumed) return;
    last = { ...answer, of: call.complaint() };
    show(moves);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    place.hidden = false;
    place.replaceChildren(el("p", { class: "note" }, error.message));
    warn(error.message);
  }
}

/** @param {Question} question @param {any} value */
function give(question, value) {
  if (onScreen !== question) return;
  onScreen = undefined;
  if (question.kind === "flag") flags[question.id.replace("flag.", "")] = value;
  else answers[question.id] = value;
  said.push(question.id);
  weigh();
}

function takeBack() {
  onScreen = undefined;
  const name = said.pop() ?? "";
  delete answers[name];
  delete flags[name.replace("flag.", "")];
  weigh();
}

/** @param {boolean} moves */
function show(moves) {
  place.hidden = false;
  if (last.status === "stopped") {
    place.replaceChildren(reasons(last));
    return call.stopped(last.handover ?? []);
  }
  const due = last.status === "incomplete" ? next() : undefined;
  // What could still raise the level or open a lighter service: offered, never in the way of the search.
  const question = due ?? last.may_ask?.[0];
  onScreen = question;
  const back = said.length > 0 ? takeBack : null;
  const asked = question && asking(question, give, back);
  const body = due && asked ? [asked] : isOff(last) ? [off(last)] : decided(last, asked);
  place.replaceChildren(standing(last), ...body, reasons(last));
  if (moves) byId("triage-title").focus();
}
