// @ts-check
// Instants as people in the territory read them, counted on the service's clock rather than the desk's.
import { page, say } from "./page.js";

const ahead = Date.parse(page.now) - Date.now();
const timeZone = page.zone;
const clock = new Intl.DateTimeFormat("fr-FR", { timeZone, hour: "2-digit", minute: "2-digit" });
const clockWithSeconds = new Intl.DateTimeFormat("fr-FR", { timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const weekday = new Intl.DateTimeFormat("fr-FR", { timeZone, weekday: "long", day: "numeric", month: "short" });
const longDay = new Intl.DateTimeFormat("fr-FR", { timeZone, weekday: "long", day: "numeric", month: "long", year: "numeric" });
const calendar = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });

/** The service's clock, milliseconds. */
export function now() {
  return Date.now() + ahead;
}

/** @param {number | string} instant */
export function timeOf(instant) {
  return clock.format(new Date(instant));
}

/** @param {number} instant */
export function preciseTimeOf(instant) {
  return clockWithSeconds.format(instant);
}

/** @param {string} instant the day as one says it */
export function dayOf(instant) {
  const day = calendar.format(new Date(instant));
  if (day === calendar.format(now())) return say("time.today");
  // Midday of today plus 24 hours is tomorrow on every calendar, also when the clocks change.
  const midday = Date.parse(`${calendar.format(now())}T12:00:00Z`);
  if (day === new Date(midday + 86_400_000).toISOString().slice(0, 10)) return say("time.tomorrow");
  return weekday.format(new Date(instant));
}

/** @param {string} instant */
export function whenOf(instant) {
  return say("time.day_at", { day: dayOf(instant), time: timeOf(instant) });
}

/** @param {string} instant the hour alone when it is today */
export function shortWhenOf(instant) {
  return dayOf(instant) === say("time.today") ? timeOf(instant) : whenOf(instant);
}

/** @param {string} instant the day with its year, for what is kept */
export function fullWhenOf(instant) {
  return say("time.day_at", { day: longDay.format(new Date(instant)), time: timeOf(instant) });
}

/** @param {number} minutes */
export function spoken(minutes) {
  const whole = Math.max(0, Math.floor(minutes));
  const [d, h, m] = [Math.floor(whole / 1440), Math.floor((whole % 1440) / 60), whole % 60];
  if (d > 0) return h === 0 ? say("time.days", { d }) : say("time.days_hours", { d, h });
  if (h === 0) return say("time.minutes", { n: m });
  return m === 0 ? say("time.hours", { h }) : say("time.hours_minutes", { h, m: String(m).padStart(2, "0") });
}

/** @param {number} milliseconds a countdown, minutes and seconds */
export function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
