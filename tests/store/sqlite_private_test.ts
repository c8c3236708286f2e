/**
 * Who may read the files of a database.
 */

import assert from "node:assert/strict";
import { join } from "node:path";

import { configure, type LogRecord, reset } from "@logtape/logtape";

import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import { tempDir } from "../support/wait.ts";
import { record, storeOptionsOf } from "./contract_support.ts";

const ignore = Deno.build.os === "windows";

/** The modes of the files in a folder, in octal. */
async function modesIn(folder: string): Promise<Record<string, string>> {
  const modes: Record<string, string> = {};
  for await (const { name } of Deno.readDir(folder)) {
    modes[name] = await modeOf(join(folder, name));
  }
  return modes;
}

async function modeOf(path: string): Promise<string> {
  return (((await Deno.stat(path)).mode ?? 0) & 0o777).toString(8);
}

/** Opens a database, records an event, and says what modes its files have meanwhile. */
async function modesAtWork(folder: string): Promise<Record<string, string>> {
  const store = await openSqliteStore(
    { path: join(folder, "drec.db"), exclusive: true },
    storeOptionsOf(),
  );
  try {
    await record(store, [{}]);
    return await modesIn(folder);
  } finally {
    await store.close();
  }
}

Deno.test({
  name: "openSqliteStore() makes files and a folder that only its user can read",
  ignore,
  async fn() {
    await using temp = await tempDir();
    const folder = temp.join("a", "data");
    const modes = await modesAtWork(folder);
    for (const name of ["drec.db", "drec.db-wal", "drec.db-shm", "drec.db.lock"]) {
      assert.equal(modes[name], "600", name);
    }
    assert.deepEqual([...new Set(Object.values(modes))], ["600"]);
    assert.equal(await modeOf(folder), "700");
  },
});

Deno.test({
  name: "openSqliteStore() closes what everybody can read, and says so",
  ignore,
  async fn(t) {
    await using temp = await tempDir();
    const { path: folder } = temp;
    await modesAtWork(folder);
    const file = temp.join("drec.db");
    const logged = async (mode: number): Promise<LogRecord[]> => {
      await Deno.chmod(file, mode);
      const records: LogRecord[] = [];
      await configure({
        sinks: { test: (record) => void records.push(record) },
        loggers: [
          { category: "drec", sinks: ["test"] },
          { category: ["logtape", "meta"], sinks: [] },
        ],
      });
      try {
        await modesAtWork(folder);
      } finally {
        await reset();
      }
      return records;
    };
    await t.step("once", async () => {
      const [line = assert.fail()] = await logged(0o644);
      assert.equal(line.level, "warning");
      assert.equal(line.properties.file, file);
      assert.equal(await modeOf(file), "600");
      assert.deepEqual(await logged(0o600), []);
    });
    await t.step("but not what a group was given", async () => {
      assert.deepEqual(await logged(0o640), []);
      assert.equal(await modeOf(file), "640");
    });
    await t.step("and leaves a folder that was there as it is", async () => {
      await Deno.chmod(folder, 0o755);
      await modesAtWork(folder);
      assert.equal(await modeOf(folder), "755");
    });
  },
});

Deno.test({
  name: "openSqliteStore() leaves the file of another program as it is",
  ignore,
  async fn() {
    await using temp = await tempDir();
    const path = temp.join("passwords");
    await Deno.writeTextFile(path, "no database");
    await Deno.chmod(path, 0o644);
    await assert.rejects(openSqliteStore({ path, exclusive: true }, storeOptionsOf()));
    assert.equal(await modeOf(path), "644");
  },
});
