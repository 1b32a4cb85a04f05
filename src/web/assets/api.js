// @ts-check
// Calls of the JSON interface. A change is sent under a key made before the first try, and sent again under the same key
// until its outcome is known: the page never says "booked" or "failed" of what it does not know.
import { page } from "./page.js";

/** @typedef {{ pointer: string, detail: string }} FieldFault */

/** An answer that says no, as the service explains it. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {any} document
   */
  constructor(status, document) {
    super(document?.detail ?? document?.title ?? "");
    this.status = status;
    /** The stable end of the problem's type. */
    this.slug = String(document?.type ?? "").split("/").pop() ?? "";
    /** @type {FieldFault[]} */
    this.errors = document?.errors ?? [];
    /** Fresh offers, when a place was lost. */
    this.offers = document?.offers;
  }
}

/** Raised when the service could not be asked at all. */
export class Unreachable extends Error {}

const UNKNOWN = new Set([429, 502, 503, 504]);

/**
 * @param {string} path below the territory
 * @returns {Promise<any>}
 */
export async function get(path) {
  return read(await send(path, { signal: AbortSignal.timeout(10_000) }));
}

/**
 * Sends a change until its outcome is known.
 * @param {string} path
 * @param {object} body
 * @param {{ key?: string, onUnknown?: () => void }} [options]
 * @returns {Promise<any>}
 */
export async function post(path, body, { key = crypto.randomUUID(), onUnknown } = {}) {
  const text = JSON.stringify(body);
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  for (let attempt = 0; ; attempt += 1) {
    let pause = Math.min(8000, 500 * 2 ** attempt);
    try {
      const response = await send(path, { method: "POST", headers, body: text, signal: AbortSignal.timeout(15_000) });
      if (!UNKNOWN.has(response.status)) return await read(response);
      pause = Math.max(pause, 1000 * Number(response.headers.get("Retry-After") ?? 0));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
    onUnknown?.();
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function send(path, options) {
  try {
    return await fetch(page.api + path, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    throw new Unreachable(String(error));
  }
}

/** @param {Response} response */
async function read(response) {
  let document = null;
  try {
    document = await response.json();
  } catch (error) {
    // A body cut short is an outcome unknown; one that is no JSON is only without details.
    if (!(error instanceof SyntaxError)) throw new Unreachable(String(error));
  }
  if (response.ok) return document;
  if (response.status === 401) globalThis.dispatchEvent(new Event("session-over"));
  throw new Problem(response.status, document);
}
