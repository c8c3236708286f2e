/**
 * What errors of SQLite mean: whose fault they are, and what to do about them.
 *
 * @module
 */

import { dirname } from "node:path";

import { AppError } from "../../errors.ts";
import { reasonOf, remedyOf } from "../../file_errors.ts";
import { EventFault } from "../store.ts";

/**
 * SQLite's primary result codes that say "this value cannot be stored", not "the store is ill":
 * SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE.
 */
const EVENT_FAULT_CODES: ReadonlySet<number> = new Set([18, 19, 20, 25]);

/** SQLITE_CANTOPEN. */
const CANNOT_OPEN = 14;

/** What to do about SQLite's primary result codes. */
const HINTS: Readonly<Record<number, string>> = {
  5: "end the other program that writes to the database",
  8: "let the user that runs DREC write to the database, to its files `-wal` and `-shm`, and to " +
    "their folder",
  11: "restore the database from a backup; `sqlite3 FILE .recover` may save the rest",
  13: "free space on the disk",
  [CANNOT_OPEN]: "name a file in `sqlite.path`, in a folder that the user that runs DREC may write",
  26: "name a database of DREC in `sqlite.path`, or a file that does not exist yet",
};

/**
 * Turns an error of SQLite into one that says whose fault it is.
 *
 * @param what What could not be done.
 * @param error What was thrown.
 * @returns An {@linkcode EventFault} or an {@linkcode AppError}.
 */
export function storeError(what: string, error: unknown): Error {
  if (error instanceof EventFault) return error;
  const text = error instanceof Error ? error.message : String(error);
  const code = codeOf(error);
  // STRICT tables report a value of the wrong type without a code.
  const isStrictViolation = /^cannot store \w+ value in/.test(text);
  if (isStrictViolation || (code !== undefined && EVENT_FAULT_CODES.has(code))) {
    return new EventFault(text, { cause: error });
  }
  if (error instanceof AppError) {
    return new AppError(error.code, `${what}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    });
  }
  const hint = code === undefined ? undefined : HINTS[code];
  return new AppError("unavailable", `${what}: ${text}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/**
 * Says why a database cannot be opened. SQLite knows no more than that; its folder may tell why.
 *
 * @param what What could not be done.
 * @param path The database file.
 * @param error What was thrown.
 * @returns Such as {@linkcode storeError} makes it.
 */
export function openError(what: string, path: string, error: unknown): Error {
  const refusal = codeOf(error) === CANNOT_OPEN ? refusalOf(dirname(path)) : undefined;
  if (refusal === undefined) return storeError(what, error);
  return new AppError("unavailable", `${what}: ${reasonOf(refusal)}`, {
    hint: remedyOf(refusal, HINTS[CANNOT_OPEN] ?? ""),
    cause: error,
  });
}

/** What is thrown where a file is made in a folder. */
function refusalOf(folder: string): unknown {
  try {
    Deno.removeSync(Deno.makeTempFileSync({ dir: folder, prefix: ".drec-" }));
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Finds SQLite's primary result code: the low byte of the extended one.
 *
 * @param error What was thrown.
 * @returns The code, `undefined` where it has none.
 */
export function codeOf(error: unknown): number | undefined {
  const { errcode, message } = error as { errcode?: unknown; message?: unknown };
  if (typeof errcode === "number") return errcode & 0xff;
  // To open a file fails without a code.
  return String(message).startsWith("unable to open database file") ? CANNOT_OPEN : undefined;
}
