/**
 * When something that was computed is computed again: what takes little is always new, what takes
 * long is made seldom.
 *
 * @module
 */

/** Of one processor, one in so many is for computing again what somebody asks for. */
const SHARE = 20;
/** Younger than this, nothing is computed again. */
const FRESH_MS = 2000;

/**
 * Says how long what was computed is new enough.
 *
 * @param tookMs How long it took to compute, in milliseconds.
 * @returns Milliseconds.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { freshMs } from "./freshness.ts";
 *
 * assert.equal(freshMs(3), 2000);
 * assert.equal(freshMs(1500), 30_000);
 * ```
 */
export function freshMs(tookMs: number): number {
  return Math.max(FRESH_MS, SHARE * tookMs);
}
