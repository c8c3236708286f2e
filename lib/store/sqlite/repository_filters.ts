/**
 * Which repositories a list is of, as conditions of SQL.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import type { RepositoryQuery } from "../store.ts";

/** SQLite's own index of the unique names. */
export const BY_NAME = "sqlite_autoindex_repositories_1";
const BY_REGISTRY = "repositories_by_registry";

/** A condition with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** Those that are shown. */
export const LISTED: Condition = { sql: "listed = 1", parameters: [] };

/** What the names of a query's repositories are like. */
export interface Filters {
  /** Ranges of an index: the registry, the beginning of the name. */
  readonly ranges: readonly Condition[];
  /** The index of these ranges, where there are any. */
  readonly index: string | undefined;
  /** The text that is searched for; no index helps. */
  readonly search: readonly Condition[];
}

/**
 * Says what a query filters by.
 *
 * @param query The query.
 * @returns The filters.
 */
export function filtersOf({ registry, q, prefix }: RepositoryQuery): Filters {
  const ranges: Condition[] = [];
  if (registry !== undefined) ranges.push({ sql: "registry = ?", parameters: [registry] });
  if (prefix !== undefined && prefix !== "") {
    ranges.push({ sql: "repository >= ?", parameters: [prefix] });
    const end = endOf(prefix);
    if (end !== undefined) ranges.push({ sql: "repository < ?", parameters: [end] });
  }
  const pattern = `%${q?.replace(/[\\%_]/g, "\\$&")}%`;
  const search = { sql: "repository LIKE ? ESCAPE '\\'", parameters: [pattern] };
  const index = registry === undefined ? BY_NAME : BY_REGISTRY;
  return {
    ranges,
    index: ranges.length === 0 ? undefined : index,
    search: q === undefined || q === "" ? [] : [search],
  };
}

/** The first text behind all that begin with a prefix; `undefined` where there is none. */
export function endOf(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  const last = characters.pop()?.codePointAt(0);
  if (last === undefined) return undefined;
  if (last === 0x10ffff) return endOf(characters.join(""));
  // Surrogates are no characters.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return characters.join("") + String.fromCodePoint(next);
}

/**
 * Joins conditions that must all hold.
 *
 * @param conditions At least one.
 * @returns One condition.
 */
export function all(conditions: readonly Condition[]): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(" AND "),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}
