// @ts-check
// Keys that act alone: only outside fields, and only while switched on (WCAG 2.1.4). F2, Escape and Enter always act.
import { byId, input } from "./page.js";

const PREFERENCE = "aiguilleur.single-keys";

/** @type {Map<string, () => void>} */
const actions = new Map();
/** @type {() => boolean} */
let escape = () => false;

/**
 * @param {string} key
 * @param {() => void} act
 */
export function on(key, act) {
  actions.set(key, act);
}

/** @param {() => boolean} act what Escape does when nothing is open; says whether it did anything */
export function onEscape(act) {
  escape = act;
}

export function startKeys() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("keys"));
  const choice = input("keys-on");
  // A preference of the desk, not data of anybody; a browser may refuse to keep it.
  try {
    choice.checked = localStorage.getItem(PREFERENCE) !== "off";
  } catch { /* kept for this page only */ }
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(PREFERENCE, choice.checked ? "on" : "off");
    } catch { /* kept for this page only */ }
  });
  // A modal dialog gives the focus back to what opened it, and closes on Escape by itself.
  byId("open-keys").addEventListener("click", () => dialog.showModal());
  byId("keys-close").addEventListener("click", () => dialog.close());
  on("?", () => dialog.showModal());

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (dialog.open) return;
    if (event.key === "Escape") {
      if (escape()) event.preventDefault();
      return;
    }
    const always = event.key.length > 1;
    if (!always && (!choice.checked || isField(event.target) || event.repeat)) return;
    const act = actions.get(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** @param {EventTarget | null} target */
function isField(target) {
  if (!(target instanceof Element)) return false;
  if (target.matches("input[type=checkbox]")) return false;
  return target.matches("input, textarea, select, [contenteditable]");
}

/**
 * One key per radio of a group, while the group has the focus.
 * @param {HTMLElement} group
 * @param {Record<string, string>} values by key
 * @param {() => void} [chosen] after a choice by one of these keys
 */
export function radioKeys(group, values, chosen) {
  group.addEventListener("keydown", (event) => {
    const value = values[event.key.toLowerCase()];
    if (!value || event.ctrlKey || event.altKey || event.metaKey) return;
    const radio = /** @type {HTMLInputElement | null} */ (group.querySelector(`input[value="${value}"]`));
    if (!radio) return;
    event.preventDefault();
    radio.checked = true;
    radio.focus();
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    chosen?.();
  });
}
