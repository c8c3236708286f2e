/**
 * Waiting for the disk, when that fails: the write-ahead log may be lost then, whatever it says later.
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
  const database = new Database(path);
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

Deno.test("after the disk has failed to take the log, all of it goes into the database", async () => {
  await using test = await openDatabase();
  test.put("a");
  {
    using _ = failingDisk();
    await assert.rejects(test.database.flush(), { code: "unavailable", message: /I\/O/ });
  }
  await test.database.flush();
  assert.deepEqual(await test.keysIn(""), ["a"]);
});

Deno.test("a success beside a failure is none: the log goes into the database as well", async () => {
  await using test = await openDatabase();
  test.put("a");
  const disk = failingDisk();
  const failed = test.database.flush();
  disk[Symbol.dispose]();
  const beside = test.database.flush();
  await assert.rejects(failed, { code: "unavailable" });
  await beside;
  assert.deepEqual(await test.keysIn(""), ["a"]);
});

/** No disk here can be made to fail at will: the system call is made to. */
function failingDisk(): Disposable {
  const { syncData } = Deno.FsFile.prototype;
  Deno.FsFile.prototype.syncData = () => Promise.reject(new Error("I/O error"));
  return { [Symbol.dispose]: () => void (Deno.FsFile.prototype.syncData = syncData) };
}
