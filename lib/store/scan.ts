/**
 * Pages of what an index alone cannot find: rows are read in its order, a slice at a time, and
 * those that fit are kept. How many are looked at for a page is bounded, and between slices others
 * get their turn.
 *
 * @module
 */

import type { Cursor, Page } from "./store.ts";

/** Rows that are read at once, at most. */
const SLICE = 250;
/** So many times as many rows are read as are probably needed, by how many have fitted so far. */
const ENOUGH = 1.2;
/** Slices that a page may take; then it ends, full or not. */
const MAX_SLICES = 80;

/** Rows that are read at once. */
export interface Slice<Row> {
  readonly rows: readonly Row[];
  /** Where those behind them begin; `null`: there are no more. */
  readonly next: Cursor | null;
}

/** How rows are read and items are made of them. */
export interface Scan<Row, Item> {
  readonly limit: number;
  readonly after: Cursor | undefined;
  /** Reads rows in order; fewer than asked for, or none, need not be the last. */
  read(after: Cursor | undefined, count: number): Promise<Slice<Row>>;
  /** Where the rows behind a row begin. */
  cursorOf(row: Row): Cursor;
  /** Lets others have their turn, where to read does not. */
  rest?(): Promise<void>;
  /** Makes an item of each row that fits, `undefined` of any other. */
  keep(rows: readonly Row[]): (Item | undefined)[] | Promise<(Item | undefined)[]>;
}

/**
 * Makes a slice of what was read in one go.
 *
 * @param rows In order.
 * @param count How many were asked for: fewer are the last.
 * @param cursorOf Where the rows behind a row begin.
 * @returns The slice.
 */
export function sliceOf<Row>(
  rows: readonly Row[],
  count: number,
  cursorOf: (row: Row) => Cursor,
): Slice<Row> {
  const last = rows.length < count ? undefined : rows.at(-1);
  return { rows, next: last === undefined ? null : cursorOf(last) };
}

/**
 * Reads a page.
 *
 * @param scan How.
 * @returns The page; it may be short, or empty, and not the last.
 */
export async function scanPage<Row, Item>(scan: Scan<Row, Item>): Promise<Page<Item>> {
  const items: Item[] = [];
  let { after } = scan;
  // Behind the last item, where another one follows it.
  let behind = after;
  let looked = 0;
  for (let slice = 0; slice < MAX_SLICES; slice++) {
    const missing = scan.limit + 1 - items.length;
    const fitting = looked === 0 ? 1 : items.length / looked;
    const count = Math.min(SLICE, Math.ceil(ENOUGH * missing / fitting));
    const { rows, next } = await scan.read(after, count);
    for (const [index, item] of (await scan.keep(rows)).entries()) {
      if (item === undefined) continue;
      if (items.length === scan.limit) return { items, next: behind ?? null };
      items.push(item);
      behind = scan.cursorOf(rows[index] as Row);
    }
    if (next === null) return { items, next };
    looked += rows.length;
    after = next;
    await scan.rest?.();
  }
  return { items, next: items.length === scan.limit ? behind ?? null : after ?? null };
}
