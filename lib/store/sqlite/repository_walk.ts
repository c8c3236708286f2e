/**
 * A walk along an order of repositories, for those that fit what its index does not know.
 *
 * @module
 */

import type { Database } from "./database.ts";
import { cursorOfEntry, type Entry, lookAt, STEP } from "./repository_entries.ts";
import type { Condition } from "./repository_filters.ts";
import { entriesOf, type RegistryPart, stretchesOf, upTo } from "./repository_stretches.ts";

/** Entries of the first step, a fraction of a millisecond: it tells how far it is to those that fit. */
const FIRST_STEP = 1_000;
/** A step is so many times as long as it probably takes; it ends where enough have been met. */
const ENOUGH = 1.5;

/** What has been met on the way so far, in all steps that did not meet enough. */
export interface Met {
  /** Entries that were looked at. */
  looked: number;
  /** Those of them that fit. */
  found: number;
}

/** Which walk. */
export interface Walk extends RegistryPart {
  /** Is kept up to date, also for the next walk along the same order. */
  readonly met: Met;
  /** Whether there is a shorter way than to look at so many more entries. */
  isTooLong(entries: number): boolean;
}

/**
 * Walks until enough that fit have been met.
 *
 * @param database The open file.
 * @param registry Whose order.
 * @param part Where from, and what is looked for.
 * @returns Those that fit; `undefined` where the walk was given up.
 */
export async function walk(
  database: Database,
  registry: string,
  { met, isTooLong, ...part }: Walk,
): Promise<Entry[] | undefined> {
  const { filters, limit } = part;
  const entries: Entry[] = [];
  for (let stretches = stretchesOf(registry, part); stretches.length > 0;) {
    const [stretch = NOTHING, ...others] = stretches;
    const step = stepOf(met, limit - entries.length);
    const { found, last } = database.reading(() =>
      lookAt(
        database,
        {
          entries: entriesOf(registry, part, stretch),
          filters: [...filters.range, ...filters.search],
          step,
          upTo: (last) => upTo(part.order, last),
        },
        limit - entries.length,
      )
    );
    entries.push(...found);
    const missing = limit - entries.length;
    if (missing === 0) break;
    if (last === undefined) stretches = others;
    else {
      met.looked += step;
      met.found += found.length;
      if (isTooLong(ahead(met, missing))) return undefined;
      stretches = stretchesOf(registry, { ...part, after: cursorOfEntry(last) });
    }
    await part.pace.rest();
  }
  return entries;
}

const NOTHING: Condition = { sql: "0", parameters: [] };

/** How many entries there probably are until so many that fit. */
function ahead({ looked, found }: Met, missing: number): number {
  return found === 0 ? Infinity : looked * missing / found;
}

function stepOf(met: Met, missing: number): number {
  if (met.looked === 0) return FIRST_STEP;
  return Math.min(STEP, Math.max(FIRST_STEP, Math.ceil(ENOUGH * ahead(met, missing))));
}
