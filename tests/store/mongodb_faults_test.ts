/**
 * The MongoDB store where things go wrong or happen at once: collectors that race, commits whose
 * result is lost, servers that fall silent or go.
 */

import assert from "node:assert/strict";

import type { Document } from "mongodb";

import { AppError } from "../../lib/errors.ts";
import { createMetrics } from "../../lib/metrics.ts";
import { Recorder } from "../../lib/recorder.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { EventFault, type Store } from "../../lib/store/store.ts";
import { digestOf, eventOf, type EventParts, noon, noonUs, receivedOf } from "../support/events.ts";
import { startMongo } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { tempDir, until } from "../support/wait.ts";
import { daysOf, findApp, record, storeOptionsOf } from "./contract_support.ts";
import { startProxy } from "./mongodb_proxy.ts";
import { collection, type MongoUnderTest, named, useMongo } from "./mongodb_support.ts";

const second = 1_000_000;

Deno.test({
  name: "MongoStore counts each event once where two collectors get the same ones at once",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const stores = await openTwo(mongo);
    const events = Array.from({ length: 40 }, (_, at): EventParts => ({
      id: String(at),
      tag: `v${at % 7}`,
      digest: digestOf(at % 5),
      actor: `actor-${at % 3}`,
    }));
    await Promise.all(stores.map(async (store) => {
      for (let from = 0; from < events.length; from += 4) {
        await record(store, events.slice(from, from + 4));
      }
    }));
    const [store] = stores;
    const { counted, duplicate } = await store.accounting();
    assert.deepEqual([counted, duplicate], [40, 40]);
    const { pulls, tagCount, actorCount } = await findApp(store);
    assert.deepEqual([pulls, tagCount, actorCount], [40, 7, 3]);
    const days = await daysOf(store, { ...app, metric: "pulls", from: 0, to: 30_000 });
    assert.deepEqual(days.map(({ value }) => value), [40]);
    const { items } = await store.listTags(app, { limit: 9 });
    assert.equal(items.reduce((sum, tag) => sum + tag.pulls, 0), 40);
  },
});

Deno.test({
  name: "MongoStore counts all where two collectors get different events of one repository at once",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const stores = await openTwo(mongo);
    await Promise.all(stores.map(async (store, of) => {
      for (let at = 0; at < 15; at++) {
        await record(store, [
          { tag: `${of}-${at}`, actor: `${of}-${at}` },
          { action: "push", method: "PUT", tag: "latest", digest: digestOf(`${of}${at}`) },
        ]);
      }
    }));
    const found = await findApp(stores[0]);
    assert.deepEqual([found.pulls, found.pushes, found.tagCount, found.actorCount], [
      30,
      30,
      31,
      30,
    ]);
    assert.equal(found.actors.length, 30);
  },
});

Deno.test({
  name: "MongoStore joins a GET with the HEAD that another collector heard, for one pull only",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const [one, other] = await openTwo(mongo);
    for (let at = 0; at < 4; at++) {
      const tag = `v${at}`;
      const digest = digestOf(at);
      await record(one, [{ method: "HEAD", tag, digest, at: noonUs + at * second }]);
      // Two pulls race for the check: it belongs to one.
      const get = { tag: undefined, digest, at: noonUs + at * second + 1000 };
      await Promise.all([one, other].map((store) => record(store, [get])));
      assert.equal((await one.findTag(app, tag))?.pulls, 1, tag);
    }
    const { pulls, checks } = await findApp(other);
    assert.deepEqual([pulls, checks], [8, 4]);
    const claims = await mongo.db.collection(named("events")).find({ claimedby: { $exists: true } })
      .toArray();
    assert.deepEqual(claims.map(({ check }) => check), [
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  },
});

Deno.test({
  name: "MongoStore counts once whatever becomes of a command",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo({ testCommands: true });
    await using mongo = await useMongo(server.uri);
    const store = await mongo.open();
    const unknown = ["UnknownTransactionCommitResult"];
    const transient = ["TransientTransactionError"];
    const failures: Document[] = [
      { failCommands: ["commitTransaction"], closeConnection: true },
      { failCommands: ["commitTransaction"], errorCode: 50, errorLabels: unknown },
      { failCommands: ["commitTransaction"], errorCode: 251, errorLabels: transient },
      {
        failCommands: ["commitTransaction"],
        writeConcernError: { code: 64, codeName: "WriteConcernTimeout", errmsg: "timed out" },
      },
      { failCommands: ["bulkWrite"], errorCode: 112, errorLabels: transient },
      { failCommands: ["bulkWrite"], closeConnection: true },
      { failCommands: ["aggregate"], closeConnection: true },
      // A step-down.
      { failCommands: ["aggregate"], errorCode: 189 },
    ];
    let expected = 0;
    for (const data of failures) {
      for (const times of [1, 2]) {
        await t.step(`${times} × ${JSON.stringify(data)}`, async () => {
          await fail(mongo, data, times);
          const event = { id: String(expected), tag: "1.0" };
          assert.deepEqual(await record(store, [event]), ["counted"]);
          expected++;
          assert.equal((await findApp(store)).pulls, expected);
          assert.deepEqual(await record(store, [event]), ["duplicate"]);
          const { counted, duplicate } = await store.accounting();
          assert.deepEqual([counted, duplicate], [expected, expected]);
        });
      }
    }
  },
});

Deno.test({
  name: "MongoStore waits for a new primary until its deadline",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo();
    await using mongo = await useMongo(server.uri);
    const store = await mongo.open();
    await record(store, [{ id: "1" }]);
    await mongo.client.db("admin").command({ replSetStepDown: 3, force: true });
    await assertUnavailable(() => store.ping());
    const received = [receivedOf(eventOf({ id: "2" }))];
    await assertUnavailable(() => store.record(received, { deadline: Date.now() + 100 }));
    assert.deepEqual(
      await store.record(received, { deadline: Date.now() + 15_000 }),
      ["counted"],
    );
    assert.equal((await findApp(store)).pulls, 2);
  },
});

Deno.test({
  name: "MongoStore recognises its own batch after a commit that succeeded without an answer",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo();
    await using proxy = startProxy(server.port);
    await using mongo = await useMongo(server.uri);
    const connection = { ...mongo.connection, uri: proxy.uri };
    const store = await openMongoStore(connection, storeOptionsOf());
    try {
      const bad = receivedOf({ rejected: { id: "bad", reason: "bad" } });
      const good = receivedOf(eventOf({ id: "good" }));
      await t.step("of new events, with their outcomes", async () => {
        proxy.swallowCommits(6);
        assert.deepEqual(
          await store.record([good, bad, good]),
          ["counted", "quarantined", "duplicate"],
        );
      });
      await t.step("of nothing but duplicates", async () => {
        proxy.swallowCommits(6);
        assert.deepEqual(await store.record([good, bad]), ["duplicate", "duplicate"]);
      });
      await t.step("of nothing but counts", async () => {
        proxy.swallowCommits(6);
        const ignored = [{ registry: "default", receivedAt: noon, count: 7 }];
        assert.deepEqual(await store.record([], { ignored }), []);
      });
      // Committing again was in vain, too: each began anew and found itself.
      const tries = proxy.commands.filter((command) => command.startTransaction === true);
      assert.equal(tries.length, 6);
      const { counted, duplicate, ignored, quarantined } = await store.accounting();
      assert.deepEqual([counted, duplicate, ignored, quarantined], [1, 3, 7, 1]);
      assert.equal((await findApp(store)).pulls, 1);
      const [entry] = await mongo.db.collection(named("quarantine")).find().toArray();
      assert.equal(Number(entry?.events), 1);
    } finally {
      await store.close();
    }
  },
});

Deno.test({
  name: "MongoStore blames an event only for the causes that are its own",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo({ testCommands: true });
    await using mongo = await useMongo(server.uri);
    const store = await mongo.open();
    const cases: [code: number, isFault: boolean][] = [
      [14, true],
      [10334, true],
      [17419, true],
      [13, false],
      [8000, false],
      [14031, false],
    ];
    for (const [errorCode, isFault] of cases) {
      await t.step(String(errorCode), async () => {
        await fail(mongo, { failCommands: ["bulkWrite"], errorCode }, 1);
        await assert.rejects(() => record(store, [{}]), (error) => {
          assert.equal(error instanceof EventFault, isFault, String(error));
          return isFault || (error instanceof AppError && error.code === "unavailable");
        });
      });
    }
    await t.step("a rule of the database's owner", async () => {
      const validator = { tag: { $ne: "bad" } };
      await mongo.db.command({ collMod: named("tags"), validator });
      await assert.rejects(() => record(store, [{ tag: "good" }, { tag: "bad" }]), EventFault);
    });
    assert.equal((await store.accounting()).received, 0);
    assert.deepEqual(await record(store, [{ tag: "good" }]), ["counted"]);
  },
});

Deno.test({
  name: "MongoStore blames only the events of a repository whose document cannot be counted in",
  ...needs("mongodb"),
  async fn(t) {
    const documents: [name: string, fields: Document, field: RegExp][] = [
      ["a text for a number", { numpulls: "x" }, /numpulls/],
      ["null for a list", { actors: null }, /actors/],
    ];
    for (const [version, options] of [["8.0", {}], ["7.0", { wireVersion: 21 }]] as const) {
      for (const [name, fields, field] of documents) {
        await t.step(`${name}, on ${version}`, async () => {
          await using mongo = await useMongo();
          await using proxy = startProxy(Number(new URL(mongo.connection.uri).port), options);
          const connection = { ...mongo.connection, uri: proxy.uri };
          const store = await openMongoStore(connection, storeOptionsOf());
          try {
            const repositories = mongo.db.collection(collection);
            await repositories.insertOne({ repositoryname: "team/app", ...fields });
            const repositoriesOfBatch = ["team/one", "team/app", "team/two"];
            const told = await recordAll(store, repositoriesOfBatch);
            const [only = assert.fail(), ...others] = told;
            assert.equal(others.length, 0);
            assert.match(only, /^cannot be stored: .*"registry-stats".*"team\/app"/);
            assert.match(only, field);
            const { counted, quarantined } = await store.accounting();
            assert.deepEqual([counted, quarantined], [2, 1]);
            const [entry] = await mongo.db.collection(named("quarantine")).find().toArray();
            assert.deepEqual(entry?.reasons, [only]);
            // As soon as somebody has mended it, all is as ever.
            await repositories.updateOne({ repositoryname: "team/app" }, {
              $unset: { numpulls: 1, actors: 1 },
            });
            assert.deepEqual(await recordAll(store, repositoriesOfBatch), []);
            assert.equal((await findApp(store)).pulls, 1);
          } finally {
            await store.close();
          }
        });
      }
    }
  },
});

Deno.test({
  name: "MongoStore blames no event for what cannot be read or dropped",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo({ testCommands: true });
    await using mongo = await useMongo(server.uri);
    const store = await mongo.open();
    await record(store, [{}]);
    await fail(mongo, { failCommands: ["find"], errorCode: 14 }, 1);
    await assertUnavailable(() => store.findRepositories("team/app"));
  },
});

Deno.test({
  name: "MongoStore needs few round trips for a batch of any size",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo();
    const cases = [
      { version: "8.0", most: 3 },
      // One for each collection that is written to, and two around them.
      { version: "7.0", wireVersion: 21, most: 9 },
    ];
    for (const { version, wireVersion, most } of cases) {
      await t.step(`on ${version}`, async () => {
        await using proxy = startProxy(
          server.port,
          wireVersion === undefined ? {} : { wireVersion },
        );
        const database = `drec-test-${crypto.randomUUID()}`;
        const connection = { uri: proxy.uri, database, collection, timeoutMs: 10_000 };
        const store = await openMongoStore(connection, storeOptionsOf());
        try {
          const trips = async (events: EventParts[]): Promise<string[]> => {
            const before = proxy.commands.length;
            await record(store, events);
            return proxy.commands.slice(before).map((command) => Object.keys(command)[0] ?? "");
          };
          const push = { action: "push", method: "PUT", references: [{ digest: digestOf("x") }] };
          const many = Array.from({ length: 200 }, (_, at): EventParts => ({
            ...(at % 2 === 0 ? push : {}),
            repository: `team/app${at % 9}`,
            digest: digestOf(at),
            tag: `v${at}`,
            actor: `actor-${at % 5}`,
          }));
          await record(store, [{ method: "HEAD" }]);
          for (const events of [[{ tag: undefined }], many]) {
            const names = await trips(events);
            assert.ok(names.length <= most, names.join(" "));
            assert.equal(names[0], "aggregate");
            assert.equal(names.at(-1), "commitTransaction");
          }
          assert.equal((await findApp(store)).pulls, 1);
          assert.equal((await store.findTag(app, "1.0"))?.pulls, 1);
        } finally {
          await store.close();
        }
      });
    }
  },
});

Deno.test({
  name: "MongoStore overrides what the connection string says of transactions",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo();
    await using proxy = startProxy(server.port);
    const options = "readPreference=secondaryPreferred&readConcernLevel=local&w=1&journal=false" +
      "&retryWrites=false";
    const database = `drec-test-${crypto.randomUUID()}`;
    const connection = { uri: `${proxy.uri}&${options}`, database, collection, timeoutMs: 10_000 };
    const store = await openMongoStore(connection, storeOptionsOf());
    try {
      assert.deepEqual(await record(store, [{}]), ["counted"]);
      const [first, commit] = [proxy.commands.at(-3), proxy.commands.at(-1)];
      assert.equal(first?.startTransaction, true);
      assert.equal(first?.readConcern.level, "snapshot");
      assert.equal(commit?.commitTransaction, 1);
      const { w, j } = commit?.writeConcern ?? {};
      assert.deepEqual({ w, j }, { w: "majority", j: true });
    } finally {
      await store.close();
    }
  },
});

Deno.test({
  name: "MongoStore answers in time where the server falls silent",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo();
    await using proxy = startProxy(server.port);
    const database = `drec-test-${crypto.randomUUID()}`;
    const connection = { uri: proxy.uri, database, collection, timeoutMs: 10_000 };
    const store = await openMongoStore(connection, storeOptionsOf());
    try {
      const received = [receivedOf(eventOf({ id: "1" }))];
      const speak = proxy.silence();
      const began = Date.now();
      await assertUnavailable(() => store.record(received, { deadline: began + 200 }));
      assert.ok(Date.now() - began < 1000);
      await assertUnavailable(() => store.ping());
      assert.ok(Date.now() - began < 3000);
      speak();
      // Either this one counts, or the one before, which went on.
      await until(() => store.ping().then(() => true, () => false), "an answer");
      await store.record(received);
      assert.equal((await findApp(store)).pulls, 1);
    } finally {
      await store.close();
    }
  },
});

Deno.test({
  name: "MongoStore knows that the server is gone, and when it is back",
  ...needs("secantusdb"),
  async fn() {
    await using folder = await tempDir();
    const storagePath = folder.join("data");
    const first = await startMongo({ storagePath, syncOnCommit: true });
    const connection = { uri: first.uri, database: "drec", collection, timeoutMs: 10_000 };
    const store = await openMongoStore(connection, storeOptionsOf());
    try {
      await record(store, [{ id: "1" }]);
      await first.kill();
      await until(async () => {
        const began = Date.now();
        const isDown = await store.ping().then(() => false, () => true);
        return isDown && Date.now() - began < 100;
      }, "a ping that fails at once");
      const received = [receivedOf(eventOf({ id: "2" }))];
      await assertUnavailable(() => store.record(received, { deadline: Date.now() + 200 }));

      await using _second = await startMongo({ storagePath, port: first.port });
      await until(() => store.ping().then(() => true, () => false), "the server");
      assert.deepEqual(await store.record(received), ["counted"]);
      assert.deepEqual(await record(store, [{ id: "1" }]), ["duplicate"]);
      assert.equal((await findApp(store)).pulls, 2);
    } finally {
      await store.close();
    }
  },
});

const app = { registry: "default", repository: "team/app" } as const;

async function openTwo(mongo: MongoUnderTest): Promise<[Store, Store]> {
  return [await mongo.open({ collector: "one" }), await mongo.open({ collector: "two" })];
}

/** Records a pull of each in one batch; gives why any is in the quarantine. */
async function recordAll(store: Store, repositories: readonly string[]): Promise<string[]> {
  const told: string[] = [];
  const recorder = new Recorder({
    store,
    metrics: createMetrics({ version: "0.0.0-test" }),
    blobs: "ignore",
    onStoreChange: (error) => assert.equal(error, undefined),
    onQuarantined: ({ reason }) => told.push(reason),
  });
  try {
    const actor = "alice";
    await recorder.record(
      repositories.map((repository) => receivedOf(eventOf({ repository, actor }))),
    );
    assert.equal(recorder.isDown, false);
  } finally {
    recorder.stop();
  }
  return told;
}

async function fail(mongo: MongoUnderTest, data: Document, times: number): Promise<void> {
  const admin = mongo.client.db("admin");
  await admin.command({ configureFailPoint: "failCommand", mode: { times }, data });
}

async function assertUnavailable(action: () => Promise<unknown>): Promise<void> {
  await assert.rejects(
    action,
    (error) => error instanceof AppError && error.code === "unavailable",
  );
}
