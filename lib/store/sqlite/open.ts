/**
 * Opens the embedded store: its folder, its files, and the thread of who serves it.
 *
 * @module
 */

import { dirname, resolve } from "node:path";

import { AppError } from "../../errors.ts";
import { reasonOf, remedyOf } from "../../file_errors.ts";
import type { Store, StoreOptions } from "../store.ts";
import { closeToOthers, makePrivate } from "./private.ts";
import { SqliteStore } from "./sqlite_store.ts";
import { ThreadedStore } from "./threaded_store.ts";

/** Where the database is, and whether this process is the one that serves it. */
export interface SqliteLocation {
  /** The file, or a link to it. */
  readonly path: string;
  /** Refuse to open a file that another process has opened so. */
  readonly exclusive: boolean;
}

/**
 * Opens the embedded store; makes its folder and its file where they are missing.
 *
 * @param location Where it is, and whether this process is the one that serves it.
 * @param options How events are counted and how long things are kept.
 * @returns The store, ready.
 * @throws {AppError} `unavailable`, `conflict` or `unsupported`, with the remedy.
 */
export async function openSqliteStore(
  location: SqliteLocation,
  options: StoreOptions,
): Promise<Store> {
  const path = targetOf(location.path);
  // Nothing is waited for before the thread starts: that takes as long as all the rest.
  makeFolder(dirname(path));
  makePrivate(path);
  if (location.exclusive) makePrivate(`${path}.lock`);
  const store = location.exclusive
    ? await ThreadedStore.open(path, options)
    : SqliteStore.open(path, options);
  // Not before: it may have been the file of another program.
  closeToOthers(path);
  return store;
}

/**
 * Follows a link. SQLite does, too, and names the files beside the database after what it leads to;
 * whoever serves the same one by another name must find the same lock.
 */
function targetOf(path: string): string {
  try {
    return Deno.lstatSync(path).isSymlink ? Deno.realPathSync(path) : path;
  } catch (error) {
    // Nothing is there, or a link to what is to be made. Otherwise to open it says why.
    const target = error instanceof Deno.errors.NotFound ? linkAt(path) : undefined;
    return target === undefined ? path : targetOf(resolve(dirname(path), target));
  }
}

function linkAt(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

function makeFolder(folder: string): void {
  try {
    Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new AppError("unavailable", `Cannot make folder "${folder}": ${reasonOf(error)}`, {
      hint: remedyOf(error, "make it, or name another file in `sqlite.path`"),
      cause: error,
    });
  }
}
