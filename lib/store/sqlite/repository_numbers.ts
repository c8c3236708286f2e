/**
 * Repositories in the order of one of their numbers or times.
 *
 * An order has an index of each registry. A prefix has one, too, but no index has both. Many that
 * fit a prefix are met soon on a walk along the order; few are found by it and sorted.
 *
 * @module
 */

import type { Database } from "./database.ts";
import { type Items, type Part, type Source, takeFirst } from "./merge.ts";
import { Pace } from "./pace.ts";
import { cursorOfEntry, type Entry, entryOf, queryOf } from "./repository_entries.ts";
import { BY_REGISTRY } from "./repository_filters.ts";
import { NameCount } from "./repository_names.ts";
import { sortByNumber, type Sorting } from "./repository_sort.ts";
import {
  comparing,
  entriesOf,
  type NumberPart,
  type RegistryPart,
  stretchesOf,
} from "./repository_stretches.ts";
import { type Walk, walk } from "./repository_walk.ts";

/** So few are sorted in less time than it takes to find out whether a walk is long. */
const FEW = 1_000;
/** A range of an index is cheap: so many times what is probably needed are read in one go. */
const CHEAP = 3;
/** More are not sorted: that would take as long as to walk along 500,000 entries of an order. */
const MANY = 50_000;

/**
 * Reads the next repositories of an order.
 *
 * @param database The open file.
 * @param part Which.
 * @returns The entries in their order.
 */
export async function readByNumber(database: Database, part: NumberPart): Promise<Entry[]> {
  const { filters, order } = part;
  const registries = filters.registry === undefined
    ? database.reading(() => registriesOf(database))
    : [filters.registry];
  const pace = new Pace();
  const sources = registries.map((registry): Source<Entry> => {
    const names = new NameCount(database, { ...filters, registry });
    const met = { looked: 0, found: 0 };
    return {
      read: async (size, last) => {
        // Hundreds of registries take long even if each has next to nothing.
        await pace.rest();
        const after = last === undefined ? part.after : cursorOfEntry(last);
        return await readRegistry(database, registry, { ...part, after, pace, size, names, met });
      },
    };
  });
  return await takeFirst(sources, part.limit, { compare: comparing(order) });
}

/** The next name is one step down the index, however many repositories have it. */
const NEXT_REGISTRY = `SELECT min(registry) AS registry FROM repositories INDEXED BY ${BY_REGISTRY}
  WHERE listed = 1 AND registry > ?`;

function registriesOf(database: Database): string[] {
  const registries: string[] = [];
  for (let last: unknown = ""; typeof last === "string";) {
    last = database.get(NEXT_REGISTRY, last)?.registry;
    if (typeof last === "string") registries.push(last);
  }
  return registries;
}

async function readRegistry(
  database: Database,
  registry: string,
  { size, names, met, ...part }: Omit<Walk & Sorting, "limit" | "isTooLong"> & { size: Part },
): Promise<Items<Entry>> {
  const { range, search } = part.filters;
  if (range.length === 0 && search.length === 0) {
    const limit = Math.min(CHEAP * size.some, size.most);
    return itemsOf(
      database.reading(() => readRanges(database, registry, { ...part, limit })),
      limit,
    );
  }
  const isToSort = (most: number): boolean => range.length > 0 && names.areUpTo(most);
  const walked = isToSort(FEW) ? undefined : await walk(database, registry, {
    ...part,
    limit: size.some,
    met,
    // To look at an entry takes as long as to sort a name.
    isTooLong: (entries) => isToSort(Math.min(MANY, Math.ceil(entries))),
  });
  if (walked !== undefined) return itemsOf(walked, size.some);
  const limit = size.most;
  return itemsOf(await sortByNumber(database, registry, { ...part, limit, names }), limit);
}

function itemsOf(items: readonly Entry[], limit: number): Items<Entry> {
  return { items, isLast: items.length < limit };
}

function readRanges(database: Database, registry: string, part: RegistryPart): Entry[] {
  const entries: Entry[] = [];
  for (const stretch of stretchesOf(registry, part)) {
    const missing = part.limit - entries.length;
    if (missing === 0) break;
    const { sql, parameters } = queryOf(entriesOf(registry, part, stretch));
    entries.push(...database.all(`${sql} LIMIT ?`, ...parameters, missing).map(entryOf));
  }
  return entries;
}
