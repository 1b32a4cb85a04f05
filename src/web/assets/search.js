// @ts-check
// What a search says of itself: how it was made, and where it found nothing, why and what would change that.
import { el, say } from "./page.js";

/** @param {any} search */
export function searchNote(search) {
  const dropped = Object.values(search.set_aside ?? {}).reduce((sum, n) => sum + Number(n), 0);
  return [say("offers.search", { considered: search.considered, elapsed: Math.round(search.elapsed_ms) }),
    dropped > 0 && say("offers.set_aside", { n: dropped }), search.optimal && say("offers.proved"),
    search.solver_busy && !search.optimal && say("offers.solver_busy")].filter(Boolean).join(" · ");
}

/**
 * The empty list.
 * @param {{ text: string } | null | undefined} unserved @param {{ text: string }[]} concessions
 */
export function nothingFound(unserved, concessions) {
  return el("div", { class: "empty" }, el("p", { class: "empty-title" }, say("offers.none")), unserved && el("p", {}, unserved.text),
    concessions.length > 0 && el("p", { id: "concessions" }, say("offers.concessions")),
    concessions.length > 0 && el("ul", { class: "concessions", "aria-labelledby": "concessions" }, ...concessions.map(({ text }) => el("li", {}, text))),
    el("p", {}, say("offers.none_advice")));
}
