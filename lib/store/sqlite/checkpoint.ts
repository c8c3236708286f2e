/**
 * Copies the write-ahead log into the database without waiting for the disk on this thread.
 *
 * SQLite does it within a commit, and waits for the disk there: tens of milliseconds in which nobody
 * is answered. Here SQLite only copies, and another thread waits. Until the disk has the database,
 * a reader that sees the log keeps SQLite from overwriting it, whatever is committed meanwhile.
 *
 * @module
 */

import { DatabaseSync } from "node:sqlite";

/** Makes checkpoints of a database; one at a time. */
export class Checkpoint {
  readonly #database: DatabaseSync;
  readonly #reader: DatabaseSync;
  /** To be closed after the database: closing a file drops the locks that SQLite has on it. */
  readonly #file: Deno.FsFile;
  #isBroken = false;

  /**
   * @param database Open, in WAL mode.
   * @param path Its file.
   */
  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#reader = new DatabaseSync(path, { readOnly: true });
    this.#file = Deno.openSync(path, { read: true, write: true });
  }

  /**
   * Copies what is in the log now.
   *
   * @param flush Waits until the log is on the disk: before that, nothing may be copied. What is
   *   committed while it waits may miss the disk, and is not copied, for the reader has not seen it.
   * @throws {Error} If the disk fails. If it was the database's, the log stays for the next process,
   *   and grows.
   */
  async run(flush: () => Promise<void>): Promise<void> {
    if (this.#isBroken || !this.#database.isOpen) return;
    this.#reader.exec("BEGIN");
    this.#reader.prepare("SELECT 1 FROM meta LIMIT 1").get();
    try {
      await flush();
      if (this.#database.isOpen) await this.#copy();
    } finally {
      // Where the copying failed, the log may be all that there is, and the reader goes on keeping it.
      if (!this.#isBroken && this.#reader.isOpen) this.#reader.exec("COMMIT");
    }
  }

  /** Lets go of the log; to be called before the database is closed. */
  close(): void {
    if (!this.#isBroken) this.#reader.close();
  }

  /** To be called when the database is closed. */
  closeFile(): void {
    this.#file.close();
  }

  async #copy(): Promise<void> {
    try {
      this.#copyPages();
      await this.#file.syncData();
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  #copyPages(): void {
    this.#database.exec("PRAGMA synchronous = OFF");
    try {
      this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } finally {
      this.#database.exec("PRAGMA synchronous = NORMAL");
    }
  }
}
