/**
 * The order of names, which is the same in every store: by code point. That of JavaScript's strings
 * differs from it at surrogates.
 *
 * @module
 */

/** No character is greater. */
const LAST_CHARACTER = 0x10ffff;

/**
 * Compares names.
 *
 * @param one A name.
 * @param other Another.
 * @returns Below 0 if the first comes first, 0 if they are the same.
 */
export function compareCodePoints(one: string, other: string): number {
  if (one === other) return 0;
  const length = Math.min(one.length, other.length);
  for (let at = 0; at < length; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)];
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1;
  }
  return one.length - other.length;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/**
 * Finds the end of the names that begin with a prefix.
 *
 * @param prefix The prefix.
 * @returns The first text behind all of them; `undefined` where there is none.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { endOfPrefix } from "./code_points.ts";
 *
 * assert.equal(endOfPrefix("team/"), "team0");
 * ```
 */
export function endOfPrefix(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  const last = characters.pop()?.codePointAt(0);
  if (last === undefined) return undefined;
  if (last === LAST_CHARACTER) return endOfPrefix(characters.join(""));
  // Surrogates are no characters.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return characters.join("") + String.fromCodePoint(next);
}
