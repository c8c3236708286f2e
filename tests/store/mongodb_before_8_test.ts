/**
 * The MongoDB store on a server before 8.0, where some writes of a batch come after it: whatever
 * happens in between, all of them are made, once.
 */

import assert from "node:assert/strict";

import { type Document, Long } from "mongodb";

import { instanceId } from "../../lib/store/mongodb/instances.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { EventFault, type Store } from "../../lib/store/store.ts";
import { digestOf, eventOf, type EventParts, noon, noonUs, receivedOf } from "../support/events.ts";
import { needs } from "../support/require.ts";
import { deletingCases } from "./contract_deleting.ts";
import { app, daysOf, findApp, gone, record, storeOptionsOf } from "./contract_support.ts";
import { startProxy } from "./mongodb_proxy.ts";
import { collection, type MongoUnderTest, named, useMongo } from "./mongodb_support.ts";

/** MongoDB 7.0 by its wire protocol. */
const wireVersion = 21;
const push: EventParts = { action: "push", method: "PUT" };

/** A store that takes its server for MongoDB 7.0. */
interface OldStore extends AsyncDisposable {
  readonly store: Store;
  readonly mongo: MongoUnderTest;
  /** Opens a second store on the same data. */
  another(): Promise<Store>;
}

async function openOld(options = storeOptionsOf()): Promise<OldStore> {
  const mongo = await useMongo();
  const port = Number(new URL(mongo.connection.uri).port);
  const proxy = startProxy(port, { wireVersion });
  const opened: Store[] = [];
  const another = async (): Promise<Store> => {
    const store = await openMongoStore({ ...mongo.connection, uri: proxy.uri }, options);
    opened.push(store);
    return store;
  };
  return {
    store: await another(),
    mongo,
    another,
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close();
      await proxy[Symbol.asyncDispose]();
      await mongo[Symbol.asyncDispose]();
    },
  };
}

/** As documents hold it. */
async function tombstone({ mongo }: OldStore): Promise<Document> {
  return await mongo.db.collection<Document & { _id: string }>(named("meta"))
    .findOne({ _id: "tombstone\ndefault\nteam/app" }) ?? assert.fail();
}

for (const { name, options, run } of deletingCases) {
  Deno.test({
    name: `MongoStore before 8.0: ${name}`,
    ...needs("mongodb"),
    async fn(t) {
      await using old = await openOld(storeOptionsOf(options));
      const notHere = () => Promise.reject(new Error("not in these lines of the contract"));
      await run(t, {
        store: old.store,
        poison: eventOf(),
        reopen: old.another,
        another: old.another,
        fillTags: notHere,
        addStars: notHere,
        dispose: notHere,
      });
    },
  });
}

Deno.test({
  name: "MongoStore before 8.0 deletes a repository between events of the same batch",
  ...needs("mongodb"),
  async fn() {
    await using old = await openOld();
    const { store, mongo } = old;
    await record(store, [{ ...push, actor: "alice" }, { tag: "2.0" }]);
    await store.setStar(app, { user: "alice", at: noon, isStarred: true });
    const outcomes = await record(store, [
      { repository: "team/other" },
      { tag: "3.0" },
      { ...gone, at: noonUs + 1 },
      { tag: "4.0", at: noonUs + 2 },
      { tag: "late", at: noonUs },
    ]);
    assert.deepEqual(outcomes, ["counted", "counted", "counted", "counted", "ignored"]);
    const { pulls, pushes, tagCount, stars, actors } = await findApp(store);
    assert.deepEqual([pulls, pushes, tagCount, stars, actors], [1, 0, 1, 0, []]);
    assert.equal((await findApp(store, "team/other")).pulls, 1);
    const { items } = await store.listTags(app, { limit: 9 });
    assert.deepEqual(items.map(({ tag }) => tag), ["4.0"]);
    for (const suffix of ["manifests", "stars"]) {
      const left = await mongo.db.collection(named(suffix))
        .countDocuments({ repositoryname: "team/app" });
      assert.equal(left, suffix === "manifests" ? 1 : 0, suffix);
    }
    assert.equal((await tombstone(old)).remains, undefined);
    const { received, counted, ignored } = await store.accounting();
    assert.deepEqual([received, counted, ignored], [7, 6, 1]);
  },
});

Deno.test({
  name: "MongoStore before 8.0 removes what a collector has left that died within a delete",
  ...needs("mongodb"),
  async fn(t) {
    const left = async (old: OldStore): Promise<void> => {
      await record(old.store, [{ ...push, actor: "alice" }, { tag: "2.0" }]);
      // As it is between the two transactions of a delete.
      await old.mongo.db.collection(collection).deleteMany({});
      await old.mongo.db.collection<Document & { _id: string }>(named("meta")).insertOne({
        _id: "tombstone\ndefault\nteam/app",
        at: Long.fromNumber(noonUs + 1),
        remains: true,
      });
    };
    await t.step("before the next event of the repository counts", async () => {
      await using old = await openOld();
      await left(old);
      await record(old.store, [{ tag: "3.0", at: noonUs + 2 }]);
      const { pulls, pushes, tagCount, actors } = await findApp(old.store);
      assert.deepEqual([pulls, pushes, tagCount, actors], [1, 0, 1, []]);
      const { items } = await old.store.listTags(app, { limit: 9 });
      assert.deepEqual(items.map(({ tag }) => tag), ["3.0"]);
      const days = await daysOf(old.store, { ...app, metric: "pushes", from: 0, to: 30_000 });
      assert.deepEqual(days, []);
      assert.equal((await tombstone(old)).remains, undefined);
    });
    await t.step("or with the next upkeep", async () => {
      await using old = await openOld();
      await left(old);
      while (await old.store.expire(noon));
      for (const suffix of ["tags", "manifests", "daily", "breakdowns"]) {
        assert.equal(await old.mongo.db.collection(named(suffix)).countDocuments(), 0, suffix);
      }
      assert.equal((await tombstone(old)).remains, undefined);
    });
    await t.step("also where the server has become a newer one", async () => {
      await using old = await openOld();
      await left(old);
      const store = await old.mongo.open();
      await record(store, [{ tag: "3.0", at: noonUs + 2 }]);
      const { items } = await store.listTags(app, { limit: 9 });
      assert.deepEqual(items.map(({ tag }) => tag), ["3.0"]);
    });
  },
});

Deno.test({
  name: "MongoStore before 8.0 accounts once for what is durable when a later part is at fault",
  ...needs("mongodb"),
  async fn() {
    await using old = await openOld();
    const { store } = old;
    const long = "\u{1f433}".repeat(256);
    const reference = { mediaType: long, platform: long, artifactType: long };
    const references = Array.from({ length: 10_000 }, (_, index) => ({
      ...reference,
      digest: digestOf(index),
    }));
    const [before, deletes, poison] = [
      receivedOf(eventOf({ repository: "team/other" })),
      receivedOf(eventOf({ ...gone, at: noonUs + 1 })),
      receivedOf(eventOf({ ...push, repository: "team/other", references })),
    ] as const;
    const ignored = [{ registry: "default", receivedAt: noon, count: 3 }];
    const deadline = Date.now() + 60_000;
    await assert.rejects(
      () => store.record([before, deletes, poison], { ignored, deadline }),
      EventFault,
    );
    // The caller looks for the one that is at fault.
    assert.deepEqual(
      await store.record([before, deletes], { ignored, deadline }),
      ["counted", "counted"],
    );
    const { counted, duplicate, ignored: count } = await store.accounting();
    assert.deepEqual([counted, duplicate, count], [2, 0, 3]);
    // Sent again it is a duplicate, as ever.
    const { entry } = before;
    assert.deepEqual(
      await store.record([receivedOf(entry), deletes], { deadline }),
      ["duplicate", "counted"],
    );
  },
});

Deno.test({
  name: "MongoStore before 8.0 brings to quarantine what had to be put aside",
  ...needs("mongodb"),
  async fn() {
    await using old = await openOld();
    const { store, mongo } = old;
    const bad = (id: string, reason: string) =>
      receivedOf({ rejected: { id, reason } }, { body: "$body\nwith lines" });
    const quarantine = mongo.db.collection(named("quarantine"));
    assert.deepEqual(await store.record([bad("1", "$no")]), ["quarantined"]);
    assert.equal(await quarantine.countDocuments(), 1);
    const full = [{ ...push, actor: "alice", references: [{ digest: digestOf("b") }] }]
      .map((parts) => receivedOf(eventOf(parts)));
    assert.deepEqual(
      await store.record([...full, bad("2", "bad"), bad("3", "$no")]),
      ["counted", "quarantined", "quarantined"],
    );
    assert.equal(Number((await quarantine.findOne())?.events), 1, "the rest is put aside");
    while (await store.expire(noon));
    while (await store.expire(noon));
    const entries = await quarantine.find().toArray();
    assert.deepEqual(entries, [{
      _id: "default\n$body\nwith lines",
      registry: "default",
      receivedat: new Date(noon),
      reasons: ["$no", "bad"],
      events: new Long(3),
      bytes: new Long(16),
      excerpt: "$body\nwith lines",
    }]);
    assert.equal(await mongo.db.collection(named("registries")).countDocuments({ aside: true }), 0);
    const { received, quarantined } = await store.accounting();
    assert.deepEqual([received, quarantined], [4, 3]);
  },
});

Deno.test({
  name: "openMongoStore() takes over instances from the collection that they once had",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await record(store, [{ instance: "b", at: noonUs }]);
    const at = (hours: number): Date => new Date(noon + hours * 3_600_000);
    await mongo.db.collection(named("instances")).insertMany([
      { registry: "default", instance: "a", firstat: at(-9), lastat: at(-5) },
      { registry: "default", instance: "b", firstat: at(-6), lastat: at(-1) },
    ]);
    const other = await mongo.open();
    // The two overlap, so that nothing is missing in between.
    assert.deepEqual([...await other.watchedSince()], [["default", at(-9).getTime()]]);
    const b = await mongo.db.collection<Document & { _id: string }>(named("registries"))
      .findOne({ _id: instanceId("default", "b") });
    assert.deepEqual([b?.firstat, b?.lastat], [at(-6), at(0)]);
    const names = (await mongo.db.listCollections().toArray()).map(({ name }) => name);
    assert.ok(!names.includes(named("instances")));
  },
});
