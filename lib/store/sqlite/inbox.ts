/**
 * The inbox of the embedded store: two files beside the database. While one is filled, the events
 * of the other are counted, and the database is flushed; then they change places.
 *
 * @module
 */

import type { Notification } from "../../batch.ts";
import { AppError } from "../../errors.ts";
import type { Counted, CountOptions, Inbox, Kept } from "../inbox.ts";
import { FILE_BYTES, InboxFile } from "./inbox_file.ts";
import { joined, recordsOf } from "./inbox_records.ts";

/** Bytes that a file may have while the other is needed, unless a single batch needs more. */
const MAX_BYTES = 4 * FILE_BYTES;
/** After so many bytes, the database is flushed: then the other file is needed no more. */
const FLUSH_BYTES = 2 * 1024 * 1024;
/** A batch of fewer notifications says that nobody else is sending. */
const MIN_SHARED = 3;

/** What the inbox needs of the database beside it. */
export interface InboxDatabase {
  /** @throws {AppError} `unavailable`, if another process may be using the files of the inbox. */
  requireLock(): void;
  /** @throws {AppError} `unavailable`, if the database takes no writes. */
  requireWritable(): Promise<void>;
  /**
   * Counts notifications; see {@linkcode Inbox.count}.
   *
   * @param records From `joined()`; the caller does not use them any more.
   */
  count(records: Uint8Array<ArrayBuffer>, options: CountOptions): Promise<Counted>;
  /**
   * Waits until all that has been counted is on the disk.
   *
   * @returns The number of the last notification that is.
   * @throws {AppError} `unavailable`, if the disk fails.
   */
  flush(): Promise<number>;
}

/** {@linkcode Inbox} in files; see there. */
export class SqliteInbox implements Inbox {
  readonly #database: InboxDatabase;
  /** The one that is filled. */
  #current: InboxFile;
  #other: InboxFile;
  #found: readonly Kept[];
  /** Number of the next notification. */
  #next: number;
  /** Number of the last notification that the disk has counted. */
  #durable: number;
  /** Bytes since the database was flushed. */
  #unflushed = 0;
  /** A write has failed: what is in the file from there on is not known. */
  #isBroken = false;

  private constructor(database: InboxDatabase, files: [InboxFile, InboxFile], durable: number) {
    this.#database = database;
    this.#durable = durable;
    this.#found = files.flatMap((file) => [...file.read()])
      .filter(({ last }) => last > durable)
      .toSorted((a, b) => a.first - b.first);
    const [newer, older] = files.toSorted((a, b) => b.last - a.last) as [InboxFile, InboxFile];
    this.#current = newer;
    this.#other = older;
    this.#next = Math.max(newer.last, durable) + 1;
    if (newer.last > durable) return;
    // What follows must follow in number, too.
    this.#rewind();
  }

  /**
   * Opens the inbox of a database, and reads what an earlier process left in it.
   *
   * @param databasePath The file of the database, opened by no other process.
   * @param database The database.
   * @returns The inbox.
   * @throws {AppError} `unavailable`, with the remedy.
   */
  static async open(databasePath: string, database: InboxDatabase): Promise<SqliteInbox> {
    // What a killed process has committed may not be on the disk; the inbox still has it.
    const durable = await database.flush();
    const path = `${databasePath}-inbox`;
    try {
      const files: [InboxFile, InboxFile] = [
        new InboxFile(`${path}-1`),
        new InboxFile(`${path}-2`),
      ];
      return new SqliteInbox(database, files, durable);
    } catch (error) {
      throw new AppError("unavailable", `Cannot open inbox "${path}": ${String(error)}`, {
        hint: "let the user that runs DREC read and write this file and its folder",
        cause: error,
      });
    }
  }

  async append(notifications: readonly Notification[]): Promise<Kept> {
    this.#database.requireLock();
    // What another program keeps from being counted is not taken in, either: asked meanwhile.
    const isWritable = this.#database.requireWritable();
    isWritable.catch(() => {});
    const kept = recordsOf(notifications, this.#next);
    const { first, last, records } = kept;
    if (this.#isFull(records.length) && this.#isOtherFree()) this.#change();
    try {
      const isAlone = notifications.length < MIN_SHARED;
      await this.#current.append(records, { last, isAlone });
    } catch (error) {
      this.#isBroken = true;
      throw new AppError("unavailable", `Cannot write inbox "${this.#current.path}": ${error}`, {
        hint: "see to the disk: its space, its health, and whether it may be written",
        cause: error,
      });
    }
    await isWritable.catch((error) => {
      this.#current.takeBack(records.length, first - 1);
      throw error;
    });
    this.#next = last + 1;
    this.#unflushed += records.length;
    // A failure is told of again when there is no room any more.
    if (this.#unflushed > FLUSH_BYTES) this.#flush().catch(() => {});
    return kept;
  }

  count(kept: readonly Kept[], options: CountOptions): Promise<Counted> {
    return this.#database.count(joined(kept), options);
  }

  hasRoom(bytes: number): boolean {
    if (this.#isBroken) return false;
    return !this.#isFull(bytes) || this.#isOtherFree() || this.#current.end + bytes <= MAX_BYTES;
  }

  isEmpty(): boolean {
    return this.#current.end === 0 && this.#other.end === 0;
  }

  async clear({ wipe }: { wipe: boolean }): Promise<void> {
    // The last commits are perhaps not on the disk yet: the inbox was there for them.
    await this.#flush();
    this.#database.requireLock();
    if (this.#isBroken) this.#current.replace();
    this.#isBroken = false;
    this.#rewind();
    if (!wipe) return;
    this.#current.wipe();
    this.#other.wipe();
  }

  takeFound(): readonly Kept[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** Gives the files their full size, a little at a time, with requests in between. */
  async warmUp(): Promise<void> {
    await this.#current.warmUp();
    await this.#other.warmUp();
  }

  close(): void {
    this.#current.close();
    this.#other.close();
  }

  #isFull(bytes: number): boolean {
    return this.#current.end > 0 && this.#current.end + bytes > FILE_BYTES;
  }

  #isOtherFree(): boolean {
    return this.#other.last <= this.#durable;
  }

  #change(): void {
    [this.#current, this.#other] = [this.#other, this.#current];
    this.#current.rewind();
  }

  #rewind(): void {
    this.#current.rewind();
    this.#other.rewind();
  }

  async #flush(): Promise<void> {
    this.#unflushed = 0;
    this.#durable = Math.max(this.#durable, await this.#database.flush());
  }
}
