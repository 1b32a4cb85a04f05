// @ts-check
// A slot in words: where, and with which profession.
import { page, say } from "./page.js";

/** @typedef {{ id: string, start: string, end: string, state: string, version: number, modality: string,
 *   practitioner: { rpps: string, name: string, profession: string }, location: { name: string, commune: string } }} Slot */

const COMMUNES = new Map(page.communes.map(({ id, label }) => [id, label]));

/** @param {string} code @returns {string} a commune's name, or its code where it is not ours */
export function communeName(code) {
  return COMMUNES.get(code) ?? say("board.elsewhere", { code });
}

/** @param {Slot} slot */
export function placeOf(slot) {
  if (slot.modality === "VR") return say("offers.remote");
  if (slot.modality === "HH") return say("offers.home");
  const commune = communeName(slot.location.commune);
  return slot.location.name.includes(commune) ? slot.location.name : `${slot.location.name}, ${commune}`;
}

/** @param {Slot} slot */
export function professionOf(slot) {
  return page.professions[slot.practitioner.profession] ?? slot.practitioner.profession;
}
