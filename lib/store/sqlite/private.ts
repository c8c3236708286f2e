/**
 * Keeps a database from other users of the machine: it holds names, addresses and keys.
 *
 * SQLite makes a file as the process's umask has it, which as a rule lets everybody read it. Deno
 * has no umask, so that the file is made before SQLite opens it; `-wal` and `-shm` get its mode.
 *
 * @module
 */

import { getLogger } from "@logtape/logtape";

/** Read and write for the owner alone. */
const PRIVATE = 0o600;
/** What users have who are neither the owner nor in the file's group. */
const OTHERS = 0o007;
/** The parts of a database beside its main file. */
const SUFFIXES = ["", "-wal", "-shm", "-inbox-1", "-inbox-2"] as const;

const logger = getLogger(["drec", "store"]);

/**
 * Makes a file that only its owner can read, where there is none.
 *
 * @param path The file. Where it cannot be made, to open it says why.
 */
export function makePrivate(path: string): void {
  if (Deno.build.os === "windows") return;
  try {
    Deno.openSync(path, { write: true, createNew: true, mode: PRIVATE }).close();
  } catch {
    // It is there, or to open it fails, too.
  }
}

/**
 * Closes a database that everybody can read, with a line in the log: no umask was meant for it.
 * What a group may do stays, for that has been set on purpose.
 *
 * @param path The database file.
 */
export function closeToOthers(path: string): void {
  if (Deno.build.os === "windows") return;
  for (const suffix of SUFFIXES) close(`${path}${suffix}`);
}

function close(file: string): void {
  try {
    const { mode, isFile } = Deno.statSync(file);
    if (!isFile || mode === null || (mode & OTHERS) === 0) return;
    Deno.chmodSync(file, PRIVATE);
    logger.warning("closed a file of the database to other users: everybody could read it", {
      file,
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    logger.warning("cannot close a file of the database to other users", { file, error });
  }
}
