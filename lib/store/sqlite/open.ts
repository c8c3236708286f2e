/**
 * Opens the embedded store: its folder, its files, and the thread of who serves it.
 *
 * @module
 */

import { dirname } from "node:path";

import { AppError } from "../../errors.ts";
import type { Store, StoreOptions } from "../store.ts";
import { makePrivate } from "./private.ts";
import { type SqliteLocation, SqliteStore } from "./sqlite_store.ts";
import { ThreadedStore } from "./threaded_store.ts";

/**
 * Opens the embedded store; makes its folder and its file where they are missing.
 *
 * @param location Where it is, and whether this process is the one that serves it.
 * @param options How events are counted and how long things are kept.
 * @returns The store, ready.
 * @throws {AppError} `unavailable` or `conflict`, with the remedy.
 */
export async function openSqliteStore(
  location: SqliteLocation,
  options: StoreOptions,
): Promise<Store> {
  // Nothing is waited for before the thread starts: that takes as long as all the rest.
  makeFolder(dirname(location.path));
  makePrivate(location.path);
  if (!location.exclusive) return SqliteStore.open(location, options);
  makePrivate(`${location.path}.lock`);
  return await ThreadedStore.open(location, options);
}

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError("unavailable", `Cannot make folder "${folder}": ${String(error)}`, {
      hint: "make it, or name another file in `sqlite.path`",
      cause: error,
    });
  }
}
