// @ts-check
// The call form: what the operator writes down, read into the order of a request, with every fault at once.
import { byId, input, page, say } from "./page.js";
import { combobox } from "./combobox.js";
import { radioKeys } from "./keys.js";
import { clearTriage, triaged } from "./triage.js";

/** @typedef {import("./notices.js").Fault} Fault */

/** Fields of the form by the pointers the service answers with. */
const FIELDS = /** @type {Record<string, string>} */ ({
  "/patient/age_years": "age", "/patient/age_months": "age", "/patient/birth_date": "age", "/patient/sex": "sex",
  "/patient": "age", "/place": "commune", "/place/commune": "commune", "/complaint": "complaint", "/level": "level",
  "/regulation_reference": "reference",
  "/constraints/max_travel_minutes": "max-travel", "/constraints/modality": "modality",
  "/constraints/profession": "profession", "/constraints/languages": "languages",
});

const INSEE = /^(\d{5}|2[AB]\d{3})$/i;

const commune = combobox("commune", page.communes, (typed) => (INSEE.test(typed) ? typed.toUpperCase() : null));
const complaint = combobox("complaint", page.complaints);
const form = /** @type {HTMLFormElement} */ (byId("call-form"));

/**
 * @param {{ search: () => void, levelChosen: (level: string, deliberate: boolean) => void }} does
 */
export function startCall({ search, levelChosen }) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  radioKeys(byId("sex"), { f: "F", m: "M", h: "M", i: "U", u: "U" });
  const levels = { 1: "immediate", 2: "same_day", 3: "h24", 4: "h48", 5: "programmed" };
  // Arrow keys pass over levels on their way: they choose, but never carry the focus away.
  radioKeys(byId("level"), levels, () => levelChosen(level() ?? "", true));
  byId("level").addEventListener("click", (event) => {
    const pointed = event instanceof PointerEvent && event.pointerType !== "";
    levelChosen(level() ?? "", pointed);
  });
}

/** The level chosen, or null. */
export function level() {
  return checked("level");
}

/** @param {string} name */
function checked(name) {
  const radio = /** @type {HTMLInputElement | null} */ (form.querySelector(`input[name="${name}"]:checked`));
  return radio?.value ?? null;
}

/** @param {string} typed an age or a date of birth, as an operator writes it; null when it is neither */
function age(typed) {
  const text = typed.trim().toLowerCase();
  const born = /^(\d{1,2})[/.](\d{1,2})[/.](\d{4})$/.exec(text);
  if (born) return { birth_date: `${born[3]}-${born[2].padStart(2, "0")}-${born[1].padStart(2, "0")}` };
  const months = /^(\d{1,2}) ?m(ois)?$/.exec(text);
  if (months) return { age_months: Number(months[1]) };
  const years = /^(\d{1,3})( ?ans?)?$/.exec(text);
  return years ? { age_years: Number(years[1]) } : null;
}

/**
 * The order of a request, or what keeps it from being one.
 * @returns {{ order: any, faults: Fault[] }}
 */
export function readCall() {
  /** @type {Fault[]} */
  const faults = [];
  /** @param {any} value @param {string} field @param {string} text */
  const needed = (value, field, text) => {
    if (value === null) faults.push({ field, text });
    return value;
  };
  const patient = { ...needed(age(input("age").value), "age", say("errors.age")),
    sex: needed(checked("sex"), "sex", say("errors.sex")) };
  const triage = triaged();
  const order = {
    patient,
    place: { commune: needed(commune.value(), "commune", say("errors.commune")) },
    complaint: needed(complaint.value(), "complaint", say("errors.complaint")),
    other_complaints: triage.others,
    answers: triage.answers,
    flags: triage.flags,
    regulation_reference: input("reference").value.trim() || undefined,
    // Decided by the questions, or by the regulation of the call.
    level: triage.decided ? level() ?? undefined : needed(level(), "level", say("errors.level")),
    channel: "operator",
    constraints: constraints(faults),
  };
  return { order, faults };
}

/** @param {Fault[]} faults */
function constraints(faults) {
  /** @type {Record<string, any>} */
  const wanted = {};
  const travel = input("max-travel").value.trim();
  if (travel !== "") {
    const minutes = /^\d+$/.test(travel) ? Number(travel) : 0;
    if (minutes < 1 || minutes > 240) faults.push({ field: "max-travel", text: say("errors.travel") });
    wanted.max_travel_minutes = minutes;
  }
  for (const name of ["modality", "profession"]) {
    const { value } = input(name);
    if (value) wanted[name] = value;
  }
  const languages = input("languages").value.toLowerCase().split(/[\s,;]+/).filter(Boolean);
  if (languages.length > 0) wanted.languages = languages;
  if (input("accessible").checked) wanted.accessible = true;
  return wanted;
}

/** Age and sex as far as they are known: what triage needs. */
export function patientOfCall() {
  return { age: age(input("age").value), sex: checked("sex") ?? "U" };
}

/** The complaint chosen, or null. */
export function complaintOfCall() {
  return complaint.value();
}

/** @param {string} id */
export function chooseComplaint(id) {
  complaint.set(id);
}

/** @param {import("./api.js").Problem} problem @returns {Fault[]} */
export function callFaults(problem) {
  if (problem.errors.length === 0) return [{ text: problem.message || say("errors.unexpected", { status: problem.status }) }];
  return problem.errors.map(({ pointer, detail }) => ({ field: FIELDS[pointer], text: detail }));
}

/** An empty form, the focus on its first field. */
export function clearCall() {
  form.reset();
  commune.clear();
  complaint.clear();
  clearTriage();
  /** @type {HTMLDetailsElement} */ (byId("constraints")).open = false;
  input("age").focus();
}
