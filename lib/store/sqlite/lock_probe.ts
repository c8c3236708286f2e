/**
 * Looks whether a database can be written to at this moment, from another thread than the one that
 * writes: to ask that one takes longer than all else that is done for an event.
 *
 * @module
 */

import { DatabaseSync, type StatementSync } from "node:sqlite";

/** A connection that only ever takes the lock that writing takes, and lets go of it. */
export class LockProbe {
  readonly #database: DatabaseSync;
  readonly #take: StatementSync;
  readonly #release: StatementSync;

  /** @param path The file; it must exist. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 0 });
    this.#take = this.#database.prepare("BEGIN IMMEDIATE");
    this.#release = this.#database.prepare("ROLLBACK");
  }

  /** @returns False if somebody writes, be it this process, or if nobody can. */
  isFree(): boolean {
    try {
      this.#take.run();
      this.#release.run();
      return true;
    } catch {
      return false;
    }
  }

  close(): void {
    this.#database.close();
  }
}
