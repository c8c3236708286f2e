/**
 * Opens the store that the configuration names.
 *
 * @module
 */

import { randomUUID } from "node:crypto";

import { type Config, mongoUri } from "../config.ts";
import { openSqliteStore } from "./sqlite/open.ts";
import type { Store, StoreOptions } from "./store.ts";

/**
 * Opens the store.
 *
 * @param config Where it is, how events are counted, how long things are kept.
 * @param options `exclusive`: this process serves; a second one on the same SQLite file is refused.
 * @returns The store, ready.
 * @throws {AppError} If it cannot be opened, with the remedy.
 */
export async function openStore(
  config: Config,
  { exclusive }: { exclusive: boolean },
): Promise<Store> {
  const options = storeOptionsOf(config);
  if (config.dialInfo === undefined) {
    return await openSqliteStore({ path: config.sqlite.path, exclusive }, options);
  }
  // The driver is large: whoever counts in SQLite does not load it.
  const { openMongoStore } = await import("./mongodb/mongo_store.ts");
  return await openMongoStore({
    uri: mongoUri(config.dialInfo),
    database: config.dialInfo.database,
    collection: config.collection,
    timeoutMs: config.dialInfo.timeoutMs,
  }, options);
}

function storeOptionsOf(config: Config): StoreOptions {
  const { retention } = config;
  return {
    consumers: config.consumers,
    privacy: config.privacy,
    onRepositoryDelete: config.onRepositoryDelete,
    collector: randomUUID(),
    retention: {
      ids: retention.idsMs,
      events: retention.eventsMs,
      days: retention.daysMs,
      tagDays: retention.tagDaysMs,
      deleted: retention.deletedMs,
      quarantine: retention.quarantineMs,
    },
  };
}
