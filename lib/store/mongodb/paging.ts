/**
 * Lists in parts, by the sort values of the last item: what does not change appears exactly once.
 *
 * @module
 */

import { type Document, ObjectId } from "mongodb";

import type { Cursor, Page } from "../store.ts";

/** A field that a list is sorted by; together they are different for each item. */
export interface SortKey {
  readonly field: string;
  readonly direction: 1 | -1;
  /**
   * How a value is written in a cursor: a time in milliseconds since 1970, an id as digits, a number
   * that others write as text where JSON has none for it.
   */
  readonly type?: "time" | "id" | "foreign";
}

/**
 * Renders sort keys for the server.
 *
 * @param keys The keys.
 * @returns What `sort` takes.
 */
export function sortOf(keys: readonly SortKey[]): Record<string, 1 | -1> {
  return Object.fromEntries(keys.map(({ field, direction }) => [field, direction]));
}

/**
 * Restricts a filter to what comes after a position.
 *
 * Each branch holds the whole filter, so that the server can read each from an index in sort order
 * and merge them.
 *
 * @param filter Of the whole list.
 * @param keys What it is sorted by.
 * @param after The position; absent: the beginning.
 * @returns The filter of the rest.
 */
export function filterAfter(
  filter: Document,
  keys: readonly SortKey[],
  after: Cursor | undefined,
): Document {
  if (after === undefined) return filter;
  const branches = keys.flatMap((key, index) => {
    const equal = keys.slice(0, index)
      .map((other, at) => ({ [other.field]: valueOf(other, after[at]) }));
    return conditionsAfter(key, valueOf(key, after[index]))
      .map((condition) => ({ $and: [filter, ...equal, { [key.field]: condition }] }));
  });
  return { $or: branches };
}

/** Absent values are the least: first where a field ascends, last where it descends. */
function conditionsAfter({ direction, type }: SortKey, value: unknown): unknown[] {
  if (direction === 1) return value === null ? [{ $ne: null }] : [{ $gt: value }];
  if (value === null) return [];
  // NaN sorts below all numbers, and yet is not less than any.
  if (Number.isNaN(value)) return [null];
  return [{ $lt: value }, ...(type === "foreign" ? [NaN] : []), null];
}

function valueOf({ type }: SortKey, value: string | number | null | undefined): unknown {
  if (value === undefined || value === null) return null;
  if (type === "id") return new ObjectId(String(value));
  if (type === "foreign") return Number(value);
  return type === "time" ? new Date(value) : value;
}

/**
 * Makes a page of the documents read for it.
 *
 * @param documents At most one more than the limit, in order.
 * @param keys What they are sorted by.
 * @param options The limit, and how an item is made of a document.
 * @returns The page.
 */
export function pageOf<D extends Document, T>(
  documents: readonly D[],
  keys: readonly SortKey[],
  { limit, read }: { limit: number; read: (document: D) => T },
): Page<T> {
  const shown = documents.slice(0, limit);
  const last = shown.at(-1);
  const hasMore = documents.length > limit && last !== undefined;
  return { items: shown.map(read), next: hasMore ? cursorOf(last, keys) : null };
}

/**
 * Says where what follows a document begins.
 *
 * @param document The document.
 * @param keys What the list is sorted by.
 * @returns The position.
 */
export function cursorOf(document: Document, keys: readonly SortKey[]): Cursor {
  return keys.map(({ field, type }) => {
    const value = document[field];
    if (value === undefined || value === null) return null;
    if (value instanceof Date) return value.getTime();
    if (value instanceof ObjectId) return value.toHexString();
    if (typeof value === "string") return value;
    const number = Number(value);
    return type === "foreign" && !Number.isFinite(number) ? String(number) : number;
  });
}
