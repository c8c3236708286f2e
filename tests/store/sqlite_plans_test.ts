/**
 * No read of the SQLite store looks at all rows of a table: what SQLite says how it would answer
 * every statement that the reads prepare.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { SqliteStore } from "../../lib/store/sqlite/sqlite_store.ts";
import { type RepositorySort, type Store } from "../../lib/store/store.ts";
import { tempDir } from "../support/wait.ts";
import { app, record, storeOptionsOf } from "./contract_support.ts";

const sorts: RepositorySort[] = [
  "name",
  "-pulls",
  "-pushes",
  "-stars",
  "-lastPulled",
  "-lastPushed",
  "-lastUsed",
];
const filters = [
  {},
  { registry: "default" },
  { prefix: "team/" },
  // Few names, and few with many tags.
  { prefix: "team/1" },
  { prefix: "team/2" },
  { registry: "default", prefix: "team/" },
  { q: "app" },
  { q: "app", registry: "default" },
  { q: "app", prefix: "team/", registry: "default" },
];
const limit = 2;

/** Every read, with all that changes its statement. A read that is new needs a line here. */
const reads: Record<string, (store: Store) => Promise<unknown>> = {
  async listRepositories(store) {
    for (const sort of sorts) {
      for (const filter of filters) {
        const names = ["team/app", "default"];
        const afters = sort === "name" ? [names] : [[1, ...names], [null, ...names]];
        await store.listRepositories({ sort, limit, ...filter });
        for (const after of afters) await store.listRepositories({ sort, limit, ...filter, after });
      }
    }
  },
  findItems: (store) => store.findItems([app]),
  findRepository: (store) => store.findRepository(app),
  async findRepositories(store) {
    await store.findRepositories("team/app");
    await store.findRepositories("team/app", "default");
  },
  async listTags(store) {
    await store.listTags(app, { limit });
    await store.listTags(app, { limit, after: ["1.0"] });
  },
  findTag: (store) => store.findTag(app, "1.0"),
  async listManifests(store) {
    await store.listManifests(app, { limit });
    await store.listManifests(app, { limit, after: [btoa("a")] });
  },
  async listBreakdown(store) {
    for (const dimension of ["actor", "client", "consumer"] as const) {
      await store.listBreakdown(app, dimension, { limit });
      await store.listBreakdown(app, dimension, { limit, after: [1, "a", "b"] });
    }
  },
  listEvents: (store) => store.listEvents(app, { limit, after: [7] }),
  accounting: (store) => store.accounting(),
  async lastArrival(store) {
    await store.lastArrival();
    await store.lastArrival("default");
  },
  async listStars(store) {
    await store.listStars(app, { limit });
    await store.listStars(app, { limit, after: ["alice"] });
  },
  async history(store) {
    const span = { metric: "pulls", from: 0, to: 100_000 } as const;
    const consumers = { except: ["ci"] };
    for (const owner of [app, { namespace: "" }, { namespace: "team/", registry: "default" }]) {
      await store.history({ of: owner, ...span });
      await store.history({ of: owner, ...span, consumers });
    }
    await store.history({ of: { ...app, tag: "1.0" }, ...span });
  },
  async totals(store) {
    for (const  of of[{ namespace: "team/" }, { namespace: "", registry: "default" }]) {
      await store.totals({ of, from: 0, to: 100_000 });
    }
  },
  async census(store) {
    const part = { limit };
    await store.census({ ...part, of: { namespace: "" } });
    await store.census({ ...part, of: { namespace: "" }, after: "7" });
    for (const place of [{ namespace: "team/" }, { namespace: "", registry: "default" }]) {
      await store.census({ ...part, of: place });
      await store.census({ ...part, of: place, after: "team/1" });
    }
  },
  async listUnused(store) {
    for (const kind of ["repositories", "tags"] as const) {
      for (const filter of filters) {
        const { q: _, ...asked } = filter as { q?: string };
        const afters = kind === "tags" ? [[1, 1]] : [[1, "a", "b"], [null, "a", "b"]];
        const query = { kind, before: Date.now(), limit, ...asked };
        await store.listUnused(query);
        for (const after of afters) await store.listUnused({ ...query, after });
      }
    }
  },
  async sumDays(store) {
    const windows = [{ from: 0, to: 10 }, { from: 11, to: 100_000 }];
    const bounds = [{ from: 0, atLeast: 1 }, { from: null, atLeast: 1 }];
    for (const metric of ["pulls", "blobPulls", "stars"] as const) {
      const days = metric === "stars" ? [] : windows;
      for (const filter of [{}, { prefix: "team/" }, { registry: "default" }]) {
        const query = { metric, windows: days, bounds, ...filter };
        await store.sumDays(query);
        if (metric !== "stars") await store.sumDays({ ...query, consumers: { except: ["ci"] } });
      }
    }
  },
  watchedSince: (store) => store.watchedSince(),
};

/** What writes, or has no rows to read. */
const others = [
  ...["constructor", "record", "count", "madeToken", "madeKey", "setStar", "watch"],
  ...["expire", "ping", "warmUp", "close", "flush", "requireWritable"],
];

/** Tables that are read as a whole: rows for registries and days, of which there are few. */
const small = ["registries", "registry_days", "instances"];

/**
 * The entries that a walk looks at, the indexes that a manifest belongs to, and the days and months
 * that have rows.
 */
const subqueries = ["entries", "above", "times"];

/** Notes what is prepared while something is done. */
async function preparedBy(action: () => Promise<unknown>): Promise<string[]> {
  const prepared = new Set<string>();
  const { prepare } = DatabaseSync.prototype;
  DatabaseSync.prototype.prepare = function (sql, ...rest) {
    prepared.add(sql);
    return prepare.call(this, sql, ...rest);
  };
  try {
    await action();
  } finally {
    DatabaseSync.prototype.prepare = prepare;
  }
  return [...prepared].filter((sql) => /^\s*(?:SELECT|WITH)\b/i.test(sql));
}

/** The steps of a plan that look at more than a range of an index. */
function unbounded(database: DatabaseSync, sql: string): string[] {
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all()
    .map(({ detail }) => String(detail));
  const isSorted = steps.some((step) => step.startsWith("USE TEMP B-TREE FOR ORDER BY"));
  // Along an index in its order, until there are enough.
  const isLimited = /\bLIMIT\b/.test(sql) && !isSorted;
  return steps.filter((step) => {
    const table = /^SCAN (\w+|\(\w+)/.exec(step)?.[1];
    // A subquery's rows are those of its own steps.
    if (table === undefined || table.startsWith("(") || subqueries.includes(table)) return false;
    if (step === "SCAN CONSTANT ROW") return false;
    // The values of one parameter.
    if (small.includes(table) || table === "json_each") return false;
    return !(isLimited && / USING (?:COVERING )?INDEX /.test(step));
  });
}

Deno.test("no read of the SQLite store scans a table", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = SqliteStore.open(path, storeOptionsOf());
  try {
    await record(store, [{ tag: "1.0" }]);
    using database = new DatabaseSync(path);
    // So many that a list walks along its order.
    database.exec(`INSERT INTO repositories (repository, registry, listed)
      WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 1500)
      SELECT 'team/' || i, 'default', 1 FROM c;
      UPDATE repositories SET tag_count = 50000, oldest_tag = 1 WHERE repository = 'team/2'`);
    await t.step("and all reads are looked at", () => {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(store));
      const known = [...Object.keys(reads), ...others];
      assert.deepEqual(methods.filter((name) => !known.includes(name)), []);
    });
    for (const [name, read] of Object.entries(reads)) {
      await t.step(name, async () => {
        const statements = await preparedBy(() => read(store));
        assert.ok(statements.length > 0);
        for (const sql of statements) assert.deepEqual(unbounded(database, sql), [], sql);
      });
    }
  } finally {
    await store.close();
  }
});

Deno.test("unbounded() finds a scan", () => {
  using database = new DatabaseSync(":memory:");
  database.exec("CREATE TABLE t (a INTEGER, b INTEGER); CREATE INDEX t_by_a ON t (a)");
  const cases: [sql: string, want: number][] = [
    ["SELECT * FROM t", 1],
    ["SELECT * FROM t WHERE b = 1 LIMIT 1", 1],
    ["SELECT * FROM t ORDER BY a LIMIT 1", 0],
    ["SELECT a FROM t ORDER BY a", 1],
    ["SELECT * FROM t WHERE a = 1", 0],
  ];
  for (const [sql, want] of cases) assert.equal(unbounded(database, sql).length, want, sql);
});
