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
 * @param make Makes the text, when it is first asked for: the start waits for nothing.
 * @param contentType Its media type.
 * @returns The handler.
 */
export function showStatic(make: () => string, contentType: string): ApiHandler {
  let body: Uint8Array<ArrayBuffer> | undefined;
  return (c) => {
    body ??= new TextEncoder().encode(make());
    return c.body(body, 200, {
      "Content-Type": contentType,
      "Content-Length": String(body.byteLength),
      "Cache-Control": CACHE_CONTROL,
    });
  };
}
