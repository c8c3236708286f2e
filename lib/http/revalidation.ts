/**
 * Answers that a client may keep and ask about again: where nothing has changed, it is told so
 * without a body (RFC 9110 §13.1.2).
 *
 * @module
 */

import { createHash } from "node:crypto";

/** 128 bits: no two answers that differ have the same by chance. */
const TAG_LENGTH = 22;

/**
 * Makes the entity tag of a body.
 *
 * @param body What is answered, before it is compressed.
 * @returns The tag in its quotes. It is a strong one only where the body is sent as it is; for one
 *   that may be compressed, `W/` goes before it.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { entityTagOf } from "./revalidation.ts";
 *
 * assert.equal(entityTagOf(new Uint8Array()), '"47DEQpj8HBSa-_TImW-5JC"');
 * ```
 */
export function entityTagOf(body: Uint8Array): string {
  return `"${createHash("sha256").update(body).digest("base64url").slice(0, TAG_LENGTH)}"`;
}

/**
 * Says whether a client has the answer already.
 *
 * @param sent Its `If-None-Match`, if there is one.
 * @param entityTag Of the answer that it would get, weak or strong: as far as reading goes they are
 *   the same.
 * @returns True if the answer is 304.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isCurrent } from "./revalidation.ts";
 *
 * assert.ok(isCurrent('W/"a", "b"', '"a"'));
 * assert.ok(isCurrent("*", '"a"'));
 * assert.ok(!isCurrent('"*"', '"a"'));
 * ```
 */
export function isCurrent(sent: string | undefined, entityTag: string): boolean {
  if (sent === undefined) return false;
  if (sent.trim() === "*") return true;
  // A tag may have a comma in it.
  const tags: readonly string[] = sent.match(/"[^"]*"/g) ?? [];
  return tags.includes(entityTag.replace(/^W\//, ""));
}
