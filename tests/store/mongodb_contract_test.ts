import { MongoClient } from "mongodb";

import type { Reference, RegistryEvent } from "../../lib/event.ts";
import { keyOf } from "../../lib/facts.ts";
import { openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import type { Store, StoreOptions } from "../../lib/store/store.ts";
import { digestOf, eventOf } from "../support/events.ts";
import { freshDatabase } from "../support/mongodb.ts";
import { needs } from "../support/require.ts";
import { storeContract } from "./contract.ts";
import { app, record, type StoreUnderTest } from "./contract_support.ts";

async function open(options: StoreOptions): Promise<StoreUnderTest> {
  const { uri, database, ...fresh } = await freshDatabase();
  const opened: Store[] = [];
  const another = async (): Promise<Store> => {
    const connection = { uri, database, collection: "registry-stats", timeoutMs: 10_000 };
    const store = await openMongoStore(connection, options);
    opened.push(store);
    return store;
  };
  const closeAll = async () => {
    for (const store of opened.splice(0)) await store.close();
  };
  const store = await another();
  return {
    store,
    fillTags: async ([first = "", ...others]) => {
      await record(store, [{ tag: first, method: "HEAD" }]);
      await copyTag({ uri, database }, { first, others });
    },
    addStars: (by) => addStars({ uri, database }, by),
    poison: poisonOf(),
    reopen: async () => {
      await closeAll();
      return await another();
    },
    another,
    dispose: async () => {
      await closeAll();
      await fresh[Symbol.asyncDispose]();
    },
  };
}

/** Recording each of many tags would take minutes. */
async function copyTag(
  { uri, database }: { uri: string; database: string },
  { first, others }: { first: string; others: readonly string[] },
): Promise<void> {
  await using client = new MongoClient(uri);
  const tags = client.db(database).collection<{ _id: string }>("registry-stats.tags");
  const row = await tags.findOne({ tag: first }) ?? {};
  await tags.insertMany(others.map((tag) => ({
    ...row,
    _id: keyOf(app.registry, app.repository, tag),
    tag,
  })));
  const count = others.length + 1;
  await client.db(database).collection("registry-stats")
    .updateOne({ repositoryname: app.repository }, { $set: { numtags: count, numtagrows: count } });
}

async function addStars(
  { uri, database }: { uri: string; database: string },
  by: number,
): Promise<void> {
  await using client = new MongoClient(uri);
  await client.db(database).collection("registry-stats")
    .updateOne({ repositoryname: app.repository }, { $inc: { numstars: by } });
}

/** An index whose references make a document of more than 16 MB. */
function poisonOf(): RegistryEvent {
  const long = "\u{1f433}".repeat(256);
  const reference = { mediaType: long, platform: long, artifactType: long };
  const references = Array.from(
    { length: 10_000 },
    (_, index): Reference => ({ ...reference, digest: digestOf(index) }),
  );
  return eventOf({ id: "poison", action: "push", method: "PUT", references });
}

for (const test of storeContract("MongoStore", open, needs("mongodb"))) Deno.test(test);
