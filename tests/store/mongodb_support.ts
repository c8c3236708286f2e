/**
 * A MongoDB store for tests, with a connection of the test's own beside it.
 *
 * @module
 */

import { type Db, MongoClient } from "mongodb";

import { type MongoConnection, openMongoStore } from "../../lib/store/mongodb/mongo_store.ts";
import type { Store, StoreOptions } from "../../lib/store/store.ts";
import { freshDatabase } from "../support/mongodb.ts";
import { storeOptionsOf } from "./contract_support.ts";

/** A database that any number of stores can be opened on. */
export interface MongoUnderTest extends AsyncDisposable {
  /** The database as others see it: 64-bit integers stay what they are. */
  readonly db: Db;
  readonly client: MongoClient;
  readonly connection: MongoConnection;
  /** Opens a store; it is closed at the end if it is not before. */
  open(options?: Partial<StoreOptions>): Promise<Store>;
}

/** The name of the main collection in tests. */
export const collection = "registry-stats";

/**
 * Gives a new database, on a server of its own or on that of all tests.
 *
 * @param server The connection string of a server; else the shared one.
 * @returns The database; leaving its scope closes what was opened and drops it.
 */
export async function useMongo(server?: string): Promise<MongoUnderTest> {
  const fresh = server === undefined ? await freshDatabase() : undefined;
  const uri = fresh?.uri ?? server ?? "";
  const database = fresh?.database ?? `drec-test-${crypto.randomUUID()}`;
  const client = new MongoClient(uri, { promoteLongs: false });
  const connection = { uri, database, collection, timeoutMs: 10_000 };
  const stores: Store[] = [];
  return {
    db: client.db(database),
    client,
    connection,
    async open(options = {}) {
      const store = await openMongoStore(connection, storeOptionsOf(options));
      stores.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store.close();
      await client.close();
      await fresh?.[Symbol.asyncDispose]();
    },
  };
}

/**
 * Names a collection beside the main one.
 *
 * @param suffix For example `tags`.
 * @returns Its name.
 */
export function named(suffix: string): string {
  return `${collection}.${suffix}`;
}
