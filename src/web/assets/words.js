// @ts-check
// The caller's own words: what they suggest, what they point to, the age they tell. What is sent is what was typed, nothing
// else; an answer overtaken by more words says nothing.
import { button, byId, el, input, page } from "./page.js";
import { Problem, post } from "./api.js";
import { ageSaid } from "./age.js";

/** @typedef {import("./question.js").Question} Question */
/** @typedef {{ id: string, label: string }} Suggested */

const PAUSE = 250;

/** Questions the words point to, in the order they are asked. @type {Question[]} */
let forced = [];
/** @type {Suggested[]} */
let suggested = [];
let [turn, timer] = [0, 0];
/** @type {{ take: (one: Suggested) => void, ageHeard: (age: string) => void }} */
let call;

/** @param {typeof call} does */
export function startWords(does) {
  call = does;
  const words = input("words");
  words.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(hear, PAUSE);
  });
  words.addEventListener("keydown", async (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(timer);
    if (await hear() && suggested.length > 0) call.take(suggested[0]);
  });
}

/** The words field. */
export function focusWords() {
  if (page.triage) input("words").focus();
}

/** What the words point to, what was denied last. */
export function pointedTo() {
  return forced;
}

/** What is on its way says nothing any more. */
export function overtakeWords() {
  clearTimeout(timer);
  turn += 1;
}

export function clearWords() {
  [forced, suggested] = [[], []];
  overtakeWords();
  if (page.triage) byId("heard").replaceChildren();
}

/** Sends the words, shows what they suggest; whether they were the last. @returns {Promise<boolean>} */
async function hear() {
  const text = input("words").value.trim();
  const mine = (turn += 1);
  if (text === "") {
    clearWords();
    return false;
  }
  try {
    const answer = await post("/triage/suggest", { text });
    if (mine !== turn) return false;
    suggested = answer.complaints;
    // What was denied is asked after what was said; the general questions first.
    forced = answer.forced_questions;
    forced.sort((a, b) => Number(a.denied) - Number(b.denied) || rank(a) - rank(b));
    const lines = suggested.map((one) => el("li", {}, button(one.label, "", "plain", () => call.take(one))));
    byId("heard").replaceChildren(...(lines.length > 0 ? [el("ul", {}, ...lines)] : []));
    const age = ageSaid(text);
    if (age) call.ageHeard(age);
    return true;
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    byId("heard").replaceChildren(el("p", { class: "hint" }, error.message));
    return false;
  }
}

/** @param {Question} question */
function rank(question) {
  return question.id.startsWith("signes_vitaux.") ? 0 : 1;
}
