/**
 * Changes in MongoDB that nobody but the database tells of: those made by hand and by others.
 */

import assert from "node:assert/strict";

import { ObjectId } from "mongodb";

import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import { startMongo } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { startStream } from "../support/stream.ts";
import { pause, until } from "../support/wait.ts";
import { record, storeOptionsOf } from "./contract_support.ts";
import { watch } from "./contract_watching.ts";
import { startProxy } from "./mongodb_proxy.ts";
import { collection, useMongo } from "./mongodb_support.ts";

/** A document as the collector of 2015 made it. */
function ofOld(repositoryname: string): { _id: ObjectId; repositoryname: string } {
  return { _id: new ObjectId(), repositoryname };
}

Deno.test({
  name: "watch() tells of what another collector and what a person does",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    const other = await mongo.open({ collector: "collector-2" });
    await using told = await watch(store);
    const documents = mongo.db.collection(collection);
    await record(other, [{}]);
    await told.expect("default team/app");
    await documents.updateOne({ repositoryname: "team/app" }, { $inc: { numstars: 1 } });
    await told.expect("default team/app");
    await documents.deleteOne({ repositoryname: "team/app" });
    await told.expect("default team/app");
    // A front end makes one; it has no registry, and any id.
    await documents.insertOne({ repositoryname: "by/hand", numstars: 1 });
    await told.expect("default by/hand");
    await documents.deleteOne({ repositoryname: "by/hand" });
    await told.expect("default by/hand");
    await documents.insertOne({ note: "no repository" });
    await documents.updateOne({ note: "no repository" }, { $set: { numstars: 1 } });
    await record(other, [{}]);
    await told.expect("default team/app");
    assert.deepEqual(told.names, []);
  },
});

Deno.test({
  name: "watch() knows the documents of 2015",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const documents = mongo.db.collection<ReturnType<typeof ofOld>>(collection);
    const [changed, removed] = [ofOld("old/changed"), ofOld("old/removed")];
    await documents.insertMany([changed, removed]);
    const store = await mongo.open();
    await using told = await watch(store);
    await documents.updateOne({ _id: changed._id }, { $inc: { numstars: 1 } });
    await told.expect("default old/changed");
    await documents.deleteOne({ _id: removed._id });
    await told.expect("default old/removed");
    await record(store, [{ repository: "old/changed" }]);
    await told.expect("default old/changed");
    assert.deepEqual(told.names, []);
  },
});

Deno.test({
  name: "watch() goes on after a broken connection, and loses nothing",
  ...needs("secantusdb"),
  async fn() {
    await using server = await startMongo();
    await using proxy = startProxy(server.port);
    await using mongo = await useMongo(server.uri);
    const documents = mongo.db.collection<{ _id: string; repositoryname: string }>(collection);
    const store = await openMongoStore({ ...mongo.connection, uri: proxy.uri }, storeOptionsOf());
    try {
      await using told = await watch(store);
      await record(store, [{}]);
      await told.expect("default team/app");
      for (const name of ["a", "b"]) {
        proxy.cut();
        await documents.insertOne({ _id: `default\n${name}`, repositoryname: name });
        await told.expect(`default ${name}`);
      }
      assert.deepEqual(told.names, []);
    } finally {
      await store.close();
    }
  },
});

Deno.test({
  name: "watch() says so when it cannot know what has happened",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await using told = await watch(store);
    await record(store, [{}]);
    await told.expect("default team/app");
    await mongo.db.collection(collection).drop();
    await told.expect("(lost)");
    await record(store, [{ repository: "again" }]);
    await told.expect("default again");
  },
});

Deno.test({
  name: "GET /api/v1/stream shows what is done in MongoDB by hand at once",
  ...needs("mongodb"),
  async fn() {
    await using mongo = await useMongo();
    const store = await mongo.open();
    await using server = await startStream({ store, streamLimits: { intervalMs: 50 } });
    await record(store, [{}]);
    const reader = await server.read();
    const documents = mongo.db.collection(collection);
    const start = performance.now();
    await documents.updateOne({ repositoryname: "team/app" }, { $inc: { numstars: 1 } });
    const { event, data } = await reader.next();
    assert.deepEqual([event, data.repository, data.stars], ["repository", "team/app", 1]);
    assert.ok(performance.now() - start < 2000);
    await pause(60);
    await documents.deleteOne({ repositoryname: "team/app" });
    assert.equal((await reader.next()).event, "removed");
    await documents.drop();
    await until(() => reader.messages.at(-1)?.event === "reset", "the reset");
    const last = reader.lastId();
    await reader[Symbol.asyncDispose]();
    const again = await server.read("", { "Last-Event-ID": last });
    assert.deepEqual(again.messages, []);
  },
});
