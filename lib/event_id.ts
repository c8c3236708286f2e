/**
 * What entries of a body are known by, so that a second sending is recognised.
 *
 * @module
 */

import { createHash } from "node:crypto";

import type { EnvelopeEntry } from "./event_types.ts";
import { isObject } from "./event_values.ts";

const MAX_ID = 128;

/**
 * Gives an entry its id, good or bad: always the same for the same bytes.
 *
 * @param entry The entry.
 * @returns Its own, or a SHA-256 where that is missing, above 128 characters, or not printable.
 */
export function idOf(entry: unknown): string {
  const id = isObject(entry) ? entry.id : undefined;
  if (typeof id !== "string" || id === "") return sha256(jsonOf(entry));
  const isPlain = id.length <= MAX_ID && !/\p{Cc}/u.test(id) && id.isWellFormed();
  return isPlain ? id : sha256(id);
}

/** Parsing has no limit of depth, writing has: beyond it, the upper levels must do. */
function jsonOf(entry: unknown): string {
  try {
    return JSON.stringify(entry);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.stringify(upperLevelsOf(entry, 32));
  }
}

function upperLevelsOf(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return null;
  if (Array.isArray(value)) return value.map((member) => upperLevelsOf(member, levels - 1));
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, part]) => [key, upperLevelsOf(part, levels - 1)]));
}

/**
 * Rejects a whole body.
 *
 * @param body Its bytes.
 * @param reason What is wrong with it.
 * @returns One entry, which is known by what the body is.
 */
export function rejectedBody(body: Uint8Array, reason: string): EnvelopeEntry {
  return { rejected: { id: sha256(body), reason } };
}

function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}
