// @ts-check
// A triage question on the screen, the level as it stands, and why.
import { button, byId, el, say } from "./page.js";
import { tell } from "./notices.js";

/** @typedef {{ id: string, text: string, kind: string, unit?: string, choices?: string[], help?: string, heard?: string, denied?: boolean }} Question */

const KEYS = /** @type {Record<string, string>} */ ({ o: "yes", y: "yes", n: "no", "?": "unknown", i: "unknown" });

/** The level as it stands. @param {any} last what the service said */
export function standing(last) {
  if (isOff(last)) {
    tell(say("triage.off"));
    return el("p", { class: "triage-level", "data-level": "none" }, say("triage.off"));
  }
  const level = say(`level.${last.recommended}`);
  // Vital signs nobody asked about yet count as not known: that is no level to read out.
  const vital = last.status === "incomplete" && last.recommended === "immediate";
  const open = vital ? say("triage.vital") : say("triage.provisional", { level });
  const text = last.status === "incomplete" ? open : say("triage.level", { level });
  tell(text);
  return el("p", { class: "triage-level", "data-level": vital ? "none" : last.recommended }, text);
}

/**
 * A question with its answers.
 * @param {Question} question
 * @param {(question: Question, value: any) => void} give
 * @param {(() => void) | null} back takes the last answer back
 */
export function asking(question, give, back) {
  const title = el("h3", { id: "triage-title", tabindex: "-1" }, question.text);
  const heard = question.heard ? el("p", { class: "hint" }, say("triage.heard", { words: question.heard })) : null;
  const help = question.help ? el("p", { class: "hint" }, question.help) : null;
  const box = el("div", { class: "question", role: "group", "aria-labelledby": "triage-title" }, title, heard, help, choices(question, give, back));
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.target instanceof HTMLInputElement) return;
    const answer = KEYS[event.key.toLowerCase()];
    if (!answer || question.kind === "number" || question.kind === "choice") return;
    event.preventDefault();
    give(question, answer);
  });
  return box;
}

/** Whether a key answers questions: pressed once too often after the last one it does nothing else. @param {string} key */
export function isAnswer(key) {
  return key.toLowerCase() in KEYS;
}

/** @param {Question} question @param {(question: Question, value: any) => void} give @param {(() => void) | null} takeBack */
function choices(question, give, takeBack) {
  if (question.kind === "number") return measure(question, give);
  const one = (/** @type {string} */ text, /** @type {string} */ key, /** @type {any} */ value) => button(text, key, "button choice", () => give(question, value));
  const listed = question.kind === "choice"
    ? (question.choices ?? []).map((text, at) => one(text, "", at)).concat(one(say("triage.unknown"), "?", "unknown"))
    : [one(say("triage.yes"), "o", "yes"), one(say("triage.no"), "n", "no"), one(say("triage.unknown"), "?", "unknown")];
  const back = takeBack ? button(say("triage.back"), "⌫", "plain", takeBack) : null;
  return el("div", { class: "actions" }, ...listed, back);
}

/** @param {Question} question @param {(question: Question, value: any) => void} give */
function measure(question, give) {
  const field = /** @type {HTMLInputElement} */ (el("input", { id: "measure", type: "text", inputmode: "decimal", maxlength: "6", "aria-labelledby": "triage-title" }));
  const form = el("form", { class: "actions" }, field, el("span", {}, question.unit ?? ""),
    el("button", { type: "submit", class: "button" }, say("triage.next"), " ", el("kbd", {}, "↵")),
    button(say("triage.unknown"), "", "plain", () => give(question, "unknown")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = Number(field.value.trim().replace(",", "."));
    if (field.value.trim() === "" || Number.isNaN(value)) return field.focus();
    give(question, value);
  });
  return form;
}

/** Whether a complaint of the call is switched off, so that no level is proposed. @param {any} last */
export function isOff(last) {
  return last.status === "incomplete" && (last.switched_off ?? []).length > 0;
}

/** No question is left, and no level is proposed. @param {any} last */
export function off(last) {
  const title = el("h3", { id: "triage-title", tabindex: "-1" }, say("triage.off"));
  const why = last.explanation.filter((/** @type {any} */ one) => one.code.startsWith("switched_off."));
  return el("div", { class: "question" }, title, el("ul", { class: "told" }, ...why.map((/** @type {any} */ one) => el("li", {}, one.text))),
    el("p", { class: "note" }, say("triage.off_advice")));
}

/**
 * No question is due: what to tell, and what may still be asked.
 * @param {any} last
 * @param {HTMLElement} [also] a question that may still be asked
 */
export function decided(last, also) {
  const title = el(also ? "h4" : "h3", also ? {} : { id: "triage-title", tabindex: "-1" }, say("triage.decided"));
  const lines = [...last.advice, ...(last.safety_net ? [last.safety_net] : [])].map((text) => el("li", {}, text));
  const regulator = last.regulation_required ? el("p", { class: "note" }, say("triage.regulator")) : null;
  const done = el("div", { class: "question" }, title, regulator, el("ul", { class: "told" }, ...lines),
    el("div", { class: "actions" }, button(say("triage.search"), "↵", "button", () => byId("search").click())));
  return also ? [done, el("div", { class: "also" }, el("h4", {}, say("triage.also")), also)] : [done];
}

/** Why the level is what it is. @param {any} last */
export function reasons(last) {
  const telling = last.explanation.filter((/** @type {any} */ one) => one.decides);
  const lines = telling.map((/** @type {any} */ one) => el("li", {}, one.text, " ", el("span", { class: "quiet" }, one.source)));
  return el("ul", { class: "reasons", "aria-label": say("triage.why") }, ...lines);
}
