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

function keysOf(path: string): string[] {
  using found = new DatabaseSync(path);
  const rows = found.prepare("SELECT key FROM meta WHERE key LIKE 'test %' ORDER BY key").all();
  return rows.map(({ key }) => String(key).slice(5));
}

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
      return keysOf(copy.join("drec.db"));
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
  // The disk may have taken the log before it had "b".
  assert.ok(!(await Deno.readTextFile(test.path)).includes("test b"));
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

Deno.test("after the disk has failed to take the log, all of it goes into the database", async () => {
  await using test = await openDatabase();
  test.put("a");
  {
    using _ = failingDisk();
    await assert.rejects(test.database.flush(false), { code: "unavailable", message: /I\/O/ });
  }
  await test.database.flush(false);
  assert.deepEqual(await test.keysIn(""), ["a"]);
});

Deno.test("a success beside a failure is none: the log goes into the database as well", async () => {
  await using test = await openDatabase();
  test.put("a");
  const disk = failingDisk();
  const failed = test.database.flush(false);
  disk[Symbol.dispose]();
  const beside = test.database.flush(false);
  await assert.rejects(failed, { code: "unavailable" });
  await beside;
  assert.deepEqual(await test.keysIn(""), ["a"]);
});

Deno.test("a log that the database may not have is kept for the next process", async () => {
  await using test = await openDatabase();
  test.put("a");
  await test.database.checkpoint();
  test.put("b");
  // What the disk has of the database.
  await Deno.copyFile(test.path, `${test.path}-old`);
  {
    // The log is taken, the database is not.
    using _ = failingDisk({ successes: 1 });
    await assert.rejects(test.database.checkpoint(), { code: "unavailable" });
  }
  for (const key of ["c", "d"]) test.put(key);
  await test.database.checkpoint();
  test.put("e");
  await using next = await tempDir();
  await Deno.copyFile(`${test.path}-old`, next.join("drec.db"));
  await Deno.copyFile(`${test.path}-wal`, next.join("drec.db-wal"));
  assert.deepEqual(keysOf(next.join("drec.db")), ["a", "b", "c", "d", "e"]);
});

/** No disk here can be made to fail at will: the system call is made to. */
function failingDisk({ successes = 0 } = {}): Disposable {
  const { syncData } = Deno.FsFile.prototype;
  let calls = 0;
  Deno.FsFile.prototype.syncData = function () {
    return calls++ < successes ? syncData.call(this) : Promise.reject(new Error("I/O error"));
  };
  return { [Symbol.dispose]: () => void (Deno.FsFile.prototype.syncData = syncData) };
}
