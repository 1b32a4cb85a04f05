// @ts-check
// A request of the board in hand: how its level came about, what a médecin régulateur must look at, and what may be done about
// it: ask what is due, confirm that nothing is new, note a second call, agree, decide, look at a level afterwards.
import { button, byId, el, page, say } from "./page.js";
import { showFaults, tell } from "./notices.js";
import { change, desk, once } from "./desk.js";
import { appointmentLines } from "./appointment.js";
import { get } from "./api.js";
import { asking, reasons } from "./question.js";
import { now, shortWhenOf, timeOf } from "./times.js";

const place = byId("triage");
const DECIDED = /** @type {Record<string, string>} */ ({ engine: "case.by_engine", regulation: "case.by_regulation", operator: "case.by_operator", regulator: "case.by_regulator" });
const LEVELS = ["immediate", "same_day", "h24", "h48", "programmed"];
const OVER = new Set(["fulfilled", "noshow", "cancelled", "handed_to_15", "redirected", "unmet"]);

/** Shows the request anew after something was done to it; set by the page. */
let again = () => {};

/** @param {() => void} show */
export function startCase(show) {
  again = show;
}

/** Shows the case of the request in hand, if it is one of the board; a call of one's own has its questions there. */
export function showCase() {
  if (!desk.resumed) return;
  const { request } = desk;
  const { triage } = request;
  const over = OVER.has(request.state);
  const level = triage.final ? say(`level.${triage.final}`) : say("level.none");
  const by = DECIDED[triage.decided_by];
  place.replaceChildren(el("div", { class: "case" },
    el("h3", { id: "triage-title", tabindex: "-1" }, say("case.title", { level })),
    by && el("p", { class: "quiet" }, say(by) + (request.regulation_reference ? ` · ${say("case.file", { file: request.regulation_reference })}` : "")),
    request.follows && el("p", { class: "note" }, say("case.follows")),
    lines("for-regulator", say("case.for_regulator"), (request.for_regulator ?? []).map((/** @type {any} */ one) => one.text)),
    request.appointment && appointment(request.appointment),
    reasons(triage), answered(triage), codes(triage),
    !over && dueQuestion(triage), !over && fresh(triage), !over && el("div", { class: "actions" }, button(say("case.called_again"), "", "plain", calledAgain)),
    page.regulator && !over && agreement(request), page.regulator && !over && decision(triage), page.regulator && review(request)));
  place.hidden = false;
  // Where it is for the 15, that comes first.
  if (triage.final === "immediate") byId("stage").after(place);
  else byId("stage").before(place);
}

/** The place that was taken, and another one where it is too late. @param {import("./appointment.js").Appointment} taken */
function appointment(taken) {
  const parts = [el("h4", {}, say("case.appointment")), appointmentLines(taken)];
  // Nothing is given back before somebody said why.
  const another = reasonForm("rebook", say("case.rebook_why"), say("case.rebook"), null, (reason) => once("triage", async () => {
    await change(`/appointments/${taken.id}/outcome`, { status: "cancelled", by: "practitioner", reason });
    const { id } = desk.request;
    const found = await change(`/requests/${id}/offers`, {});
    desk.request = { ...await get(`/requests/${id}`), ...found };
    again();
  }));
  return el("section", { class: "appointment" }, ...parts, another);
}

/** @param {string} kind @param {string} label @param {string[]} texts */
function lines(kind, label, texts) {
  return texts.length > 0 && el("ul", { class: kind, "aria-label": label }, ...texts.map((text) => el("li", {}, text)));
}

/** Every answer, to be opened: the régulateur sees what was said and what nobody knew. @param {any} triage */
function answered(triage) {
  const said = triage.answered ?? [];
  if (said.length === 0) return null;
  const rows = said.map((/** @type {any} */ one) => el("div", {}, el("dt", {}, one.question), el("dd", {}, one.answer)));
  return el("details", {}, el("summary", {}, say("case.answers")), el("dl", {}, ...rows));
}

/** What is proposed to the software of the 15; decided by nobody here. @param {any} triage */
function codes({ hub_proposal: proposed }) {
  return proposed && el("p", { class: "quiet" }, say("case.codes", { motif: proposed.motif, pathway: proposed.pathway, priority: proposed.priority, care: proposed.care_level }));
}

/** @param {any} triage */
function dueQuestion(triage) {
  const question = triage.must_ask?.[0];
  return question && asking(question, (asked, value) => send("answers", { answers: { [asked.id]: value } }), null);
}

/** What was said is some hours old: whoever books asks first. @param {any} triage */
function fresh(triage) {
  if (!triage.valid_until || Date.parse(triage.valid_until) > now()) return null;
  return el("div", { class: "actions" }, el("p", { class: "note" }, say("case.over", { time: timeOf(triage.valid_until) })),
    button(say("case.nothing_new"), "", "button", () => send("answers", { answers: {} })));
}

function calledAgain() {
  send("answers", { answers: {}, flags: { second_contact: "yes" } });
}

/** @param {any} request */
function agreement(request) {
  if (request.triage.final === "immediate" || !request.triage.final) return null;
  const isLate = (request.for_regulator ?? []).some((/** @type {any} */ one) => one.code === "booked_too_late");
  if (request.agreement && !isLate) return el("p", { class: "quiet" }, say("case.agreed", { when: shortWhenOf(request.agreement.at) }));
  // Of a place already taken: as late as it is.
  const latest = request.appointment?.slot.end;
  return reasonForm("agreement", say("case.agree_why"), say("case.agree"), null, (reason) => send("agreement", { reason, latest }));
}

/** Another level, with its reason; below a red flag only when said twice. @param {any} triage */
function decision(triage) {
  const choice = el("select", { id: "case-level", name: "level", "aria-label": say("case.level") },
    ...LEVELS.map((level) => el("option", { value: level, selected: level === triage.final }, say(`level.${level}`))));
  let warned = "";
  return reasonForm("decision", say("case.level_why"), say("case.decide"), choice, (reason) => {
    const level = /** @type {HTMLSelectElement} */ (choice).value;
    if (triage.recommended !== "immediate" || level === "immediate" || warned === level) return send("level", { level, reason });
    warned = level;
    showFaults(byId("case-decision-reason-errors"), [{ text: say("case.despite_red_flag") }]);
  });
}

/** @param {any} request */
function review(request) {
  if (request.review || !(request.for_regulator ?? []).some((/** @type {any} */ one) => one.code.startsWith("review_"))) return null;
  const one = (/** @type {string} */ text, /** @type {string} */ verdict) => button(text, "", "plain", () => send("review", { verdict }));
  return el("div", { class: "actions", role: "group", "aria-label": say("case.review") }, el("span", {}, say("case.review")),
    one(say("case.review_agrees"), "agrees"), one(say("case.review_too_low"), "too_low"), one(say("case.review_too_high"), "too_high"));
}

/**
 * @param {string} name
 * @param {string} label
 * @param {string} submit
 * @param {HTMLElement | null} before
 * @param {(reason: string) => void} act
 */
function reasonForm(name, label, submit, before, act) {
  const id = `case-${name}-reason`;
  const field = /** @type {HTMLInputElement} */ (el("input", { id, type: "text", maxlength: "500", autocomplete: "off" }));
  const form = el("form", { novalidate: true }, el("div", { class: before ? "pair" : "field" }, before,
    el("div", { class: "field" }, el("label", { for: id }, label), field)),
    el("div", { id: `${id}-errors` }), el("div", { class: "actions" }, el("button", { type: "submit", class: "button" }, submit)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim() === "") return showFaults(byId(`${id}-errors`), [{ field: id, text: say("errors.reason") }]);
    act(field.value.trim());
  });
  return form;
}

/** Does something to the request, and shows what became of it. @param {string} what @param {object} body */
function send(what, body) {
  return once("triage", async () => {
    const { id, appointment } = desk.request;
    desk.request = { ...await change(`/requests/${id}/${what}`, body), appointment };
    again();
    tell(say("case.done"));
    byId("triage-title").focus();
  });
}

/** The form on the left is in hand again. */
export function leaveCase() {
  if (!place.querySelector(".case")) return;
  place.replaceChildren();
  place.hidden = true;
  byId("stage").before(place);
}
