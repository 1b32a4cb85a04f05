// @ts-check
// What happens elsewhere, as it happens: one EventSource. When it is lost the page says since when its data is old, and
// booking waits; it comes back by itself.
import { get } from "./api.js";
import { byId, page, say } from "./page.js";
import { now, preciseTimeOf } from "./times.js";
import { tell, warn } from "./notices.js";

/** @typedef {{ seq: number, at: string, kind: string, slot?: string, request?: string, appointment?: string }} Event */

const CHECK_EVERY = 10_000;
const RETRY_AFTER = 2000;

let lost = true;
let over = false;
let lastSeen = now();
/** @type {EventSource | undefined} */
let source;
/** @type {number | undefined} */
let retry;

/** Whether what the page shows may be old. */
export function isLost() {
  return lost;
}

/**
 * @param {{ changed: (event: Event) => void, reload: () => void }} does
 */
export function startLive({ changed, reload }) {
  const open = () => {
    clearTimeout(retry);
    source?.close();
    source = new EventSource(`${page.api}/events`);
    source.onopen = () => back(reload);
    source.onerror = () => {
      goLost();
      // A refusal ends an EventSource for good: it is made again.
      if (source?.readyState === EventSource.CLOSED) {
        // Why it was refused only another call can tell: one of a session that is over says so.
        get("/requests?limit=1").catch(() => {});
        retryOpening();
      }
    };
    for (const name of ["slot", "request", "appointment"]) {
      source.addEventListener(name, (message) => {
        lastSeen = now();
        changed(JSON.parse(message.data));
      });
    }
    source.addEventListener("reset", () => reload());
  };
  const retryOpening = () => {
    clearTimeout(retry);
    if (!over) retry = setTimeout(open, RETRY_AFTER);
  };
  // A line cut without a word looks like silence: the page asks.
  const check = async () => {
    try {
      const answer = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (!answer.ok) throw new Error(String(answer.status));
      if (!lost) lastSeen = now();
      else if (source?.readyState !== EventSource.OPEN) retryOpening();
    } catch {
      goLost();
      source?.close();
      retryOpening();
    }
  };
  setInterval(check, CHECK_EVERY);
  globalThis.addEventListener("offline", check);
  globalThis.addEventListener("online", check);
  globalThis.addEventListener("session-over", () => {
    over = true;
    source?.close();
    goLost();
    const banner = byId("stale");
    banner.textContent = say("session.over");
    warn(say("session.over"));
  });
  open();
}

function goLost() {
  if (lost && !byId("stale").hidden) return;
  lost = true;
  const text = say("live.stale", { time: preciseTimeOf(lastSeen) });
  const banner = byId("stale");
  banner.textContent = text;
  banner.hidden = false;
  paint("lost", say("live.lost"));
  warn(text);
}

/** @param {() => void} reload */
function back(reload) {
  const banner = byId("stale");
  const wasShown = !banner.hidden;
  lost = false;
  lastSeen = now();
  banner.hidden = true;
  paint("on", say("live.on"));
  reload();
  if (wasShown) tell(say("live.back"));
}

/** @param {string} state @param {string} text */
function paint(state, text) {
  const mark = byId("live");
  mark.dataset.state = state;
  mark.textContent = text;
  byId("main").dataset.live = state;
  for (const button of document.querySelectorAll("#search, #confirm")) {
    button.setAttribute("aria-disabled", String(state === "lost"));
  }
}
