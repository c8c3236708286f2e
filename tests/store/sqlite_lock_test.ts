/**
 * That one process at a time serves a database.
 */

import assert from "node:assert/strict";

import { openSqliteStore } from "../../lib/store/sqlite/open.ts";
import type { Store } from "../../lib/store/store.ts";
import { tempDir } from "../support/wait.ts";
import { storeOptionsOf } from "./contract_support.ts";

const open = (path: string): Promise<Store> =>
  openSqliteStore({ path, exclusive: true }, storeOptionsOf());

/** Hands a body to the inbox of a store. */
async function append(store: Store, text = "{}"): Promise<void> {
  const body = new TextEncoder().encode(text);
  const receivedAt = Date.now();
  await store.inbox?.append([{ registry: "default", receivedAt, body, deadline: Infinity }]);
}

/** The ends of what a store has found in its inbox. */
function foundIn(store: Store): string[] {
  const found = store.inbox?.takeFound() ?? [];
  return found.map(({ records }) => new TextDecoder().decode(records.slice(-3)));
}

Deno.test("a store whose lock has been removed takes nothing any more", async () => {
  await using folder = await tempDir();
  const path = folder.join("drec.db");
  const store = await open(path);
  await append(store, "one");
  await Deno.remove(`${path}.lock`);
  const other = await open(path);
  const removed = { code: "unavailable", message: /lock ".*" has been removed/, hint: /start one/ };
  await append(other, "two");
  await assert.rejects(append(store, "bad"), removed);
  await assert.rejects(async () => await store.inbox?.clear({ wipe: true }), removed);
  await assert.rejects(store.ping(), removed);
  await other.close();
  await store.close();
  const again = await open(path);
  assert.deepEqual(foundIn(again), ["one", "two"]);
  await again.close();
});

Deno.test({
  name: "openSqliteStore() finds the lock behind a link",
  ignore: Deno.build.os === "windows",
  async fn(t) {
    await using folder = await tempDir();
    await Deno.mkdir(folder.join("data"));
    const link = folder.join("link.db");
    await Deno.symlink("data/drec.db", link);

    await t.step("also where the file is not there yet", async () => {
      const store = await open(link);
      try {
        await append(store);
        await assert.rejects(open(folder.join("data", "drec.db")), { code: "conflict" });
        await assert.rejects(open(link), { code: "conflict" });
      } finally {
        await store.close();
      }
    });
    await t.step("and makes all files beside the database", async () => {
      const entries = await Array.fromAsync(Deno.readDir(folder.path));
      assert.deepEqual(entries.map(({ name }) => name).sort(), ["data", "link.db"]);
      const { mode } = await Deno.stat(folder.join("data", "drec.db"));
      assert.equal((mode ?? 0) & 0o777, 0o600);
    });
    await t.step("a loop of links is told of", async () => {
      await Deno.symlink("b.db", folder.join("a.db"));
      await Deno.symlink("a.db", folder.join("b.db"));
      await assert.rejects(open(folder.join("a.db")), { code: "unavailable", hint: /sqlite.path/ });
    });
  },
});
