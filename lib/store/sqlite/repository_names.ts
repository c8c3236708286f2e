/**
 * Repositories in the order of their names.
 *
 * @module
 */

import type { Cursor } from "../store.ts";
import type { Database } from "./database.ts";
import { Pace } from "./pace.ts";
import { type Entry, entryOf, lookAt, STEP } from "./repository_entries.ts";
import {
  all,
  BY_NAME,
  BY_REGISTRY,
  type Condition,
  type Filters,
  LISTED,
  narrowed,
  ofRegistry,
} from "./repository_filters.ts";

/** Which part of the order. */
export interface NamePart {
  readonly filters: Filters;
  readonly limit: number;
  /** Name and registry; `undefined`: from the beginning. */
  readonly after: Cursor | undefined;
}

/**
 * Reads the next names.
 *
 * @param database The open file.
 * @param part Which.
 * @returns The entries in their order.
 */
export async function readByName(database: Database, part: NamePart): Promise<Entry[]> {
  const { registry, search } = part.filters;
  // Only the names of one registry have an index of those that are listed.
  return registry !== undefined && search.length === 0
    ? database.reading(() => readRange(database, registry, part))
    : await walkNames(database, part);
}

/** Names that the first step of a walk looks at, where all that are listed fit, for each wanted. */
const FIRST_SHARE = 2;

const EVERYTHING: Condition = { sql: "1", parameters: [] };
const COLUMNS = "id, registry, repository, 0 AS value";
const ORDER = "ORDER BY repository, registry";

function indexOf({ registry }: Filters): string {
  return registry === undefined ? BY_NAME : BY_REGISTRY;
}

function conditionsOf({ registry, range }: Filters, after: Cursor | undefined): Condition[] {
  const of = registry === undefined ? [] : [ofRegistry(registry)];
  if (after === undefined) return [...of, ...range];
  // The first part is what the index of one registry can use.
  const [repository = ""] = after;
  const sql = "repository >= ? AND (repository, registry) > (?, ?)";
  return [...of, ...narrowed(range, { after: { sql, parameters: [repository, ...after] } })];
}

function readRange(
  database: Database,
  registry: string,
  { filters, limit, after }: NamePart,
): Entry[] {
  const { sql, parameters } = all([LISTED, ...conditionsOf({ ...filters, registry }, after)]);
  return database.all(
    `SELECT ${COLUMNS} FROM repositories INDEXED BY ${BY_REGISTRY} WHERE ${sql} ${ORDER} LIMIT ?`,
    ...parameters,
    limit,
  ).map(entryOf);
}

/** Names of one registry. */
export type Names = Required<Pick<Filters, "registry" | "range">>;

/**
 * Finds names by their index alone.
 *
 * @param names Which.
 * @returns What follows `FROM`, without a limit.
 */
export function namesOf({ registry, range }: Names): Condition {
  const { sql, parameters } = all([LISTED, ofRegistry(registry), ...range]);
  return { sql: `repositories INDEXED BY ${BY_REGISTRY} WHERE ${sql}`, parameters };
}

/** How many names there are, found out no further than somebody asks. */
export class NameCount {
  readonly #database: Database;
  readonly #names: Names;
  #least = 0;
  #most = Infinity;

  /**
   * @param database The open file.
   * @param names Which.
   */
  constructor(database: Database, names: Names) {
    this.#database = database;
    this.#names = names;
  }

  /** @returns Whether there are no more than a number. */
  areUpTo(number: number): boolean {
    if (number >= this.#most) return true;
    if (number < this.#least) return false;
    const areMore = this.#database.reading(() => this.#areMoreThan(number));
    if (areMore) this.#least = number + 1;
    else this.#most = number;
    return !areMore;
  }

  /** To step over names takes half as long as to count them. */
  #areMoreThan(number: number): boolean {
    const { sql, parameters } = namesOf(this.#names);
    const row = this.#database.get(`SELECT 1 FROM ${sql} LIMIT 1 OFFSET ?`, ...parameters, number);
    return row !== undefined;
  }
}

/** Nobody knows how many names are between two that fit, or are listed. */
async function walkNames(database: Database, part: NamePart): Promise<Entry[]> {
  const { filters, limit } = part;
  const isOfAll = filters.registry === undefined;
  const pace = new Pace();
  const entries: Entry[] = [];
  // Most names are listed: as a rule the first step has enough, and its end is near.
  let step = filters.search.length === 0 ? Math.min(STEP, FIRST_SHARE * limit) : STEP;
  for (let { after } = part;;) {
    const conditions = conditionsOf(filters, after);
    const stretch = {
      entries: {
        select: `SELECT ${COLUMNS} FROM repositories INDEXED BY ${indexOf(filters)}`,
        within: all([isOfAll ? EVERYTHING : LISTED, ...conditions]),
        order: ORDER,
      },
      // The index of all names does not say what is listed.
      filters: [...filters.search, ...(isOfAll ? [LISTED] : [])],
      step,
      upTo: ({ repository, registry }: Entry) => [
        {
          sql: "repository <= ? AND (repository, registry) <= (?, ?)",
          parameters: [repository, repository, registry],
        },
      ],
    };
    const { found, last } = database.reading(() =>
      lookAt(database, stretch, limit - entries.length)
    );
    entries.push(...found);
    if (last === undefined) return entries;
    after = [last.repository, last.registry];
    step = STEP;
    await pace.rest();
  }
}
