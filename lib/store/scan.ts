/**
 * Pages of what an index alone cannot find: rows are read in its order, a slice at a time, and
 * those that fit are kept. How many are looked at for a page is bounded, and between slices others
 * get their turn.
 *
 * @module
 */

import type { Cursor, Page } from "./store.ts";

/** Rows that are read at once; of the first slice not more than a page of which half fits needs. */
const SLICE = 250;
/** Slices that a page may take; then it ends, full or not. */
const MAX_SLICES = 80;

/** How rows are read and items are made of them. */
export interface Scan<Row, Item> {
  readonly limit: number;
  readonly after: Cursor | undefined;
  /** Reads rows in order; fewer than asked for: there are no more. */
  read(after: Cursor | undefined, count: number): Row[] | Promise<Row[]>;
  /** Where the rows behind a row begin. */
  cursorOf(row: Row): Cursor;
  /** Whether a row, and so all behind it, is out of the question. */
  isBeyond(row: Row): boolean;
  /** Makes an item of each row that fits, `undefined` of any other. */
  keep(rows: readonly Row[]): (Item | undefined)[] | Promise<(Item | undefined)[]>;
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
  for (let slice = 0; slice < MAX_SLICES; slice++) {
    const count = slice === 0 ? Math.min(SLICE, 2 * scan.limit) : SLICE;
    const rows = await scan.read(after, count);
    const end = rows.findIndex((row) => scan.isBeyond(row));
    const within = end < 0 ? rows : rows.slice(0, end);
    for (const [index, item] of (await scan.keep(within)).entries()) {
      if (item === undefined) continue;
      if (items.length === scan.limit) return { items, next: behind ?? null };
      items.push(item);
      behind = scan.cursorOf(within[index] as Row);
    }
    const last = within.at(-1);
    if (within.length < count || last === undefined) return { items, next: null };
    after = scan.cursorOf(last);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { items, next: items.length === scan.limit ? behind ?? null : after ?? null };
}
