// @ts-check
// Triage: from a caller's own words, question by question, to a level. One key an answer; what the caller's words point to is
// asked first; a red flag gives the 15 its panel at once. The service weighs the answers; nothing is kept here but the call.
import { button, byId, el, input, page } from "./page.js";
import { Problem, post } from "./api.js";
import { ageSaid } from "./age.js";
import { warn } from "./notices.js";
import { asking, decided, isAnswer, isOff, off, reasons, standing } from "./question.js";

/** @typedef {import("./question.js").Question} Question */
/** @typedef {{ id: string, label: string }} Suggested */

const place = byId("triage");
const PAUSE = 250;

let answers = /** @type {Record<string, any>} */ ({});
/** What is known of the patient besides answers. @type {Record<string, any>} */
let flags = {};
/** Names answered, in order: the last can be taken back. @type {string[]} */
let said = [];
let forced = /** @type {Question[]} */ ([]);
let suggested = /** @type {Suggested[]} */ ([]);
/** What the service last said. @type {any} */
let last = null;
let others = /** @type {string[]} */ ([]);
/** Turns of hearing and of weighing: an answer that was overtaken says nothing. */
let [heardTurn, weighed, timer] = [0, 0, 0];
/** The question on the screen; none while an answer is on its way. @type {Question | undefined} */
let onScreen;

/** @type {{ patient: () => any, complaint: () => string | null, choose: (id: string) => void, ageHeard: (age: string) => void, stopped: (handover: string[]) => void, missing: () => void }} */
let call;

/** @param {typeof call} does */
export function startTriage(does) {
  call = does;
  if (!page.triage) return;
  const words = input("words");
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(hear, PAUSE);
  });
  words.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(timer);
    await hear();
    if (suggested.length > 0) take(suggested[0]);
  });
  byId("ask").addEventListener("click", begin);
  byId("complaint").addEventListener("change", () => {
    if (last && call.complaint() && call.complaint() !== last.of) another();
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

/** The words field. */
export function focusWords() {
  if (page.triage) input("words").focus();
}

/** What goes into the request. */
export function triaged() {
  return { answers, flags, others, decided: last?.status === "decided" || last?.status === "stopped" };
}

/** What is being weighed for the call says nothing of the request taken up meanwhile. */
export const overtakeTriage = () => void (weighed += 1);

export function clearTriage() {
  [answers, flags, said, forced, suggested, others, last] = [{}, {}, [], [], [], [], null];
  clearTimeout(timer);
  heardTurn += 1;
  weighed += 1;
  onScreen = undefined;
  place.replaceChildren();
  place.hidden = true;
  if (page.triage) byId("heard").replaceChildren();
}

/** Sends the words, shows what they suggest. */
async function hear() {
  const text = input("words").value.trim();
  const turn = (heardTurn += 1);
  if (text === "") return void byId("heard").replaceChildren();
  try {
    const answer = await post("/triage/suggest", { text });
    if (turn !== heardTurn) return;
    suggested = answer.complaints;
    // What was denied is asked after what was said; the general questions first.
    forced = answer.forced_questions;
    forced.sort((a, b) => Number(a.denied) - Number(b.denied) || rank(a) - rank(b));
    const lines = suggested.map((one) => el("li", {}, button(one.label, "", "plain", () => take(one))));
    byId("heard").replaceChildren(...(lines.length > 0 ? [el("ul", {}, ...lines)] : []));
    const age = ageSaid(text);
    if (age) call.ageHeard(age);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("heard").replaceChildren(el("p", { class: "hint" }, error.message));
  }
}

/** @param {Question} question */
function rank(question) {
  return question.id.startsWith("signes_vitaux.") ? 0 : 1;
}

/** @param {Suggested} one */
function take(one) {
  last = null;
  call.choose(one.id);
  another();
}

/** Another complaint of the same call: what was said stays said, and its complaints are weighed with it. */
function another() {
  const told = Object.keys(answers).filter((name) => answers[name] !== "no");
  const heard = forced.filter((question) => !question.denied).map((question) => question.id);
  others = [...new Set([...told, ...heard].map((name) => name.split(".")[0]))]
    .filter((block) => block !== "signes_vitaux" && block !== call.complaint()).slice(0, 10);
  [last, onScreen] = [null, undefined];
  weighed += 1;
  place.hidden = true;
  begin();
}

/** Asks from the start of what is not answered yet. */
async function begin() {
  if (!call.complaint() || call.patient().age === null) return call.missing();
  await weigh();
}

/** The question due: what the words point to, then what the service asks for. @returns {Question | undefined} */
function next() {
  const open = last?.status === "incomplete" || last === null;
  return (open && forced.find((question) => answers[question.id] === undefined)) || last?.must_ask[0];
}

/** Has the answers weighed, and shows what is due. */
async function weigh() {
  const turn = (weighed += 1);
  const { age, sex } = call.patient();
  const body = { patient: { ...age, sex }, complaint: call.complaint(), other_complaints: others, answers, flags };
  try {
    const answer = await post("/triage/assess", body);
    if (turn !== weighed) return;
    last = { ...answer, of: call.complaint() };
    show();
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

function show() {
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
  byId("triage-title").focus();
}
