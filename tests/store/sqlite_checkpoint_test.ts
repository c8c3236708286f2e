/**
 * Checkpoints of the embedded store: what they copy is in the database file, what is committed
 * meanwhile stays in the log, and the log is used again.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { Database } from "../../lib/store/sqlite/database.ts";
import { tempDir } from "../support/wait.ts";

const PADDING = "x".repeat(4000);

/** A database in a folder of its own. */
async function openDatabase() {
  const folder = await tempDir();
  const path = folder.join("drec.db");
  const database = new Database(path, true);
  return {
    database,
    path,
    put: (key: string) =>
      database.transaction(() => {
        database.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", `test ${key}`, PADDING);
      }),
    /** Keys in a copy of some of its files, as they are now: what the next process would find. */
    async keysIn(...suffixes: string[]): Promise<string[]> {
      const copy = await tempDir();
      await using _ = copy;
      for (const suffix of suffixes) {
        await Deno.copyFile(`${path}${suffix}`, copy.join(`drec.db${suffix}`));
      }
      using found = new DatabaseSync(copy.join("drec.db"));
      const rows = found.prepare("SELECT key FROM meta WHERE key LIKE 'test %' ORDER BY key").all();
      return rows.map(({ key }) => String(key).slice(5));
    },
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

Deno.test("checkpoint() puts what was committed into the database file", async () => {
  await using test = await openDatabase();
  test.put("a");
  await test.database.checkpoint();
  assert.deepEqual(await test.keysIn(""), ["a"]);
});

Deno.test("what is committed during a checkpoint is not lost, whatever survives", async () => {
  await using test = await openDatabase();
  test.put("a");
  const checkpoint = test.database.checkpoint();
  test.put("b");
  assert.deepEqual(await test.keysIn("", "-wal"), ["a", "b"]);
  await checkpoint;
  test.put("c");
  assert.deepEqual(await test.keysIn("", "-wal"), ["a", "b", "c"]);
  await test.database.checkpoint();
  assert.deepEqual(await test.keysIn(""), ["a", "b", "c"]);
});

Deno.test("the log is used again after a checkpoint, and grows no further", async () => {
  await using test = await openDatabase();
  const size = async () => (await Deno.stat(`${test.path}-wal`)).size;
  const write = () => {
    for (let index = 0; index < 50; index++) test.put(`${index}`);
  };
  write();
  const before = await size();
  for (let round = 0; round < 5; round++) {
    await test.database.checkpoint();
    write();
  }
  assert.ok(await size() < 1.5 * before, `${before} bytes, then ${await size()}`);
});

Deno.test("a reader elsewhere puts a checkpoint off, and loses nothing", async () => {
  await using test = await openDatabase();
  test.put("a");
  using other = new DatabaseSync(test.path, { readOnly: true });
  other.exec("BEGIN");
  other.prepare("SELECT * FROM meta").all();
  test.put("b");
  await test.database.checkpoint();
  assert.deepEqual(await test.keysIn("", "-wal"), ["a", "b"]);
  other.exec("COMMIT");
  await test.database.checkpoint();
  assert.deepEqual(await test.keysIn(""), ["a", "b"]);
});
