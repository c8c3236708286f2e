/**
 * Repositories in the order of one of their numbers or times.
 *
 * An order has an index of each registry. A prefix has one, too, but no index has both. Many that
 * fit a prefix are met soon on a walk along the order; few are found by it and sorted. A walk that
 * does not meet them soon is given up for the other way, where that is not longer.
 *
 * @module
 */

import type { Database } from "./database.ts";
import { type Items, type Part, type Source, takeFirst } from "./merge.ts";
import { Pace } from "./pace.ts";
import {
  compareEntries,
  cursorOfEntry,
  type Entry,
  entryOf,
  lookAt,
  STEP,
} from "./repository_entries.ts";
import {
  all,
  any,
  BY_REGISTRY,
  type Condition,
  type Filters,
  LISTED,
  ofRegistry,
} from "./repository_filters.ts";
import { countNames } from "./repository_names.ts";
import {
  entriesOf,
  type NumberOrder,
  type NumberPart,
  orderBy,
  type RegistryPart,
  stretchesOf,
} from "./repository_stretches.ts";

/** Repositories that are read and sorted in one go, some milliseconds. */
const FEW = 5_000;
/** A walk in vain is no longer than the sorting: an entry takes as long as a row that is sorted. */
const ENTRIES_FOR_ONE = 1;
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
  const { filters: { registry }, order } = part;
  const registries = registry === undefined
    ? database.reading(() => registriesOf(database))
    : [registry];
  const pace = new Pace();
  const sources = registries.map((registry): Source<Entry> => {
    let step: number | undefined;
    return {
      read: (size, last) => {
        step ??= firstStep(database, registry, part);
        const after = last === undefined ? part.after : cursorOfEntry(last);
        return readRegistry(database, registry, { ...part, after, pace, size, step });
      },
    };
  });
  return await takeFirst(sources, part.limit, { compare: comparing(order) });
}

function comparing({ isReversed = false }: NumberOrder): typeof compareEntries {
  return isReversed ? (one, other) => compareEntries(other, one) : compareEntries;
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
  { size, step, ...part }: Omit<RegistryPart, "limit"> & { size: Part; step: number },
): Promise<Items<Entry>> {
  const { filters: { range, search } } = part;
  const [some, most] = [{ ...part, limit: size.some }, { ...part, limit: size.most }];
  if (range.length === 0 && search.length === 0) {
    const limit = Math.min(CHEAP * size.some, size.most);
    return itemsOf(
      database.reading(() => readRanges(database, registry, { ...part, limit })),
      limit,
    );
  }
  const isToGoOn = (): boolean =>
    range.length === 0 ||
    countUpTo(database, registry, { filters: part.filters, most: MANY }) > MANY;
  const met = step === 0 ? [] : await walk(database, registry, { ...some, step, isToGoOn });
  if (met !== undefined) return itemsOf(met, size.some);
  return itemsOf(await collect(database, registry, most), size.most);
}

/** Entries that a walk looks at before it may be given up; none where nothing fits. */
function firstStep(database: Database, registry: string, { filters }: NumberPart): number {
  if (filters.range.length === 0) return STEP;
  return Math.min(STEP, ENTRIES_FOR_ONE * countUpTo(database, registry, { filters, most: FEW }));
}

function countUpTo(
  database: Database,
  registry: string,
  { filters, most }: { filters: Filters; most: number },
): number {
  return database.reading(() => countNames(database, { ...filters, registry }, most));
}

function itemsOf(items: readonly Entry[], limit: number): Items<Entry> {
  return { items, isLast: items.length < limit };
}

function readRanges(database: Database, registry: string, part: RegistryPart): Entry[] {
  const entries: Entry[] = [];
  for (const stretch of stretchesOf(registry, part)) {
    const missing = part.limit - entries.length;
    if (missing === 0) break;
    const { sql, parameters } = entriesOf(registry, part, stretch);
    entries.push(...database.all(`${sql} LIMIT ?`, ...parameters, missing).map(entryOf));
  }
  return entries;
}

/** @returns `undefined` where it was given up. */
async function walk(
  database: Database,
  registry: string,
  { isToGoOn, step, ...part }: RegistryPart & { isToGoOn: () => boolean; step: number },
): Promise<Entry[] | undefined> {
  const { filters, limit } = part;
  const entries: Entry[] = [];
  let isFirst = true;
  for (let stretches = stretchesOf(registry, part); stretches.length > 0;) {
    const [stretch = NOTHING, ...others] = stretches;
    const { found, last } = database.reading(() =>
      lookAt(
        database,
        {
          entries: entriesOf(registry, part, stretch),
          filters: [...filters.range, ...filters.search],
          step: isFirst ? step : STEP,
        },
        limit - entries.length,
      )
    );
    entries.push(...found);
    if (entries.length === limit) break;
    if (last !== undefined) {
      if (isFirst && !isToGoOn()) return undefined;
      isFirst = false;
    }
    stretches = last === undefined
      ? others
      : stretchesOf(registry, { ...part, after: cursorOfEntry(last) });
    await part.pace.rest();
  }
  return entries;
}

const NOTHING: Condition = { sql: "0", parameters: [] };

/** Sorts all that fit the prefix, some at a time. */
async function collect(database: Database, registry: string, part: RegistryPart): Promise<Entry[]> {
  let first: Entry[] = [];
  let from: string | undefined;
  do {
    const { found, last } = database.reading(() => sortSome(database, registry, { ...part, from }));
    first = [...first, ...found].sort(comparing(part.order)).slice(0, part.limit);
    from = last;
    await part.pace.rest();
  } while (from !== undefined);
  return first;
}

/** Sorts the next {@linkcode FEW} names; says which is the last of them. */
function sortSome(
  database: Database,
  registry: string,
  { from, ...part }: RegistryPart & { from: string | undefined },
): { found: Entry[]; last: string | undefined } {
  const { order, filters, limit } = part;
  const names = [LISTED, ofRegistry(registry), ...filters.range];
  if (from !== undefined) names.push({ sql: "repository > ?", parameters: [from] });
  const ofNames = all(names);
  const last = database.get(
    `SELECT repository FROM repositories INDEXED BY ${BY_REGISTRY}
      WHERE ${ofNames.sql} ORDER BY repository LIMIT 1 OFFSET ${FEW - 1}`,
    ...ofNames.parameters,
  )?.repository;
  const upTo = last === undefined ? [] : [{ sql: "repository <= ?", parameters: [String(last)] }];
  const fitting = all([...names, ...upTo, ...filters.search, any(stretchesOf(registry, part))]);
  const rows = database.all(
    `SELECT id, registry, repository, ${order.column} AS value
      FROM repositories INDEXED BY ${BY_REGISTRY} WHERE ${fitting.sql} ${orderBy(order)} LIMIT ?`,
    ...fitting.parameters,
    limit,
  );
  return { found: rows.map(entryOf), last: last === undefined ? undefined : String(last) };
}
