/**
 * Opening a MongoDB store: what is refused, what is made, what is adopted.
 */

import assert from "node:assert/strict";

import { configure, type LogRecord, reset } from "@logtape/logtape";
import { type Document, Double, Int32 } from "mongodb";

import { AppError } from "../../lib/errors.ts";
import { requireSupport } from "../../lib/store/mongodb/connection.ts";
import { SUFFIXES } from "../../lib/store/mongodb/documents.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { type EventParts, noon } from "../support/events.ts";
import { startMongo } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { freePort } from "../support/wait.ts";
import { findApp, record, storeOptionsOf } from "./contract_support.ts";
import { collection, named, useMongo } from "./mongodb_support.ts";

const push: EventParts = { action: "push", method: "PUT" };

Deno.test({
  name: "openMongoStore() refuses a standalone server and says what to do",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo({ standalone: true });
    const connection = { uri: server.uri, database: "drec", collection, timeoutMs: 10_000 };
    const error = await assertRefused(() => openMongoStore(connection, storeOptionsOf()));
    assert.equal(error.code, "unsupported");
    assert.match(
      error.message,
      new RegExp(`^Cannot use MongoDB at "127.0.0.1:${server.port}": .*`),
    );
    assert.match(error.hint ?? "", /--replSet rs0.*rs\.initiate\(\)/);
  },
});

Deno.test("requireSupport() takes replica sets and routers from 7.0 on", async (t) => {
  const cases: { hello: Document; version: string; refused?: RegExp }[] = [
    { hello: { setName: "rs0" }, version: "7.0.0" },
    { hello: { setName: "rs0" }, version: "10.1.2" },
    { hello: { msg: "isdbgrid" }, version: "8.0.4" },
    { hello: { setName: "rs0" }, version: "6.0.19", refused: /6\.0\.19/ },
    { hello: { msg: "isdbgrid" }, version: "4.4.0", refused: /4\.4\.0/ },
    { hello: {}, version: "8.0.0", refused: /standalone/ },
  ];
  for (const { hello, version, refused } of cases) {
    await t.step(`${version} ${JSON.stringify(hello)}`, () => {
      const check = () => requireSupport(hello, { version, hosts: '"db:27017"' });
      if (refused === undefined) check();
      else assert.throws(check, { code: "unsupported", message: refused });
    });
  }
});

Deno.test("openMongoStore() gives up after its time where nothing answers", async () => {
  const uri = `mongodb://127.0.0.1:${freePort()}/?replicaSet=rs0`;
  const connection = { uri, database: "drec", collection, timeoutMs: 300 };
  const began = Date.now();
  const error = await assertRefused(() => openMongoStore(connection, storeOptionsOf()));
  assert.equal(error.code, "unavailable");
  assert.match(error.message, /^Cannot connect to MongoDB at "127\.0\.0\.1:\d+": .*ECONNREFUSED/);
  assert.match(error.hint ?? "", /dial_info/);
  assert.ok(Date.now() - began < 5000);
});

Deno.test("openMongoStore() refuses a broken connection string without showing it", async () => {
  const connection = { uri: "http://alice:secret@db/", database: "drec", collection, timeoutMs: 1 };
  const error = await assertRefused(() => openMongoStore(connection, storeOptionsOf()));
  assert.equal(error.code, "invalid");
  assert.doesNotMatch(error.message, /secret/);
});

Deno.test({
  name: "openMongoStore() may be called by several collectors at once",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const stores = await Promise.all([1, 2, 3, 4].map(() => mongo.open()));
    await Promise.all(stores.map((store, at) => record(store, [{ id: String(at) }])));
    const [first = assert.fail()] = stores;
    assert.equal((await findApp(first)).pulls, 4);
    const collections = (await mongo.db.listCollections().toArray()).map(({ name }) => name);
    const wanted = Object.values(SUFFIXES).map((suffix) => `${collection}${suffix}`);
    assert.deepEqual(collections.toSorted(), wanted.toSorted());
  },
});

Deno.test({
  name: "openMongoStore() refuses a database that a later version has changed",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    await (await mongo.open()).close();
    const meta = mongo.db.collection<Document & { _id: string }>(named("meta"));
    await meta.updateOne({ _id: "schema" }, { $set: { version: 99 } });
    const error = await assertRefused(() => mongo.open());
    assert.equal(error.code, "unsupported");
  },
});

Deno.test({
  name: "openMongoStore() adopts a collection of 2015 and counts on",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const old = mongo.db.collection(collection);
    await old.createIndex({ repositoryname: 1 }, { unique: true });
    const never = { first: new Date("2099-01-01T00:00:00Z"), last: new Date(0) };
    const since = new Date("2015-09-09T10:08:09Z");
    await old.insertMany([
      {
        repositoryname: "team/app",
        numpulls: new Int32(41),
        numpushs: new Double(3),
        numstars: new Int32(5),
        firstpulled: since,
        lastpulled: since,
        firstpushed: never.first,
        lastpushed: never.last,
        actors: ["alice"],
        frontend: { color: "red" },
      },
      {
        repositoryname: "team/idle",
        numpulls: 0,
        numpushs: 0,
        numstars: 0,
        firstpulled: never.first,
        lastpulled: never.last,
        firstpushed: never.first,
        lastpushed: never.last,
        actors: [],
      },
    ]);

    const messages = await logged(() => mongo.open());
    await t.step("with a log line for each step", () => {
      assert.deepEqual(messages, [
        "dropped its unique index",
        "removed times that meant never",
        "removed times that meant never",
        "removed times that meant never",
        "removed times that meant never",
        "documents belong to a registry now",
      ]);
    });
    const adopted = await old.find().sort({ repositoryname: 1 }).toArray();
    await t.step("changing nothing else", () => {
      assert.deepEqual(adopted.map(({ _id, ...fields }) => fields), [
        {
          repositoryname: "team/app",
          numpulls: 41,
          numpushs: 3,
          numstars: 5,
          firstpulled: since,
          lastpulled: since,
          actors: ["alice"],
          frontend: { color: "red" },
          registry: "default",
        },
        {
          repositoryname: "team/idle",
          numpulls: 0,
          numpushs: 0,
          numstars: 0,
          actors: [],
          registry: "default",
        },
      ]);
    });
    await t.step("and nothing at all the second time", async () => {
      assert.deepEqual(await logged(() => mongo.open()), []);
      assert.deepEqual(await old.find().sort({ repositoryname: 1 }).toArray(), adopted);
    });
    await t.step("and its numbers go on", async () => {
      const store = await mongo.open();
      await record(store, [{ actor: "alice" }, { actor: "bob", ...push }], { registry: "other" });
      await record(store, [{ actor: "alice" }, { actor: "bob", ...push }]);
      const found = await findApp(store);
      assert.deepEqual(
        [found.pulls, found.pushes, found.stars, found.actors, found.actorCount],
        [42, 4, 5, ["alice", "bob"], 2],
      );
      assert.deepEqual([found.firstPulled, found.lastPulled], [since.getTime(), noon]);
      assert.deepEqual([found.firstPushed, found.lastPushed], [noon, noon]);
      const { items } = await store.listRepositories({ sort: "-lastPulled", limit: 5 });
      assert.deepEqual(
        items.map(({ registry, repository, actorCount }) => [registry, repository, actorCount]),
        [["default", "team/app", 2], ["other", "team/app", 2], ["default", "team/idle", 0]],
      );
    });
  },
});

async function assertRefused(open: () => Promise<unknown>): Promise<AppError> {
  const [result] = await Promise.allSettled([open()]);
  assert.equal(result.status, "rejected");
  assert.ok(result.reason instanceof AppError, String(result.reason));
  return result.reason;
}

/** What is logged meanwhile, without what all lines of an adoption begin with. */
async function logged(action: () => Promise<unknown>): Promise<string[]> {
  const records: LogRecord[] = [];
  const sinks = { memory: (entry: LogRecord) => void records.push(entry) };
  const quiet = { category: ["logtape", "meta"], sinks: [] };
  await configure({ sinks, loggers: [quiet, { category: ["drec", "store"], sinks: ["memory"] }] });
  try {
    await action();
  } finally {
    await reset();
  }
  return records.map(({ message }) => message.join("").replace(/^.*2015: /, ""));
}
