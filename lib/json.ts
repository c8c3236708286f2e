/**
 * Parsing JSON that strangers send.
 *
 * @module
 */

/** Making one takes as long as to decode an event. */
const UTF8 = new TextDecoder();
/** No event has more than ten levels; a million is what takes no longer than a second. */
const MAX_LEVELS = 1_000_000;
/** What is smaller cannot hurt, and is not looked through. */
const SMALL_BYTES = 1024 ** 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Parses JSON, unless it is both large and absurdly deep: millions of levels would keep the parser
 * and the memory's housekeeping busy for minutes.
 *
 * @param body UTF-8; what is not is replaced.
 * @returns The value.
 * @throws {SyntaxError} If it is not JSON, or too deep.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseJson } from "./json.ts";
 *
 * assert.deepEqual(parseJson(new TextEncoder().encode('{"events":[]}')), { events: [] });
 * ```
 */
export function parseJson(body: Uint8Array): unknown {
  if (body.length > SMALL_BYTES && isTooDeep(body)) {
    throw new SyntaxError(`more than ${MAX_LEVELS} levels`);
  }
  return JSON.parse(UTF8.decode(body));
}

/** Whether brackets outside of strings are too deep. In UTF-8 no other character has their bytes. */
function isTooDeep(body: Uint8Array): boolean {
  let level = 0;
  let isInString = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (isInString) {
      if (byte === BACKSLASH) index++;
      else if (byte === QUOTE) isInString = false;
    } else if (byte === QUOTE) {
      isInString = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++level > MAX_LEVELS) return true;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      level--;
    }
  }
  return false;
}
