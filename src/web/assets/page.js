// @ts-check
// What the server handed the page: lists, clock, texts. Nothing here is about a patient, and nothing typed on this page is
// ever put in the browser's storage: names and complaints live in memory and end with the tab.

/** @typedef {{ id: string, label: string, words: string[] }} Choice */
/**
 * @typedef {object} PageData
 * @property {string} api
 * @property {string} zone
 * @property {string} now
 * @property {number} hold_seconds
 * @property {Choice[]} communes
 * @property {Choice[]} complaints
 * @property {boolean} triage
 * @property {boolean} regulator
 * @property {Record<string, string>} professions
 * @property {Record<string, string>} texts
 */

/** @type {PageData} */
export const page = JSON.parse(byId("page-data").textContent ?? "{}");

/**
 * The element with this id; the page is wrong without it.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element ${id}`);
  return found;
}

/**
 * The input with this id.
 * @param {string} id
 * @returns {HTMLInputElement}
 */
export function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/**
 * A text of the catalogue with its values.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function say(key, values = {}) {
  const text = page.texts[key];
  if (text === undefined) throw new Error(`no text ${key}`);
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * A text in the number of `n`; in French none and one are singular.
 * @param {string} key
 * @param {number} n
 */
export function sayCount(key, n) {
  const number = n < 2 ? "one" : "many";
  return say(`${key}_${number}`, { n });
}

/**
 * An element with attributes and children; texts become text, never markup.
 * @param {string} name
 * @param {Record<string, string | boolean | null | undefined>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value);
  }
  for (const child of children) if (child) element.append(child);
  return element;
}

/**
 * A button.
 * @param {string} text
 * @param {string} key the key that does the same, shown on it; empty for none
 * @param {string} kind
 * @param {() => void} act
 * @returns {HTMLButtonElement}
 */
export function button(text, key, kind, act) {
  const made = el("button", { type: "button", class: kind }, text, key && " ", key && el("kbd", {}, key));
  made.addEventListener("click", act);
  return /** @type {HTMLButtonElement} */ (made);
}
