/**
 * Lets one DREC at a time serve a database: a second one would write into the same inbox.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

import { AppError } from "../../errors.ts";
import { codeOf, openError } from "./errors.ts";

/** SQLITE_BUSY. */
const BUSY = 5;

/** A lock that ends with the process at the latest. */
export class ServeLock {
  readonly #path: string;
  /** A file that SQLite has locked: it knows how to on every system. */
  readonly #database: DatabaseSync;
  /** Which file that is. */
  readonly #file: string | undefined;

  /**
   * Takes the lock.
   *
   * @param path The file of the database, not a link to it.
   * @throws {AppError} `conflict`, if another process has it; `unavailable`, if it cannot be made.
   */
  constructor(path: string) {
    this.#path = `${path}.lock`;
    try {
      this.#database = new DatabaseSync(this.#path, { timeout: 0 });
      this.#database.exec("PRAGMA locking_mode = EXCLUSIVE");
      this.#database.prepare("BEGIN EXCLUSIVE").run();
    } catch (error) {
      if (codeOf(error) !== BUSY) throw openError(`Cannot lock store "${path}"`, path, error);
      throw new AppError("conflict", `Cannot open store "${path}": another DREC serves it`, {
        hint:
          "end it, name another file in `sqlite.path`, or share a MongoDB between collectors; " +
          "the lock ends with that process, so do not remove its file",
        cause: error,
      });
    }
    this.#file = fileAt(this.#path);
  }

  /**
   * Asks for the lock before something is written that no other process may write: where somebody
   * has removed its file, another process may have one of its own.
   *
   * @throws {AppError} `unavailable`, from then on.
   */
  require(): void {
    if (fileAt(this.#path) === this.#file) return;
    throw new AppError("unavailable", `The lock "${this.#path}" has been removed`, {
      hint: "end every DREC that serves this database, and start one",
    });
  }

  /** Lets another process have it. */
  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** Tells a file from another one at the same place; where it is not there, `undefined`. */
function fileAt(path: string): string | undefined {
  try {
    const { dev, ino } = Deno.statSync(path);
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}
