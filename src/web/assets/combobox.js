// @ts-check
// A text field with a filtered list: the ARIA pattern "combobox with list autocompletion". Tab or Enter takes the marked line.
import { byId, el, input, say, sayCount } from "./page.js";
import { tell } from "./notices.js";

/** @typedef {import("./page.js").Choice} Choice */

const SHOWN = 8;

/** @param {string} text without case, accents and marks */
function fold(text) {
  return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[-'’,]/g, " ").replace(/\s+/g, " ").trim();
}

/**
 * Lines that suit, best first: the name begins so, a word of it does, a synonym does, the name contains it.
 * @param {Choice[]} choices
 * @param {string} typed
 */
function matches(choices, typed) {
  const wanted = fold(typed);
  if (!wanted) return [];
  /** @param {Choice} choice */
  const rank = (choice) => {
    const label = fold(choice.label);
    if (label.startsWith(wanted) || choice.id.toLowerCase() === wanted) return 0;
    if (` ${label}`.includes(` ${wanted}`)) return 1;
    if (choice.words.some((word) => fold(word).startsWith(wanted))) return 2;
    if (label.includes(wanted) || choice.words.some((word) => fold(word).includes(wanted))) return 3;
    return 4;
  };
  const ranked = choices.map((choice, order) => ({ choice, order, rank: rank(choice) })).filter((it) => it.rank < 4);
  ranked.sort((a, b) => a.rank - b.rank || a.order - b.order);
  return ranked.slice(0, SHOWN).map((it) => it.choice);
}

/**
 * @param {string} id
 * @param {Choice[]} choices
 * @param {(typed: string) => string | null} [free] a code typed freely that is no line of the list
 */
export function combobox(id, choices, free = () => null) {
  const field = input(id);
  const list = byId(`${id}-list`);
  /** @type {Choice[]} */
  let shown = [];
  let active = -1;
  /** @type {Choice | null} */
  let chosen = null;

  function close() {
    list.hidden = true;
    active = -1;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  function activate(index) {
    active = index;
    for (const [order, line] of [...list.children].entries()) line.setAttribute("aria-selected", String(order === index));
    field.setAttribute("aria-activedescendant", `${id}-line-${index}`);
    list.children[index]?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Choice} choice */
  function take(choice) {
    chosen = choice;
    field.value = choice.label;
    close();
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function open() {
    shown = matches(choices, field.value);
    list.replaceChildren(...shown.map((choice, order) => {
      const words = choice.words.slice(0, 3).join(", ");
      const line = el("li", { id: `${id}-line-${order}`, role: "option", "aria-selected": "false" }, choice.label, " ",
        el("span", { class: "quiet" }, words));
      line.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        take(choice);
      });
      return line;
    }));
    if (shown.length === 0) {
      close();
      if (field.value.trim().length > 2 && !free(field.value.trim())) tell(say("combobox.none"));
      return;
    }
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    activate(0);
    tell(sayCount("combobox.count", shown.length));
  }

  field.addEventListener("input", () => {
    chosen = null;
    open();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return open();
      const step = event.key === "ArrowDown" ? 1 : -1;
      activate((active + step + shown.length) % shown.length);
    } else if (!list.hidden && event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (!list.hidden && (event.key === "Enter" || event.key === "Tab")) {
      if (event.key === "Enter") event.preventDefault();
      take(shown[active]);
    }
  });
  field.addEventListener("blur", close);

  return {
    /** The code of what the field says, or null. */
    value() {
      const typed = field.value.trim();
      const exact = choices.find((choice) => fold(choice.label) === fold(typed) && typed !== "");
      return chosen?.id ?? exact?.id ?? free(typed);
    },
    /** Takes the line of a code. @param {string} code */
    set(code) {
      const choice = choices.find((one) => one.id === code);
      if (choice) take(choice);
    },
    clear() {
      chosen = null;
      field.value = "";
      close();
    },
  };
}
