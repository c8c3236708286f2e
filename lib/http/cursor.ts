/**
 * Where the next page of a list begins, as text that a client hands back untouched.
 *
 * It carries a checksum over itself and over what list it belongs to, so that a cursor of another
 * list, sort or filter is noticed, and so is one that was cut or edited.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

import type { Cursor } from "../store/store.ts";

/** What tells a list from all others: its kind, what it is of, its order and filters. */
export type ListName = readonly (string | undefined)[];

/**
 * Writes a cursor for a client.
 *
 * @param list The list that was asked for.
 * @param cursor Where its next page begins, or `null` after the last.
 * @returns Base64url, or `null`.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseCursor, renderCursor } from "./cursor.ts";
 *
 * const text = renderCursor(["tags", "default", "team/app"], ["latest"]) ?? "";
 * assert.deepEqual(parseCursor(["tags", "default", "team/app"], text), ["latest"]);
 * assert.equal(parseCursor(["tags", "default", "team/other"], text), undefined);
 * ```
 */
export function renderCursor(list: ListName, cursor: Cursor | null): string | null {
  if (cursor === null) return null;
  return Buffer.from(JSON.stringify([checksumOf(list, cursor), ...cursor])).toString("base64url");
}

/**
 * Reads what a client hands back.
 *
 * @param list The list that is asked for.
 * @param text The cursor.
 * @returns Where the page begins, or `undefined` if the cursor is none of this list.
 */
export function parseCursor(list: ListName, text: string): Cursor | undefined {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (!Array.isArray(parsed)) return undefined;
    const [checksum, ...cursor] = parsed;
    return checksum === checksumOf(list, cursor) ? cursor : undefined;
  } catch {
    return undefined;
  }
}

function checksumOf(list: ListName, cursor: Cursor): string {
  return createHash("sha256").update(JSON.stringify([list, cursor])).digest("base64url").slice(
    0,
    8,
  );
}
