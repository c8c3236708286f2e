/**
 * What protects an unused tag is found in few steps, however much its manifest belongs to.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Protector } from "../../lib/store/unused.ts";
import { noon } from "../support/events.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const before = noon - 90 * 86_400_000;
const upTo = (count: number): string =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`;

/** An image of several tags, in so many indexes of which one may be in use. */
interface Shared {
  readonly indexes: number;
  readonly used?: number;
  readonly tags: number;
  /** Something else in the database. */
  readonly sql?: string;
}

/** What protects each of the first tags, and how long the page takes, in milliseconds. */
async function protectorsOf(
  { indexes, used = 0, tags, sql = "" }: Shared,
): Promise<{ protectors: (readonly Protector[])[]; ms: number }> {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await openSqliteStore({ path, exclusive: true }, storeOptionsOf());
  try {
    {
      using database = new DatabaseSync(path);
      database.exec(`BEGIN;
        INSERT INTO repositories (id, repository, registry, listed) VALUES (1, 'a', 'default', 1);
        INSERT INTO tags (repository_id, tag, digest, last_used) ${upTo(tags)}
          SELECT 1, 't' || i, CAST('image' AS BLOB), i FROM n;
        INSERT INTO manifests (id, repository_id, digest, last_used) ${upTo(indexes)}
          SELECT i, 1, CAST('index-' || i AS BLOB), CASE i WHEN ${used} THEN ${noon} ELSE 1 END
          FROM n;
        INSERT INTO manifest_references (parent_id, child, repository_id, of_index)
          SELECT id, CAST('image' AS BLOB), 1, 1 FROM manifests;
        ${sql};
        COMMIT`);
    }
    const times: number[] = [];
    let protectors: (readonly Protector[])[] = [];
    for (let count = 0; count < 3; count++) {
      const began = performance.now();
      const { items } = await store.listUnused({ kind: "tags", before, limit: 50 });
      times.push(performance.now() - began);
      protectors = items.map(({ protectedBy }) => protectedBy);
    }
    return { protectors, ms: Math.min(...times) };
  } finally {
    await store.close();
  }
}

Deno.test("SqliteStore finds what protects an image of many indexes", async (t) => {
  await t.step("the one in use among all that are looked at", async () => {
    for (const used of [1, 500, 1000]) {
      const { protectors } = await protectorsOf({ indexes: 1000, used, tags: 2 });
      assert.deepEqual(protectors, Array(2).fill([{ digest: `index-${used}` }]));
    }
  });
  await t.step("nothing, where all have been looked at", async () => {
    const { protectors } = await protectorsOf({ indexes: 1000, tags: 2 });
    assert.deepEqual(protectors, [[], []]);
  });
  await t.step("the one in use among the newest", async () => {
    const { protectors } = await protectorsOf({ indexes: 5000, used: 4500, tags: 2 });
    assert.deepEqual(protectors, Array(2).fill([{ digest: "index-4500" }]));
  });
  await t.step("one that may be in use, where not all have been looked at", async () => {
    for (const used of [0, 7]) {
      const { protectors } = await protectorsOf({ indexes: 5000, used, tags: 2 });
      assert.deepEqual(protectors, Array(2).fill([{ digest: "index-4000" }]));
    }
  });
  await t.step("the one in use that is above them", async () => {
    const sql = `INSERT INTO manifests (id, repository_id, digest, last_used) VALUES
        (9001, 1, CAST('outer' AS BLOB), 1), (9002, 1, CAST('outermost' AS BLOB), ${noon});
      INSERT INTO manifest_references (parent_id, child, repository_id, of_index) VALUES
        (9001, CAST('index-7' AS BLOB), 1, 1), (9002, CAST('outer' AS BLOB), 1, 1)`;
    const { protectors } = await protectorsOf({ indexes: 900, tags: 1, sql });
    assert.deepEqual(protectors, [[{ digest: "outermost" }]]);
  });
});

Deno.test("SqliteStore names ten tags in use, whichever tag is asked about", async () => {
  const sql = `UPDATE tags SET last_used = ${noon} WHERE CAST(substr(tag, 2) AS INTEGER) > 3`;
  const { protectors } = await protectorsOf({ indexes: 0, tags: 14, sql });
  const used = ["t10", "t11", "t12", "t13", "t14", "t4", "t5", "t6", "t7", "t8"];
  assert.deepEqual(protectors, Array(3).fill(used.map((tag) => ({ tag }))));
});

Deno.test("SqliteStore looks at as much for the protectors of a page, whatever there is", async () => {
  const few = await protectorsOf({ indexes: 2000, tags: 50 });
  const many = await protectorsOf({ indexes: 40_000, tags: 50 });
  assert.ok(many.ms < 5 * few.ms, `${few.ms} ms of 2,000 indexes, ${many.ms} ms of 40,000`);
  const some = await protectorsOf({ indexes: 0, tags: 1000 });
  const most = await protectorsOf({ indexes: 0, tags: 20_000 });
  assert.ok(most.ms < 10 * some.ms, `${some.ms} ms of 1,000 tags, ${most.ms} ms of 20,000`);
});
