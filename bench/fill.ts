/**
 * Makes a SQLite database of a given size in the store's own tables:
 * `deno run -A bench/fill.ts PATH [REPOSITORIES] [TAGS] [DAYS]`, 1,000,000, 3,000,000 and
 * 20,000,000 (daily rows of repositories) unless told.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";
import { dirname } from "node:path";

import { Database } from "../lib/store/sqlite/database.ts";
import { FILLINGS, REGISTRIES, WORDS } from "./fill_tables.ts";

/** How much there is to be of what. */
export interface Size {
  readonly repositories: number;
  readonly tags: number;
  /** Rows of days and consumers, of all repositories. */
  readonly days: number;
}

/** The sizes that the store is measured at. */
export const SIZES = {
  small: { repositories: 1_000, tags: 3_000, days: 20_000 },
  large: { repositories: 1_000_000, tags: 3_000_000, days: 20_000_000 },
} as const;

/** What the repository that single questions are about has, at every size. */
const HOT = { tags: 100, days: 800, stars: 100 } as const;
/** Repositories a transaction. */
const STEP = 25_000;
/** No repository has more days than are kept, times two consumers. */
const MAX_DAYS = 1_600;

/**
 * Makes a database.
 *
 * @param path The file; what is there is replaced.
 * @param size How much there is to be.
 * @param report Is told, in a line, what has been done.
 */
export function fill(path: string, size: Size, report: (line: string) => void): void {
  Deno.mkdirSync(dirname(path), { recursive: true });
  for (const suffix of ["", "-wal", "-shm"]) removeIfThere(`${path}${suffix}`);
  // The program's own migrations make the tables.
  new Database(path).close();
  using database = new DatabaseSync(path);
  database.exec(
    `PRAGMA journal_mode = DELETE; PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -1000000; PRAGMA temp_store = FILE; PRAGMA threads = 2`,
  );
  const indexes = dropIndexes(database);
  makePlan(database, size);
  const day = Math.floor(Date.now() / 86_400_000);
  for (const { table, sql } of FILLINGS) {
    const statement = database.prepare(sql);
    statement.setAllowUnknownNamedParameters(true);
    let rows = 0;
    for (let from = 1; from <= size.repositories; from += STEP) {
      database.exec("BEGIN");
      const range = { ":from": from, ":to": Math.min(from + STEP - 1, size.repositories) };
      rows += Number(statement.run({ ...range, ":day": day }).changes);
      database.exec("COMMIT");
    }
    report(`${table}: ${rows} rows`);
  }
  database.exec(
    "UPDATE meta SET value = (SELECT max(seq) FROM events) WHERE key = 'indexed_seq'",
  );
  for (const sql of indexes) {
    database.exec(sql);
    report(sql.match(/INDEX (\S+)/)?.[0] ?? sql);
  }
  // What a table of a newer migration needs is for whoever adds it to say in `fill_tables.ts`.
  report(`left empty: ${emptyTables(database).join(", ")}`);
  database.exec("DROP TABLE plan; DROP TABLE n; PRAGMA journal_mode = WAL");
}

function removeIfThere(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** An index is made in a fraction of the time it takes to keep it up to date. */
function dropIndexes(database: DatabaseSync): string[] {
  const rows = database.prepare(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
  ).all();
  for (const { name } of rows) database.exec(`DROP INDEX ${String(name)}`);
  return rows.map(({ sql }) => String(sql));
}

/** How much each repository has: much for few, little for most. */
function makePlan(database: DatabaseSync, { repositories, tags, days }: Size): void {
  database.exec(`CREATE TABLE n (i INTEGER PRIMARY KEY);
    INSERT INTO n WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 19999)
      SELECT i FROM c;
    CREATE TABLE plan (id INTEGER PRIMARY KEY, registry_id INTEGER, teams INTEGER, tags INTEGER,
      first_tag INTEGER, days INTEGER, quiet INTEGER, stars INTEGER)`);
  const teams = Math.max(10, Math.min(1_000, Math.floor(repositories / 10)));
  const tagsOf = shares(repositories, { total: tags, hot: HOT.tags, most: 5_000 });
  const daysOf = shares(repositories, { total: days, hot: HOT.days, most: MAX_DAYS });
  const insert = database.prepare("INSERT INTO plan VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  database.exec("BEGIN");
  let firstTag = 1;
  for (let id = 1; id <= repositories; id++) {
    // One in ten is of a second registry, one in five hundred of a third.
    const registry = id % 500 === 499 ? 3 : id % 10 === 9 ? 2 : 1;
    const stars = id === 1 ? HOT.stars : id % 10 === 0 ? id % 7 : 0;
    const quiet = id === 1 ? 0 : Math.floor(400 * fraction(id, 3) ** 3);
    const [ofTags = 0, ofDays = 0] = [tagsOf[id - 1], daysOf[id - 1]];
    insert.run(id, registry, teams, ofTags, firstTag, ofDays, quiet, stars);
    firstTag += ofTags;
  }
  for (const name of REGISTRIES) {
    database.prepare("INSERT INTO registries (name) VALUES (?)").run(name);
  }
  // The tables are made with some: days are filled by the numbers of the words.
  database.exec("DELETE FROM texts");
  for (const word of WORDS) database.prepare("INSERT INTO texts (text) VALUES (?)").run(word);
  database.exec("COMMIT");
}

/** Divides a total so that it is exact, everybody has one, and a fiftieth has fifty times as much. */
function shares(
  count: number,
  { total, hot, most }: { total: number; hot: number; most: number },
): Uint32Array {
  const weights = Float64Array.from({ length: count }, (_, i) => 1 / (0.02 + fraction(i + 1, 1)));
  weights[0] = 0;
  const sum = weights.reduce((all, weight) => all + weight, 0);
  const rest = total - hot - count + 1;
  const parts = Uint32Array.from(
    weights,
    (weight) => 1 + Math.min(most, Math.floor(weight * rest / sum)),
  );
  parts[0] = hot;
  let left = total - parts.reduce((all, part) => all + part, 0);
  for (let i = 1; left > 0; i = i % (count - 1) + 1, left--) parts[i] = (parts[i] ?? 0) + 1;
  return parts;
}

/** A number from 0 to 1 that looks random and follows from an integer. */
function fraction(seed: number, salt: number): number {
  const mixed = Math.imul(seed ^ (salt * 0x9e3779b1), 0x85ebca6b);
  return (Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0) / 2 ** 32;
}

function emptyTables(database: DatabaseSync): string[] {
  const rows = database.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  ).all();
  return rows.map(({ name }) => String(name))
    .filter((name) => database.prepare(`SELECT 1 FROM ${name} LIMIT 1`).get() === undefined);
}

if (import.meta.main) {
  const [path, ...sizes] = Deno.args;
  if (path === undefined) throw new TypeError("Name the file to make");
  const { large } = SIZES;
  const [repositories = large.repositories, tags = large.tags, days = large.days] = sizes
    .map(Number);
  const start = performance.now();
  fill(path, { repositories, tags, days }, (line) => {
    const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(6);
    Deno.stdout.writeSync(new TextEncoder().encode(`${seconds} s  ${line}\n`));
  });
}
