/**
 * What the SQLite store does over time that no other adapter has: its migration, what a failure
 * leaves behind, how long a step takes, which index a query uses.
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { monthOf } from "../../lib/calendar.ts";
import { Database } from "../../lib/store/sqlite/database.ts";
import { Folding } from "../../lib/store/sqlite/folding.ts";
import { totals } from "../../lib/store/sqlite/history.ts";
import { MIGRATIONS } from "../../lib/store/sqlite/schema.ts";
import { eventOf, noon, receivedOf } from "../support/events.ts";
import { openTestStore } from "../support/store.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const DAY_MS = 86_400_000;
const today = Math.floor(noon / DAY_MS);

Deno.test("the migration gives the totals of registries to namespaces and consumers", async (t) => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const old = new DatabaseSync(path);
  const at = MIGRATIONS.findIndex((statements) =>
    statements.includes("CREATE TABLE namespace_days")
  );
  for (const statements of MIGRATIONS.slice(0, at)) old.exec(statements);
  old.exec(`
    PRAGMA user_version = ${at};
    INSERT INTO registries VALUES (1, 'main'), (2, 'other');
    INSERT INTO texts VALUES (1, 'ci'), (2, 'other');
    INSERT INTO repositories (id, repository, registry) VALUES
      (1, 'team/sub/app', 'main'), (2, 'a/b/c/d/e/app', 'main'), (3, 'app', 'other');
    INSERT INTO days (repository_id, day, consumer_id, pulls, blob_bytes) VALUES
      (1, 10, 1, 3, 100), (1, 10, 2, 4, 0), (1, 11, 1, 5, 0), (2, 10, 1, 6, 0), (3, 10, 1, 7, 0);
    -- Two more by a repository that is gone.
    INSERT INTO registry_days (registry_id, day, counted, pulls, blob_bytes) VALUES
      (1, 10, 15, 15, 100), (1, 11, 5, 5, 0), (2, 10, 7, 7, 0), (2, 12, 1, 1, 0);
  `);
  old.close();
  const database = new Database(path);
  try {
    const rows = database.all(
      `SELECT n.text AS namespace, day, registries.name AS registry, c.text AS consumer, pulls
        FROM namespace_days JOIN registries ON registries.id = registry_id
        JOIN texts n ON n.id = namespace_id JOIN texts c ON c.id = consumer_id
        ORDER BY namespace, day, registry, consumer`,
    ).map((row) => Object.values(row).join(" "));
    assert.deepEqual(rows, [
      " 10 main ci 9",
      " 10 main other 6",
      " 10 other ci 7",
      " 11 main ci 5",
      " 12 other other 1",
      "a/ 10 main ci 6",
      "a/b/ 10 main ci 6",
      "a/b/c/ 10 main ci 6",
      "a/b/c/d/ 10 main ci 6",
      "team/ 10 main ci 3",
      "team/ 10 main other 4",
      "team/ 11 main ci 5",
      "team/sub/ 10 main ci 3",
      "team/sub/ 10 main other 4",
      "team/sub/ 11 main ci 5",
    ]);
    assert.equal(database.get("SELECT sum(blob_bytes) AS bytes FROM namespace_days")?.bytes, 300);
    const [first = {}] = database.all("SELECT * FROM registry_days");
    assert.deepEqual(
      Object.keys(first),
      ["registry_id", "day", "counted", "duplicate", "ignored", "quarantined"],
    );
  } finally {
    database.close();
  }
  await t.step("and the file opens again", () => new Database(path).close());
});

Deno.test("Folding leaves days and months as they were where a step fails", async () => {
  await using folder = await tempDir();
  const database = new Database(folder.join("drec.db"));
  try {
    const month = monthOf(today - 100);
    for (let day = month; day < month + 20; day++) {
      database.run(
        "INSERT INTO days (repository_id, day, consumer_id, pulls) VALUES (1, ?, 1, 2)",
        day,
      );
      database.run("INSERT INTO tag_days (tag_id, day, pulls) VALUES (1, ?, 2)", day);
    }
    const count = (table: string): unknown =>
      database.get(`SELECT count(*) AS n, ifnull(sum(pulls), 0) AS pulls FROM ${table}`);
    const now = (month + 131) * DAY_MS;
    const retention = { ...storeOptionsOf().retention, days: 100 * DAY_MS, tagDays: 100 * DAY_MS };
    // The last statement of the step is the one that fails, when months are there already.
    database.run(`CREATE TRIGGER crash BEFORE DELETE ON days
      BEGIN SELECT raise(ABORT, 'the disk is gone'); END`);
    assert.throws(() => new Folding(database, retention).step(now), /the disk is gone/);
    assert.deepEqual([count("days"), count("months")].map((row) => ({ ...row as object })), [
      { n: 20, pulls: 40 },
      { n: 0, pulls: 0 },
    ]);
    assert.deepEqual({ ...count("tag_days") as object }, { n: 20, pulls: 40 });
    database.run("DROP TRIGGER crash");
    const folding = new Folding(database, retention);
    while (folding.step(now));
    assert.deepEqual(
      ["days", "months", "tag_days", "tag_months"].map((table) => ({ ...count(table) as object })),
      [{ n: 0, pulls: 0 }, { n: 1, pulls: 40 }, { n: 0, pulls: 0 }, { n: 1, pulls: 40 }],
    );
  } finally {
    database.close();
  }
});

Deno.test("Folding comes to an end in many steps, and sweeps once a day", async () => {
  await using folder = await tempDir();
  const database = new Database(folder.join("drec.db"));
  try {
    const month = monthOf(today - 100);
    database.transaction(() => {
      for (let owner = 1; owner <= 500; owner++) {
        for (let day = month; day < month + 3; day++) {
          const sql =
            "INSERT INTO days (repository_id, day, consumer_id, pulls) VALUES (?, ?, 1, 1)";
          database.run(sql, owner, day);
        }
      }
    });
    const retention = { ...storeOptionsOf().retention, days: 50 * DAY_MS };
    const folding = new Folding(database, retention);
    let steps = 0;
    while (folding.step(noon)) steps++;
    assert.ok(steps > 3 && steps < 50, `${steps} steps`);
    const sum = () => database.get("SELECT sum(pulls) AS pulls FROM months")?.pulls;
    assert.equal(sum(), 1500);
    database.run(
      "INSERT INTO days (repository_id, day, consumer_id, pulls) VALUES (7, ?, 1, 1)",
      month,
    );
    assert.equal(folding.step(noon), false);
    assert.equal(sum(), 1500);
    while (folding.step(noon + DAY_MS));
    assert.equal(sum(), 1501);
  } finally {
    database.close();
  }
});

Deno.test("SqliteStore reads and adds up numbers over time by index", async (t) => {
  await using opened = await openTestStore();
  await opened.store.record([receivedOf(eventOf())]);
  const reader = new DatabaseSync(opened.path, { readOnly: true });
  const namespace = "namespace_id = 1 AND day BETWEEN 1 AND 2 AND registry_id = 1";
  const cases: [sql: string, want: RegExp][] = [
    [
      `SELECT day, sum(pulls) FROM namespace_days WHERE ${namespace} GROUP BY day ORDER BY day`,
      /PRIMARY KEY \(namespace_id=\? AND day>\? AND day<\?\)/,
    ],
    ["SELECT max(month) FROM months WHERE repository_id = 1", /PRIMARY KEY \(repository_id=\?\)/],
    [
      "SELECT repository_id, day FROM days WHERE (repository_id, day) > (1, 2) ORDER BY repository_id, day LIMIT 1",
      /PRIMARY KEY \(\(repository_id,day\)>\(\?,\?\)\)/,
    ],
    [
      "SELECT repository FROM repositories WHERE repository >= 'a' AND repository < 'b' ORDER BY repository LIMIT 1 OFFSET 9",
      /COVERING INDEX sqlite_autoindex_repositories_1 \(repository>\? AND repository<\?\)/,
    ],
  ];
  try {
    for (const [sql, want] of cases) {
      await t.step(sql, () => {
        const plan = reader.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => detail);
        assert.match(plan.join("; "), want);
        assert.doesNotMatch(plan.join("; "), /TEMP B-TREE|SCAN/);
      });
    }
  } finally {
    reader.close();
  }
});

Deno.test("SqliteStore gives the sums of those that have enough in a window", async () => {
  await using opened = await openTestStore();
  const { store } = opened;
  const today = Math.floor(noon / 86_400_000);
  const old = (noon - 10 * 86_400_000) * 1000;
  await store.record(
    [{ repository: "much/lately" }, { repository: "much/lately" }, { repository: "once/lately" }, {
      repository: "once/lately",
      at: old,
    }].map((parts) => receivedOf(eventOf(parts))),
    { deadline: Infinity },
  );
  const found = async (bounds: { from: number | null; atLeast: number }[]) => {
    const windows = [{ from: today - 6, to: today }];
    const { items } = await store.sumDays({ metric: "pulls", windows, bounds });
    return items.map(({ repository }) => repository);
  };
  const week = { from: today - 6, atLeast: 2 };
  assert.deepEqual(await found([week]), ["much/lately"]);
  assert.deepEqual(await found([week, { from: null, atLeast: 2 }]), ["much/lately", "once/lately"]);
});

/** The least time that something takes, in milliseconds. */
async function timeOf(action: () => Promise<unknown>): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 5; i++) {
    const began = performance.now();
    await action();
    least = Math.min(least, performance.now() - began);
  }
  return least;
}

Deno.test("numbers of one registry take no longer for the others beside it", async (t) => {
  await using opened = await openTestStore();
  const { store } = opened;
  const month = monthOf(today);
  {
    // Both of 200 days and 200 months: "few/" in two registries, "many/" in 400.
    using database = new DatabaseSync(opened.path);
    database.exec(`INSERT INTO texts (id, text) VALUES (1001, 'few/'), (1002, 'many/');
      WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 400)
        INSERT INTO registries (id, name) SELECT 1000 + i, 'r-' || i FROM c;
      CREATE TEMP TABLE steps AS
        WITH RECURSIVE c (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM c WHERE i < 199)
        SELECT i FROM c;`);
    for (const [table, time, first] of [["days", "day", "i"], ["months", "month", "31 * i"]]) {
      database.exec(`
        INSERT INTO namespace_${table} (namespace_id, ${time}, registry_id, consumer_id, pulls)
          SELECT texts.id, ${month} - ${first}, registries.id, 1, registries.id - 1000
          FROM texts CROSS JOIN temp.steps CROSS JOIN registries
          WHERE texts.id > 1000 AND registries.id > 1000 AND (texts.id = 1002 OR registries.id < 1003)
          ORDER BY 1, 2, 3`);
    }
  }
  const range = { from: month - 10_000, to: month };
  const reads: Record<string, (namespace: string, registry: string) => Promise<number[]>> = {
    history: async (namespace, registry) => {
      const query = { of: { namespace, registry }, metric: "pulls", ...range } as const;
      const { days, months } = await store.history(query);
      return [...days, ...months].map(({ value }) => value);
    },
    totals: async (namespace, registry) => {
      const { pulls } = await store.totals({ of: { namespace, registry }, ...range });
      return [pulls];
    },
  };
  for (const [name, read] of Object.entries(reads)) {
    await t.step(name, async () => {
      const sum = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);
      assert.equal(sum(await read("many/", "r-2")), 800);
      assert.equal(sum(await read("many/", "r-300")), 120_000);
      assert.deepEqual(await read("few/", "r-2"), await read("many/", "r-2"));
      assert.equal(sum(await read("few/", "r-300")), 0);
      assert.equal(sum(await read("many/", "r-0")), 0);
      const few = await timeOf(() => read("few/", "r-2"));
      const many = await timeOf(() => read("many/", "r-2"));
      assert.ok(many < 8 * few, `${few} ms beside another, ${many} ms beside 399`);
    });
  }
});

Deno.test("totals() lets others in, who may add up months meanwhile", async () => {
  await using folder = await tempDir();
  const database = new Database(folder.join("drec.db"));
  try {
    const last = monthOf(today - 100);
    database.run("INSERT INTO texts (id, text) VALUES (1001, 'team/')");
    const days = 800;
    database.run(
      `INSERT INTO namespace_days (namespace_id, day, registry_id, consumer_id, pulls)
        WITH RECURSIVE days (day) AS (SELECT ?1 - 1 UNION ALL SELECT day - 1 FROM days LIMIT ?2),
          registries (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM registries LIMIT 200)
        SELECT 1001, day, id, 1, 1 FROM days CROSS JOIN registries ORDER BY 2, 3`,
      last,
      days,
    );
    const retention = { ...storeOptionsOf().retention, days: 50 * DAY_MS };
    const folding = new Folding(database, retention);
    let turns = 0;
    const timer = setInterval(() => {
      turns++;
      folding.step(noon);
    });
    const { pulls } = await totals(database, {
      of: { namespace: "team/" },
      from: 0,
      to: today,
    });
    clearInterval(timer);
    assert.ok(turns > 0);
    assert.equal(pulls, 200 * days);
    assert.ok(Number(database.get("SELECT count(*) AS n FROM namespace_months")?.n) > 0);
  } finally {
    database.close();
  }
});
