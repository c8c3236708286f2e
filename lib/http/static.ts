/**
 * Answers that are the same until the next version.
 *
 * @module
 */

import type { ApiHandler } from "./api/answer.ts";
import { entityTagOf, isCurrent } from "./revalidation.ts";

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
    // Weak, for the same is sent compressed and not.
    const entityTag = `W/${entityTagOf(body)}`;
    const kept = { "Cache-Control": CACHE_CONTROL, ETag: entityTag, Vary: "Accept-Encoding" };
    if (isCurrent(c.req.header("if-none-match"), entityTag)) return c.body(null, 304, kept);
    const length = String(body.byteLength);
    return c.body(body, 200, { ...kept, "Content-Type": contentType, "Content-Length": length });
  };
}
