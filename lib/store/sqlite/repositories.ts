/**
 * The list of repositories, and one of them.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import type {
  Cursor,
  Page,
  RepositoryQuery,
  RepositorySort,
  RepositoryStatistics,
} from "../store.ts";
import type { Database, Row } from "./database.ts";
import { deletedOf, timeOf } from "./values.ts";

/** The column of each order but that by name. */
const SORT_COLUMNS: Readonly<Record<Exclude<RepositorySort, "name">, string>> = {
  "-pulls": "pulls",
  "-pushes": "pushes",
  "-stars": "stars",
  "-lastPulled": "last_pulled",
  "-lastPushed": "last_pushed",
  "-lastUsed": "last_used",
};

interface Condition {
  readonly sql: string;
  readonly parameters: readonly SQLInputValue[];
}

/** @returns A page of repositories. */
export function listRepositories(
  database: Database,
  query: RepositoryQuery,
): Page<RepositoryStatistics> {
  const column = query.sort === "name" ? undefined : SORT_COLUMNS[query.sort];
  const rows: Row[] = [];
  // Each stretch is a range of one index: with a value below the cursor's, equal to it, without.
  for (const stretch of stretchesOf(column, query.after)) {
    const missing = query.limit + 1 - rows.length;
    if (missing === 0) break;
    rows.push(...readStretch(database, query, { column, stretch, limit: missing }));
  }
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  const next = rows.length > query.limit && last !== undefined ? cursorOf(last, column) : null;
  return { items: shown.map((row) => repositoryOf(row, [])), next };
}

function cursorOf(row: Row, column: string | undefined): Cursor {
  const names = [String(row.repository), String(row.registry)];
  return column === undefined ? names : [timeOf(row[column]), ...names];
}

function stretchesOf(column: string | undefined, after: Cursor | undefined): Condition[] {
  const all: Condition = { sql: "1", parameters: [] };
  if (column === undefined) {
    if (after === undefined) return [all];
    return [{ sql: "(repository, registry) > (?, ?)", parameters: after }];
  }
  const never: Condition = { sql: `${column} IS NULL`, parameters: [] };
  const ever: Condition = { sql: `${column} IS NOT NULL`, parameters: [] };
  if (after === undefined) return [ever, never];
  const [value = null, ...names] = after;
  const behind = "(repository, registry) > (?, ?)";
  if (value === null) return [{ sql: `${never.sql} AND ${behind}`, parameters: names }];
  return [
    { sql: `${column} = ? AND ${behind}`, parameters: [value, ...names] },
    { sql: `${column} < ?`, parameters: [value] },
    never,
  ];
}

function readStretch(
  database: Database,
  query: RepositoryQuery,
  { column, stretch, limit }: { column: string | undefined; stretch: Condition; limit: number },
): Row[] {
  const conditions = [{ sql: "listed = 1", parameters: [] }, stretch, ...filtersOf(query)];
  const order = column === undefined ? "" : `${column} DESC, `;
  const sql = `SELECT * FROM repositories
    WHERE ${conditions.map((condition) => condition.sql).join(" AND ")}
    ORDER BY ${order}repository, registry LIMIT ?`;
  return database.all(sql, ...conditions.flatMap((condition) => condition.parameters), limit);
}

function filtersOf({ registry, q, prefix }: RepositoryQuery): Condition[] {
  const filters: Condition[] = [];
  if (registry !== undefined) filters.push({ sql: "registry = ?", parameters: [registry] });
  if (q !== undefined && q !== "") {
    const pattern = `%${q.replace(/[\\%_]/g, "\\$&")}%`;
    filters.push({ sql: "repository LIKE ? ESCAPE '\\'", parameters: [pattern] });
  }
  if (prefix !== undefined && prefix !== "") {
    // A range of the index.
    filters.push({ sql: "repository >= ?", parameters: [prefix] });
    const end = endOf(prefix);
    if (end !== undefined) filters.push({ sql: "repository < ?", parameters: [end] });
  }
  return filters;
}

/** @returns The first text behind all that begin with a prefix; `undefined` where there is none. */
export function endOf(prefix: string): string | undefined {
  const characters = Array.from(prefix);
  const last = characters.pop()?.codePointAt(0);
  if (last === undefined) return undefined;
  if (last === 0x10ffff) return endOf(characters.join(""));
  // Surrogates are no characters.
  const next = last === 0xd7ff ? 0xe000 : last + 1;
  return characters.join("") + String.fromCodePoint(next);
}

const REPOSITORY = "SELECT * FROM repositories WHERE repository = ? AND listed = 1";
const ACTORS = `SELECT name FROM breakdowns
  WHERE repository_id = ? AND dimension = 'actor' ORDER BY name`;

/** @returns The repository of each registry that has one of that name. */
export function findRepositories(
  database: Database,
  repository: string,
  registry: string | undefined,
): RepositoryStatistics[] {
  const rows = registry === undefined
    ? database.all(`${REPOSITORY} ORDER BY registry`, repository)
    : database.all(`${REPOSITORY} AND registry = ?`, repository, registry);
  return rows.map((row) => {
    const actors = database.all(ACTORS, Number(row.id));
    return repositoryOf(row, actors.map((actor) => String(actor.name)));
  });
}

function repositoryOf(row: Row, actors: readonly string[]): RepositoryStatistics {
  const number = (column: string): number => Number(row[column]);
  return {
    registry: String(row.registry),
    repository: String(row.repository),
    pulls: number("pulls"),
    pushes: number("pushes"),
    stars: number("stars"),
    checks: number("checks"),
    childPulls: number("child_pulls"),
    digestPushes: number("digest_pushes"),
    unchangedPushes: number("unchanged_pushes"),
    firstPulled: timeOf(row.first_pulled),
    lastPulled: timeOf(row.last_pulled),
    firstPushed: timeOf(row.first_pushed),
    lastPushed: timeOf(row.last_pushed),
    lastChecked: timeOf(row.last_checked),
    lastUsed: timeOf(row.last_used),
    deletes: {
      tags: number("tag_deletes"),
      manifests: number("manifest_deletes"),
      blobs: number("blob_deletes"),
      unknown: number("unknown_deletes"),
    },
    actors,
    actorCount: number("actor_count"),
    tagCount: number("tag_count"),
    deleted: deletedOf(row.deleted_at),
  };
}
