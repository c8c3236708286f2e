/**
 * An id is known from the commit that counted it on, before it is in the index and afterwards.
 *
 * @module
 */

import assert from "node:assert/strict";

import { Database } from "../../lib/store/sqlite/database.ts";
import { indexIds } from "../../lib/store/sqlite/event_ids.ts";
import { SqliteStore } from "../../lib/store/sqlite/sqlite_store.ts";
import { digestOf, noon } from "../support/events.ts";
import { tempDir } from "../support/wait.ts";
import { app, record, storeOptionsOf } from "./contract_support.ts";

/** More than are added to the index at once. */
const MANY = 10_000;

const day = 86_400_000;

/** A database with a store, and a connection that looks into it. */
async function openStore() {
  const folder = await tempDir();
  const path = folder.join("drec.db");
  const open = () => SqliteStore.open(path, storeOptionsOf());
  const store = open();
  const beside = new Database(path);
  return {
    store,
    another: open,
    index: () => beside.transaction(() => indexIds(beside)),
    /** How many ids the index has. */
    indexed: () => Number(beside.get("SELECT count(*) AS count FROM event_ids")?.count),
    clearLog: () => beside.run("DELETE FROM events"),
    async [Symbol.asyncDispose]() {
      beside.close();
      await store.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const pulls = (ids: readonly string[]) => ids.map((id) => ({ id }));

Deno.test("ids are added to the index many at a time, and none is heard twice", async () => {
  await using test = await openStore();
  const batches = Array.from(
    { length: MANY / 500 },
    (_, batch) => pulls(Array.from({ length: 500 }, (_, n) => `${batch} ${n}`)),
  );
  for (const batch of batches) await record(test.store, batch);
  assert.ok(test.indexed() > 0 && test.indexed() < MANY, `${test.indexed()} are in the index`);
  for (const batch of batches) {
    const outcomes = await record(test.store, batch);
    assert.ok(outcomes.every((outcome) => outcome === "duplicate"));
  }
});

Deno.test("old ids are forgotten, a few thousand at a time, and no others", async () => {
  await using test = await openStore();
  for (let batch = 0; batch < 12; batch++) {
    const ids = Array.from({ length: 500 }, (_, n) => `${n} ${batch}`);
    await record(test.store, pulls(ids), { receivedAt: noon + (batch % 2) * 10 * day });
  }
  const now = noon + storeOptionsOf().retention.ids + 2 * day;
  let steps = 1;
  while (await test.store.expire(now)) steps++;
  assert.ok(steps > 1, "more than are looked at in one step");
  assert.equal(test.indexed(), 3000);
  const outcomes = await record(test.store, pulls(["7 0", "7 1"]), { receivedAt: now });
  assert.deepEqual(outcomes, ["counted", "duplicate"]);
});

Deno.test("a store that is opened again knows the ids that are only in the log", async () => {
  await using test = await openStore();
  await record(test.store, pulls(["a", "b"]));
  assert.equal(test.indexed(), 0);
  const again = test.another();
  assert.deepEqual(await record(again, pulls(["a", "b", "c"])), [
    "duplicate",
    "duplicate",
    "counted",
  ]);
  await again.close();
});

Deno.test("two processes know each other's ids, whoever adds them to the index", async () => {
  await using test = await openStore();
  const other = test.another();
  await record(test.store, pulls(["a"]));
  await record(other, pulls(["b"]));
  assert.deepEqual(await record(test.store, pulls(["a", "b"])), ["duplicate", "duplicate"]);
  test.index();
  await record(other, pulls(["c"]));
  assert.equal(test.indexed(), 2);
  for (const store of [test.store, other]) {
    const outcomes = await record(store, pulls(["a", "b", "c"]));
    assert.deepEqual(outcomes, ["duplicate", "duplicate", "duplicate"]);
  }
  await other.close();
});

Deno.test("what a failed batch has brought is not known", async () => {
  await using test = await openStore();
  await record(test.store, pulls(["a"]));
  // No such event is read; it fails where it is written.
  const poison = { id: "poison", repository: null as unknown as string };
  await assert.rejects(record(test.store, [...pulls(["b"]), poison]));
  assert.deepEqual(await record(test.store, pulls(["a", "b"])), ["duplicate", "counted"]);
});

Deno.test("where all events of the log are gone, the ids of later ones are not lost", async () => {
  await using test = await openStore();
  await record(test.store, pulls(["a", "b", "c"]));
  test.index();
  test.clearLog();
  const again = test.another();
  await record(again, pulls(["d"]));
  await again.close();
  assert.deepEqual(await record(test.store, pulls(["a", "d"])), ["duplicate", "duplicate"]);
});

Deno.test("a pull claims its HEAD, whether that is in the index or not", async (t) => {
  for (const isIndexed of [false, true]) {
    await t.step(isIndexed ? "in the index" : "in the log", async () => {
      await using test = await openStore();
      await record(test.store, [{ id: "head", method: "HEAD" }]);
      if (isIndexed) test.index();
      await record(test.store, [{ id: "get", tag: undefined, digest: digestOf("a") }]);
      const [tag] = (await test.store.listTags(app, { limit: 1 })).items;
      assert.deepEqual([tag?.checks, tag?.pulls], [1, 1]);
      // A second one finds it claimed.
      await record(test.store, [{ id: "next", tag: undefined, digest: digestOf("a") }]);
      assert.equal((await test.store.findTag(app, tag?.tag ?? ""))?.pulls, 1);
    });
  }
});
