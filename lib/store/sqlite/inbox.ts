/**
 * The inbox of the embedded store: a file beside the database, written from its beginning to its end
 * and then again.
 *
 * A record is a header of 16 bytes (length of what follows, its CRC-32, the number of the first
 * event), a line of JSON and the body. Records follow each other without a gap in their numbers;
 * where the next number or the checksum is not right, what was written last has ended, and what
 * comes behind is older. The file has its full size from the start: a write that makes a file
 * longer is several times dearer to wait for than one that does not.
 *
 * @module
 */

import { dirname } from "node:path";
import { crc32 } from "node:zlib";

import { AppError } from "../../errors.ts";
import type { FoundNotification, Inbox, InboxEntry } from "../inbox.ts";
import type { Database } from "./database.ts";

/** Bytes of the file, unless a single batch needs more. */
const CAPACITY = 16 * 1024 * 1024;
const HEADER_BYTES = 16;
/** How often the database is flushed while the file fills. */
const FLUSHES = 8;
/** Zeros are written in pieces of this many bytes, so that requests are read in between. */
const PIECE_BYTES = 256 * 1024;
/** A batch of fewer notifications says that nobody else is sending. */
const MIN_SHARED = 3;

/** What the line of JSON of a record says. */
interface Envelope {
  readonly registry: string;
  readonly receivedAt: number;
  readonly oversize?: number;
  readonly events: number;
}

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

  isFull(bytes: number): boolean {
    return this.#isBroken || (this.#end > 0 && this.#end + bytes > CAPACITY);
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

  /** Gives the file its full size, a little at a time. */
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

/** The records of a batch. */
function recordsOf(entries: readonly InboxEntry[], first: number): Uint8Array {
  const lines = entries.map((entry) => new TextEncoder().encode(`${envelopeOf(entry)}\n`));
  const lengths = entries.map(({ notification: { body } }, n) =>
    HEADER_BYTES + (lines[n]?.length ?? 0) + body.length
  );
  const records = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  let next = first;
  for (const [n, { notification: { body }, events }] of entries.entries()) {
    const record = records.subarray(at, at + (lengths[n] ?? 0));
    record.set(lines[n] ?? [], HEADER_BYTES);
    record.set(body, record.length - body.length);
    const view = new DataView(record.buffer, record.byteOffset);
    view.setUint32(0, record.length - HEADER_BYTES);
    view.setFloat64(8, next);
    view.setUint32(4, checksumOf(record));
    at += record.length;
    next += events;
  }
  return records;
}

function envelopeOf({ notification, events }: InboxEntry): string {
  const { registry, receivedAt, oversize } = notification;
  const envelope: Envelope = {
    registry,
    receivedAt,
    events,
    ...(oversize === undefined ? {} : { oversize }),
  };
  return JSON.stringify(envelope);
}

/** Over all that follows the checksum. */
function checksumOf(record: Uint8Array): number {
  return crc32(record.subarray(8));
}

/** What a file begins with. */
interface Content {
  readonly records: readonly FoundNotification[];
  /** Where they end. */
  readonly end: number;
  /** The number of the event that would follow; 0 where there is none. */
  readonly next: number;
}

function readRecords(file: Deno.FsFile): Content {
  const records: FoundNotification[] = [];
  let end = 0;
  let next = 0;
  while (true) {
    const record = readRecord(file, end);
    if (record === undefined || (next > 0 && record.first !== next)) return { records, end, next };
    end += record.bytes;
    next = record.first + record.events;
    records.push({ notification: record.notification, first: record.first });
  }
}

/** The record at a place, if there is one. */
function readRecord(
  file: Deno.FsFile,
  at: number,
): FoundNotification & { events: number; bytes: number } | undefined {
  const header = readBytes(file, at, HEADER_BYTES);
  if (header === undefined) return undefined;
  const view = new DataView(header.buffer);
  const length = view.getUint32(0);
  if (length === 0) return undefined;
  const record = readBytes(file, at, HEADER_BYTES + length);
  if (record === undefined || checksumOf(record) !== view.getUint32(4)) return undefined;
  const content = record.subarray(HEADER_BYTES);
  const lineEnd = content.indexOf(0x0a);
  const { events, ...envelope }: Envelope = JSON.parse(
    new TextDecoder().decode(content.subarray(0, lineEnd)),
  );
  const notification = { ...envelope, body: content.subarray(lineEnd + 1), deadline: Infinity };
  return { notification, first: view.getFloat64(8), events, bytes: record.length };
}

/** That many bytes; `undefined` where the file has not so many. */
function readBytes(
  file: Deno.FsFile,
  at: number,
  length: number,
): Uint8Array<ArrayBuffer> | undefined {
  if (at + length > file.statSync().size) return undefined;
  const bytes = new Uint8Array(length);
  file.seekSync(at, Deno.SeekMode.Start);
  for (let start = 0; start < length;) {
    const read = file.readSync(bytes.subarray(start));
    if (read === null) return undefined;
    start += read;
  }
  return bytes;
}
