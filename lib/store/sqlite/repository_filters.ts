/**
 * Which repositories a list is of, as conditions of SQL.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import { endOfPrefix } from "../../code_points.ts";
import type { RepositoryQuery } from "../store.ts";

/** SQLite's own index of the unique names. */
export const BY_NAME = "sqlite_autoindex_repositories_1";
/** The names of one registry that are listed. */
export const BY_REGISTRY = "repositories_by_registry";

/** A condition with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** Those that are shown. */
export const LISTED: Condition = { sql: "listed = 1", parameters: [] };

/** What the names of a query's repositories are like. */
export interface Filters {
  /** The only registry; absent: all. */
  readonly registry?: string;
  /** The beginning of the name, as a range. */
  readonly range: readonly Condition[];
  /** The text that is searched for; no index helps. */
  readonly search: readonly Condition[];
}

/**
 * Says what a query filters by.
 *
 * @param query The query.
 * @returns The filters.
 */
export function filtersOf(
  { registry, q = "", prefix = "" }: Pick<RepositoryQuery, "registry" | "q" | "prefix">,
): Filters {
  const pattern = `%${q.replace(/[\\%_]/g, "\\$&")}%`;
  const search = { sql: "repository LIKE ? ESCAPE '\\'", parameters: [pattern] };
  return {
    ...(registry === undefined ? {} : { registry }),
    range: rangeOf(prefix),
    search: q === "" ? [] : [search],
  };
}

function rangeOf(prefix: string): Condition[] {
  if (prefix === "") return [];
  const end = endOfPrefix(prefix);
  return [
    { sql: "repository >= ?", parameters: [prefix] },
    ...(end === undefined ? [] : [{ sql: "repository < ?", parameters: [end] }]),
  ];
}

/** A part of a walk, as far as its ends are known. */
export interface Step {
  /** It begins behind a name. */
  readonly after?: Condition | undefined;
  /** It ends with one. */
  readonly last?: Condition | undefined;
}

/**
 * Narrows a range of names to a step of a walk along it. Of two bounds SQLite takes the first for
 * the range of the index: with the other one each step would begin where the walk does.
 *
 * @param range The beginning of the name.
 * @param step Where the step begins and ends.
 * @returns Conditions, in an order that matters.
 */
export function narrowed(
  range: readonly Condition[],
  { after, last }: Step,
): Condition[] {
  return [after, last].filter((bound) => bound !== undefined).concat(range);
}

/** Those of one registry. */
export function ofRegistry(registry: string): Condition {
  return { sql: "registry = ?", parameters: [registry] };
}

/**
 * Joins conditions that must all hold.
 *
 * @param conditions At least one.
 * @returns One condition.
 */
export function all(conditions: readonly Condition[]): Condition {
  return joined(conditions, " AND ");
}

/**
 * Joins conditions one of which must hold.
 *
 * @param conditions At least one.
 * @returns One condition.
 */
export function any(conditions: readonly Condition[]): Condition {
  const { sql, parameters } = joined(conditions, " OR ");
  return { sql: `(${sql})`, parameters };
}

function joined(conditions: readonly Condition[], by: string): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(by),
    parameters: conditions.flatMap(({ parameters }) => parameters),
  };
}
