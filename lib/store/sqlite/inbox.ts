/**
 * The inbox of the embedded store: a file beside the database, written from its beginning to its end
 * and then again.
 *
 * The file has its full size from the start: a write that makes a file longer is several times
 * dearer to wait for than one that does not.
 *
 * @module
 */

import { dirname } from "node:path";

import { AppError } from "../../errors.ts";
import type { FoundNotification, Inbox, InboxEntry } from "../inbox.ts";
import type { Database } from "./database.ts";
import { type Content, readRecords, recordsOf } from "./inbox_records.ts";

/** Bytes of the file, as a rule. */
const CAPACITY = 16 * 1024 * 1024;
/** Bytes that it may have while it cannot be cleared, unless a single batch needs more. */
const MAX_BYTES = 4 * CAPACITY;
/** How often the database is flushed while the file fills. */
const FLUSHES = 8;
/** Zeros are written in pieces of this many bytes. */
const PIECE_BYTES = 256 * 1024;
/** A batch of fewer notifications says that nobody else is sending. */
const MIN_SHARED = 3;

/** {@linkcode Inbox} in a file; see there. */
export class SqliteInbox implements Inbox {
  readonly #database: Database;
  readonly #path: string;
  #file: Deno.FsFile;
  #found: readonly FoundNotification[];
  /** Where the next record goes. */
  #end: number;
  /** Number of the next event. */
  #next: number;
  /** How many parts of the file have been filled, and the database flushed after each. */
  #flushed = 0;
  /** Up to where the file may hold bodies. */
  #written: number;
  /** A write has failed: what is in the file from there on is not known. */
  #isBroken = false;

  private constructor(database: Database, file: Deno.FsFile, { records, end, next }: Content) {
    this.#database = database;
    this.#path = pathOf(database);
    this.#file = file;
    this.#written = file.statSync().size;
    const isCounted = next <= this.counted() + 1;
    this.#found = isCounted ? [] : records;
    // What follows must follow in number, too.
    this.#end = isCounted ? 0 : end;
    this.#next = isCounted ? this.counted() + 1 : next;
  }

  /**
   * Opens the inbox of a database, and reads what an earlier process left in it.
   *
   * @param database The database, opened by no other process.
   * @returns The inbox.
   * @throws {AppError} `unavailable`, with the remedy.
   */
  static async open(database: Database): Promise<SqliteInbox> {
    // What a killed process has committed may not be on the disk; the inbox still has it.
    await database.flush(true);
    const path = pathOf(database);
    try {
      const file = openFile(path);
      return new SqliteInbox(database, file, readRecords(file));
    } catch (error) {
      throw new AppError("unavailable", `Cannot open inbox "${path}": ${String(error)}`, {
        hint: "let the user that runs DREC read and write this file and its folder",
        cause: error,
      });
    }
  }

  async append(entries: readonly InboxEntry[]): Promise<number> {
    // What another program keeps from being counted is not taken in, either.
    this.#database.transaction(() => {});
    const first = this.#next;
    try {
      this.#write(recordsOf(entries, first));
      // To block the process takes less time than to let another thread wait, where nobody waits.
      if (entries.length < MIN_SHARED) this.#file.syncDataSync();
      else await this.#file.syncData();
    } catch (error) {
      this.#isBroken = true;
      throw new AppError("unavailable", `Cannot write inbox "${this.#path}": ${String(error)}`, {
        hint: "see to the disk: its space, its health, and whether it may be written",
        cause: error,
      });
    }
    for (const { events } of entries) this.#next += events;
    this.#prepareClear();
    return first;
  }

  room(bytes: number): "enough" | "little" | "none" {
    if (this.#isBroken) return "none";
    if (this.#end === 0 || this.#end + bytes <= CAPACITY) return "enough";
    return this.#end + bytes <= MAX_BYTES ? "little" : "none";
  }

  isEmpty(): boolean {
    return this.#end === 0;
  }

  async clear({ wipe }: { wipe: boolean }): Promise<void> {
    // The last commits are perhaps not on the disk yet: the inbox was there for them.
    await this.#database.flush(false);
    if (this.#isBroken) this.#replaceFile();
    if (wipe) this.#wipe();
    this.#end = 0;
    this.#flushed = 0;
  }

  takeFound(): readonly FoundNotification[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  counted(): number {
    return countedEvents(this.#database);
  }

  /** Gives the file its full size, a little at a time, with requests in between. */
  async warmUp(): Promise<void> {
    const zeros = new Uint8Array(PIECE_BYTES);
    for (let at = this.#file.statSync().size; at < CAPACITY; at += PIECE_BYTES) {
      // It may have grown meanwhile.
      at = Math.max(at, this.#written);
      this.#writeAt(at, zeros.subarray(0, Math.max(0, CAPACITY - at)));
      await new Promise((resolve) => setTimeout(resolve));
      if (!this.#database.isOpen) return;
    }
    await this.#file.sync();
  }

  close(): void {
    if (this.#database.isOpen) this.#file.close();
  }

  /** What has been counted so far goes to the disk early, so that in the end there is less. */
  #prepareClear(): void {
    const part = Math.floor((this.#end / CAPACITY) * FLUSHES);
    if (part === this.#flushed) return;
    this.#flushed = part;
    // A failure is told of again when the inbox is cleared.
    this.#database.flush(false).catch(() => {});
  }

  #write(bytes: Uint8Array): void {
    this.#writeAt(this.#end, bytes);
    this.#end += bytes.length;
    this.#written = Math.max(this.#written, this.#end);
  }

  #writeAt(at: number, bytes: Uint8Array): void {
    this.#file.seekSync(at, Deno.SeekMode.Start);
    for (let start = 0; start < bytes.length;) {
      start += this.#file.writeSync(bytes.subarray(start));
    }
  }

  #wipe(): void {
    const zeros = new Uint8Array(PIECE_BYTES);
    const end = Math.min(this.#written, CAPACITY);
    for (let at = 0; at < end; at += PIECE_BYTES) {
      this.#writeAt(at, zeros.subarray(0, Math.min(PIECE_BYTES, end - at)));
    }
    if (this.#written > CAPACITY) this.#file.truncateSync(CAPACITY);
    this.#written = 0;
  }

  /** After a failed write, what the disk has of the file is known to nobody. */
  #replaceFile(): void {
    this.#file.close();
    Deno.removeSync(this.#path);
    this.#file = openFile(this.#path);
    this.#written = 0;
    this.#isBroken = false;
  }
}

/**
 * Reads the number of the last event that has been counted.
 *
 * @param database The database.
 * @returns 0 if none has been.
 */
export function countedEvents(database: Database): number {
  return Number(database.get("SELECT value FROM meta WHERE key = 'inbox_counted'")?.value ?? 0);
}

/**
 * Remembers the number of the last event that has been counted.
 *
 * @param database In the transaction that counts it.
 * @param last The number.
 */
export function setCountedEvents(database: Database, last: number): void {
  database.run("INSERT OR REPLACE INTO meta VALUES ('inbox_counted', ?)", String(last));
}

function openFile(path: string): Deno.FsFile {
  const file = Deno.openSync(path, { read: true, write: true, create: true, mode: 0o600 });
  syncFolder(dirname(path));
  return file;
}

/** A new file is durable when its folder is; where folders cannot be opened, they need not. */
function syncFolder(path: string): void {
  try {
    using folder = Deno.openSync(path);
    folder.syncSync();
  } catch {
    // Windows.
  }
}

function pathOf({ path }: Database): string {
  return `${path}-inbox`;
}
