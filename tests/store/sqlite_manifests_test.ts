/**
 * A list of manifests holds up nobody, however many references they have.
 *
 * @module
 */

import assert from "node:assert/strict";

import { Database } from "../../lib/store/sqlite/database.ts";
import { listManifests } from "../../lib/store/sqlite/manifests.ts";
import { tempDir } from "../support/wait.ts";

const app = { registry: "default", repository: "app" };
const upTo = (name: string, count: number): string =>
  `${name} (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM ${name} WHERE i < ${count})`;

/** A database whose longest statement is known. */
class Timed extends Database {
  longest = 0;

  override all(...parameters: Parameters<Database["all"]>): ReturnType<Database["all"]> {
    return timed(this, () => super.all(...parameters));
  }

  override get(...parameters: Parameters<Database["get"]>): ReturnType<Database["get"]> {
    return timed(this, () => super.get(...parameters));
  }
}

function timed<T>(database: Timed, action: () => T): T {
  const began = performance.now();
  const result = action();
  database.longest = Math.max(database.longest, performance.now() - began);
  return result;
}

/** Does something with a database of so many indexes, each with the same images. */
async function withIndexes<T>(
  { indexes, images }: { indexes: number; images: number },
  action: (database: Timed) => Promise<T>,
): Promise<T> {
  await using folder = await tempDir();
  const database = new Timed(folder.join("drec.db"));
  try {
    database.transaction(() => {
      database.run(`INSERT INTO repositories (id, repository, registry, listed)
        VALUES (1, 'app', 'default', 1)`);
      database.run(`INSERT INTO manifests (id, repository_id, digest, kind) WITH RECURSIVE
        ${upTo("n", indexes)} SELECT i, 1, CAST(printf('a%06d', i) AS BLOB), 'index' FROM n`);
      database.run(`INSERT INTO manifests (id, repository_id, digest, size) WITH RECURSIVE
        ${upTo("n", images)} SELECT 1000000 + i, 1, CAST('b' || i AS BLOB), 7 FROM n`);
      database.run(`INSERT INTO manifest_references
        (parent_id, child, repository_id, of_index, platform) WITH RECURSIVE
        ${upTo("n", indexes)}, ${upTo("m", images)}
        SELECT n.i, CAST('b' || m.i AS BLOB), 1, 1, 'linux/' || (m.i % 3) FROM n CROSS JOIN m`);
    });
    return await action(database);
  } finally {
    database.close();
  }
}

Deno.test("listManifests() reads what one index consists of in each statement", async () => {
  const longestOf = (indexes: number): Promise<number> =>
    withIndexes({ indexes, images: 4000 }, async (database) => {
      const times: number[] = [];
      for (let count = 0; count < 5; count++) {
        database.longest = 0;
        const { items } = await listManifests(database, app, { limit: indexes });
        assert.deepEqual(items[0]?.platforms, ["linux/0", "linux/1", "linux/2"]);
        assert.equal(items[0]?.size, 28_000);
        times.push(database.longest);
      }
      return Math.min(...times);
    });
  const [one, ten] = [await longestOf(1), await longestOf(10)];
  assert.ok(ten < 4 * one, `${one} ms of one index, ${ten} ms of ten`);
});

Deno.test("listManifests() asks a bounded number of indexes for the platform of an image", async () => {
  const longestOf = (indexes: number): Promise<number> =>
    withIndexes({ indexes, images: 1 }, async (database) => {
      const times: number[] = [];
      for (let count = 0; count < 5; count++) {
        database.longest = 0;
        const { items } = await listManifests(database, app, { limit: 1, after: [btoa("b")] });
        assert.deepEqual(items.map(({ platforms }) => platforms), [["linux/1"]]);
        times.push(database.longest);
      }
      return Math.min(...times);
    });
  const [few, many] = [await longestOf(2000), await longestOf(60_000)];
  assert.ok(many < 5 * few, `${few} ms of 2,000 indexes, ${many} ms of 60,000`);
});
