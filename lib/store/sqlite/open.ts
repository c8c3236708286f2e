/**
 * Opens the embedded store: its folder, its file, its inbox.
 *
 * @module
 */

import { dirname } from "node:path";

import { AppError } from "../../errors.ts";
import type { Store, StoreOptions } from "../store.ts";
import { Database } from "./database.ts";
import { SqliteInbox } from "./inbox.ts";
import { SqliteStore } from "./sqlite_store.ts";

/** Where the database is, and whether this process is the one that serves it. */
export interface SqliteLocation {
  /** The file; it and its folder are made where they are missing. */
  readonly path: string;
  /** Refuse to open a file that another process has opened so. */
  readonly exclusive: boolean;
}

/**
 * Opens the embedded store.
 *
 * @param location Where it is.
 * @param options How events are counted and how long things are kept.
 * @returns The store, ready.
 * @throws {AppError} `unavailable` or `conflict`, with the remedy.
 */
export async function openSqliteStore(
  { path, exclusive }: SqliteLocation,
  options: StoreOptions,
): Promise<Store> {
  const folder = dirname(path);
  try {
    await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError("unavailable", `Cannot make folder "${folder}": ${String(error)}`, {
      hint: "make it, or name another file in `sqlite.path`",
      cause: error,
    });
  }
  const database = new Database(path, exclusive);
  try {
    return new SqliteStore(
      database,
      options,
      exclusive ? await SqliteInbox.open(database) : undefined,
    );
  } catch (error) {
    database.close();
    throw error;
  }
}
