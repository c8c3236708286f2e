/**
 * Stars in MongoDB: what stands in the documents, and that a star counts once whatever becomes of a
 * command and whoever else moves the number.
 */

import assert from "node:assert/strict";

import { type Document, Double, Long } from "mongodb";

import { AppError } from "../../lib/errors.ts";
import { connect } from "../../lib/store/mongodb/connection.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { setStar } from "../../lib/store/mongodb/stars.ts";
import type { Cursor, Store } from "../../lib/store/store.ts";
import { noon } from "../support/events.ts";
import { startMongo } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { app, findApp, record, storeOptionsOf } from "./contract_support.ts";
import { startProxy } from "./mongodb_proxy.ts";
import { collection, type MongoUnderTest, named, useMongo } from "./mongodb_support.ts";

function set(store: Store, user: string, isStarred: boolean): Promise<number | undefined> {
  return store.setStar(app, { user, at: noon, isStarred });
}

async function usersOf(mongo: MongoUnderTest): Promise<string[]> {
  const stars = await mongo.db.collection(named("stars")).find().sort({ user: 1 }).toArray();
  return stars.map(({ user }) => user);
}

Deno.test({
  name: "MongoStore keeps a star in a document of its own, and its number as 64 bits",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await record(store, [{}]);
    await set(store, "a.$b", true);
    assert.deepEqual(await mongo.db.collection(named("stars")).find().toArray(), [{
      _id: "default\nteam/app\na.$b",
      registry: "default",
      repositoryname: "team/app",
      user: "a.$b",
      at: new Date(noon),
    }]);
    const document = await mongo.db.collection(collection).findOne();
    assert.deepEqual(document?.numstars, Long.fromNumber(1));
  },
});

Deno.test({
  name: "MongoStore stars a document of 2015, whatever it says of registry and stars",
  ...needs("mongodb"),
  async fn(t) {
    const cases: [name: string, fields: Document, before: number][] = [
      ["without registry", { numstars: 2 }, 2],
      ["without stars", { registry: "default" }, 0],
      ["with a double", { registry: "default", numstars: new Double(3) }, 3],
    ];
    for (const [name, fields, before] of cases) {
      await t.step(name, async () => {
        await using mongo = await useMongo();
        const store = await mongo.open();
        const repositories = mongo.db.collection(collection);
        await repositories.insertOne({ repositoryname: "team/app", ...fields });
        assert.equal(await set(store, "alice", false), before);
        assert.equal(await set(store, "alice", true), before + 1);
        await record(store, [{}]);
        assert.equal(await set(store, "alice", true), before + 1);
        assert.equal(await set(store, "bob", true), before + 2);
        assert.equal(await set(store, "alice", false), before + 1);
        const documents = await repositories.find().toArray();
        assert.deepEqual(documents.map(({ numstars }) => Number(numstars)), [before + 1]);
        assert.deepEqual(await usersOf(mongo), ["bob"]);
      });
    }
  },
});

Deno.test({
  name: "MongoStore says so where the number of stars is none, and counts the rest",
  ...needs("mongodb"),
  async fn(t) {
    for (const numstars of [null, "many"]) {
      await t.step(String(numstars), async () => {
        await using mongo = await useMongo();
        const store = await mongo.open();
        const repositories = mongo.db.collection(collection);
        await repositories.insertOne({ repositoryname: "team/app", numstars });
        assert.deepEqual(await record(store, [{}]), ["counted"]);
        const { pulls, stars } = await findApp(store);
        assert.deepEqual([pulls, stars], [1, 0]);
        await assert.rejects(() => set(store, "alice", true), (error) => {
          assert.ok(error instanceof AppError);
          assert.equal(error.code, "internal");
          assert.match(error.message, /"numstars" of repository "team\/app"/);
          return error.hint !== undefined;
        });
        assert.deepEqual(await usersOf(mongo), []);
        await repositories.updateOne({ repositoryname: "team/app" }, { $set: { numstars: 0 } });
        assert.equal(await set(store, "alice", true), 1);
      });
    }
  },
});

Deno.test({
  name: "MongoStore shows whole stars from 0 on, whatever a front end has left",
  ...needs("mongodb"),
  async fn(t) {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const left = [NaN, -1, 1.5, Infinity, -Infinity, 0, 2, 7.9, undefined];
    const repositories = mongo.db.collection(collection);
    await repositories.insertMany(left.map((numstars, at) => ({
      registry: "default",
      repositoryname: `of/${9 - at}`,
      ...(numstars === undefined ? {} : { numstars: new Double(numstars) }),
    })));
    const shown = [0, 0, 1, 0, 0, 0, 2, 7, 0];
    for (const limit of [1, 2, 4, 20]) {
      await t.step(`in a list, ${limit} on a page`, async () => {
        const listed: [string, number][] = [];
        let after: Cursor | undefined;
        do {
          const page = { limit, ...(after === undefined ? {} : { after }) };
          const { items, next } = await store.listRepositories({ sort: "-stars", ...page });
          listed.push(
            ...items.map(({ repository, stars }): [string, number] => [repository, stars]),
          );
          // As clients hand it back.
          after = next === null ? undefined : JSON.parse(JSON.stringify(next));
        } while (after !== undefined);
        const inOrder = [3, 7, 6, 2, 5, 1, 4, 0, 8];
        assert.deepEqual(listed, inOrder.map((at) => [`of/${9 - at}`, shown[at]]));
      });
    }
    await t.step("by itself, and in a ranking", async () => {
      const bounds = [{ from: null, atLeast: 1 }];
      const { items } = await store.sumDays({ metric: "stars", windows: [], bounds });
      const totals = new Map(items.map(({ repository, total }) => [repository, total]));
      for (const [at, stars] of shown.entries()) {
        const [found] = await store.findRepositories(`of/${9 - at}`);
        assert.equal(found?.stars, stars);
        assert.equal(totals.get(`of/${9 - at}`) ?? 0, stars);
      }
    });
    await t.step("in the answer to a star", async () => {
      const of = { registry: "default", repository: "of/7" };
      for (const stars of [2, 2]) {
        const change = { user: "alice", at: noon, isStarred: true };
        assert.equal(await store.setStar(of, change), stars);
      }
    });
  },
});

Deno.test({
  name: "MongoStore stars on a sharded cluster, too",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await record(store, [{}]);
    await set(store, "alice", true);
    const database = { ...await connect(mongo.connection), isSharded: true };
    try {
      const change = { at: noon, deadline: Date.now() + 10_000 };
      assert.equal(await setStar(database, app, { ...change, user: "bob", isStarred: true }), 2);
      assert.equal(await setStar(database, app, { ...change, user: "bob", isStarred: true }), 2);
      assert.equal(await setStar(database, app, { ...change, user: "alice", isStarred: false }), 1);
    } finally {
      await database.client.close();
    }
    const [star] = await mongo.db.collection(named("stars")).find().toArray();
    const { _id, registry, repositoryname, user } = star ?? assert.fail();
    assert.deepEqual(
      [_id, registry, repositoryname, user],
      ["default\nteam/app\nbob", "default", "team/app", "bob"],
    );
  },
});

Deno.test({
  name: "MongoStore loses no star, of two collectors and a front end at once",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const stores = [await mongo.open({ collector: "one" }), await mongo.open({ collector: "two" })];
    await record(await mongo.open(), [{}]);
    const repositories = mongo.db.collection(collection);
    const users = Array.from({ length: 25 }, (_, at) => `user-${String(at).padStart(2, "0")}`);
    await Promise.all([
      // The same users at both.
      ...stores.flatMap((store) => users.map((user) => set(store, user, true))),
      (async () => {
        for (let at = 0; at < 10; at++) {
          await repositories.updateOne({ repositoryname: "team/app" }, { $inc: { numstars: 1 } });
        }
      })(),
    ]);
    const [store = assert.fail()] = stores;
    assert.equal((await findApp(store)).stars, 35);
    assert.deepEqual(await usersOf(mongo), users);
  },
});

Deno.test({
  name: "MongoStore counts a star once whatever becomes of a command",
  ...needs("secantusdb"),
  async fn(t) {
    await using server = await startMongo({ testCommands: true });
    await using mongo = await useMongo(server.uri);
    const store = await mongo.open();
    await record(store, [{}]);
    const unknown = ["UnknownTransactionCommitResult"];
    const transient = ["TransientTransactionError"];
    const failures: Document[] = [
      { failCommands: ["commitTransaction"], closeConnection: true },
      { failCommands: ["commitTransaction"], errorCode: 50, errorLabels: unknown },
      { failCommands: ["commitTransaction"], errorCode: 251, errorLabels: transient },
      { failCommands: ["find"], errorCode: 189 },
      { failCommands: ["update", "delete"], errorCode: 112, errorLabels: transient },
      { failCommands: ["findAndModify"], closeConnection: true },
    ];
    for (const data of failures) {
      for (const isStarred of [true, false]) {
        await t.step(`${isStarred} × ${JSON.stringify(data)}`, async () => {
          const failPoint = { configureFailPoint: "failCommand", mode: { times: 2 }, data };
          await mongo.client.db("admin").command(failPoint);
          assert.equal(await set(store, "alice", isStarred), Number(isStarred));
          await mongo.client.db("admin").command({ ...failPoint, mode: "off" });
          assert.equal((await findApp(store)).stars, Number(isStarred));
          assert.deepEqual(await usersOf(mongo), isStarred ? ["alice"] : []);
        });
      }
    }
  },
});

Deno.test({
  name: "MongoStore counts a star once whose commit succeeded without an answer",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo();
    await using proxy = startProxy(server.port);
    await using mongo = await useMongo(server.uri);
    const connection = { ...mongo.connection, uri: proxy.uri };
    const store = await openMongoStore(connection, storeOptionsOf());
    try {
      await record(store, [{}]);
      for (const isStarred of [true, false]) {
        const before = transactionsOf(proxy.commands);
        // All tries to commit, so that the transaction begins anew.
        proxy.swallowCommits(6);
        assert.equal(await set(store, "alice", isStarred), Number(isStarred));
        assert.ok(transactionsOf(proxy.commands) - before >= 2);
        assert.equal((await findApp(store)).stars, Number(isStarred));
        assert.deepEqual(await usersOf(mongo), isStarred ? ["alice"] : []);
      }
    } finally {
      await store.close();
    }
  },
});

function transactionsOf(commands: readonly Document[]): number {
  return commands.filter(({ startTransaction }) => startTransaction === true).length;
}
