/**
 * Counts repositories, a part at a time.
 *
 * @module
 */

import type { Census, CensusQuery } from "../history.ts";
import type { Database } from "./database.ts";
import {
  all,
  type Condition,
  filtersOf,
  LISTED,
  narrowed,
  ofRegistry,
} from "./repository_filters.ts";
import { numberOrNull } from "./values.ts";

/**
 * In which order repositories are looked at: that of their ids, in which their rows lie, where all
 * are counted; else that of names. A row far from the last one takes ten times as long.
 */
interface Order {
  readonly column: "id" | "repository";
  readonly start: string | number;
  readonly of: readonly Condition[];
  readonly range: readonly Condition[];
}

function orderOf({ of: { namespace, registry }, after }: CensusQuery): Order {
  if (namespace === "" && registry === undefined) {
    return { column: "id", start: Number(after ?? 0), of: [], range: [] };
  }
  const { range } = filtersOf({ prefix: namespace });
  // The index of a registry has those that are listed; that of all names does not say.
  const of = registry === undefined ? [] : [LISTED, ofRegistry(registry)];
  return { column: "repository", start: after ?? "", of, range };
}

/** @returns How many repositories there are in one part of them. */
export function census(database: Database, query: CensusQuery): Census {
  const { column, start, of, range } = orderOf(query);
  const after = { sql: `${column} > ?`, parameters: [start] };
  // What has been deleted takes its part, too. A name that several registries have is in one part.
  const rest = all([...of, ...narrowed(range, { after })]);
  const last = database.get(
    `SELECT ${column} AS last FROM repositories WHERE ${rest.sql}
      ORDER BY ${column} LIMIT 1 OFFSET ?`,
    ...rest.parameters,
    query.limit - 1,
  )?.last as string | number | undefined;
  const upTo = last === undefined ? undefined : { sql: `${column} <= ?`, parameters: [last] };
  const part = all([LISTED, ...of, ...narrowed(range, { after, last: upTo })]);
  const row = database.get(
    `SELECT count(*) AS repositories, sum(tag_count) AS tags, max(last_used) AS last_used
      FROM repositories WHERE ${part.sql}`,
    ...part.parameters,
  );
  return {
    repositories: Number(row?.repositories),
    tags: Number(row?.tags ?? 0),
    lastUsed: numberOrNull(row?.last_used),
    next: last === undefined ? null : String(last),
  };
}
