/**
 * Answers that are the same until the next version.
 *
 * @module
 */

import type { ApiHandler } from "./api/answer.ts";

/** Not longer, for a new version should be seen soon. */
const CACHE_CONTROL = "public, max-age=300";

/**
 * Answers with a text that never changes.
 *
 * @param text The text.
 * @param contentType Its media type.
 * @returns The handler.
 */
export function showStatic(text: string, contentType: string): ApiHandler {
  const body = new TextEncoder().encode(text);
  return (c) =>
    c.body(body, 200, {
      "Content-Type": contentType,
      "Content-Length": String(body.byteLength),
      "Cache-Control": CACHE_CONTROL,
    });
}
