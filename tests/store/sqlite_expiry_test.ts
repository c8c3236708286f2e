/**
 * A step that drops what was deleted long ago is short, whatever there is to drop or to keep.
 *
 * @module
 */

import assert from "node:assert/strict";

import { Database } from "../../lib/store/sqlite/database.ts";
import { Expiry } from "../../lib/store/sqlite/expiry.ts";
import { noon } from "../support/events.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const DAY_MS = 86_400_000;
const { retention } = storeOptionsOf();
/** What was deleted before this is due at noon. */
const due = noon - retention.deleted;
const upTo = (name: string, count: number): string =>
  `${name} (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM ${name} WHERE i < ${count})`;

/** Does something with a database in a file of its own. */
async function withDatabase(
  action: (database: Database, countOf: (table: string) => number) => void,
): Promise<void> {
  await using folder = await tempDir();
  const database = new Database(folder.join("drec.db"));
  try {
    database.run("INSERT INTO repositories (id, repository, registry) VALUES (1, 'a', 'default')");
    action(
      database,
      (table) => Number(database.get(`SELECT count(*) AS count FROM ${table}`)?.count),
    );
  } finally {
    database.close();
  }
}

/** Manifests that were deleted, and last used a day later or a day before. */
function addManifests(
  database: Database,
  { count, deletedAt, isUsed }: { count: number; deletedAt: number; isUsed: boolean },
): void {
  database.run(
    `INSERT INTO manifests (repository_id, digest, deleted_at, last_used)
      WITH RECURSIVE ${upTo("n", count)} SELECT 1, randomblob(16), ?, ? FROM n`,
    deletedAt,
    deletedAt + (isUsed ? DAY_MS : -DAY_MS),
  );
}

Deno.test("Expiry drops a bounded number of rows in a step", async (t) => {
  await t.step("of the days of tags", () =>
    withDatabase((database, countOf) => {
      database.run(`INSERT INTO tags (id, repository_id, tag, deleted_at)
        WITH RECURSIVE ${upTo("n", 100)} SELECT i, 1, 't' || i, 1 FROM n`);
      database.run(`INSERT INTO tag_days (tag_id, day) WITH RECURSIVE ${upTo("n", 90)}
        SELECT tags.id, ${Math.floor(noon / DAY_MS)} - i FROM tags CROSS JOIN n`);
      const expiry = new Expiry(database, retention);
      let before = countOf("tag_days");
      for (let hasMore = true; hasMore;) {
        hasMore = expiry.step(noon);
        assert.ok(before - countOf("tag_days") <= 1200);
        before = countOf("tag_days");
        // What it begins, it ends.
        assert.equal(before, 90 * countOf("tags"));
      }
      assert.equal(countOf("tags"), 0);
    }));
  await t.step("of the references of manifests", () =>
    withDatabase((database, countOf) => {
      addManifests(database, { count: 50, deletedAt: due - 1, isUsed: false });
      database.run(`INSERT INTO manifest_references (parent_id, child, repository_id, of_index)
        WITH RECURSIVE ${upTo("n", 200)}
        SELECT id, CAST('c' || i AS BLOB), 1, 0 FROM manifests CROSS JOIN n`);
      const expiry = new Expiry(database, retention);
      let before = countOf("manifest_references");
      for (let hasMore = true; hasMore;) {
        hasMore = expiry.step(noon);
        assert.ok(before - countOf("manifest_references") <= 1200);
        before = countOf("manifest_references");
        assert.equal(before, 200 * countOf("manifests"));
      }
      assert.equal(countOf("manifests"), 0);
    }));
});

Deno.test("Expiry passes by what is used again in short steps, once a day", async () => {
  const medianOf = async (count: number): Promise<number> => {
    const times: number[] = [];
    await withDatabase((database, countOf) => {
      addManifests(database, { count, deletedAt: due - DAY_MS, isUsed: true });
      const expiry = new Expiry(database, retention);
      for (let hasMore = true; hasMore;) {
        const began = performance.now();
        hasMore = expiry.step(noon);
        times.push(performance.now() - began);
      }
      assert.equal(expiry.step(noon), false);
      assert.equal(countOf("manifests"), count);
    });
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  };
  const [few, many] = [await medianOf(5000), await medianOf(100_000)];
  assert.ok(many < 10 * few, `${few} ms of 5,000 manifests, ${many} ms of 100,000`);
});

Deno.test("Expiry drops what is due behind what is used again", async () => {
  await withDatabase((database, countOf) => {
    const expiry = new Expiry(database, retention);
    const expire = (now: number): number => {
      while (expiry.step(now));
      return countOf("manifests");
    };
    addManifests(database, { count: 1200, deletedAt: due - DAY_MS, isUsed: true });
    addManifests(database, { count: 1200, deletedAt: due - DAY_MS, isUsed: false });
    addManifests(database, { count: 7, deletedAt: due + 1000, isUsed: false });
    assert.equal(expire(noon), 1207);
    // Due a little later, on the same day.
    assert.equal(expire(noon + 1001), 1200);
    // A delete that arrives late is found when the walk begins again.
    addManifests(database, { count: 5, deletedAt: due - 9 * DAY_MS, isUsed: false });
    assert.equal(expire(noon + DAY_MS), 1200);
    // With a clock that was set back nothing goes before its time.
    addManifests(database, { count: 3, deletedAt: due - DAY_MS, isUsed: false });
    assert.equal(expire(noon - 2 * DAY_MS), 1203);
  });
});
