/**
 * One of the files of the inbox, written from its beginning to its end and then again.
 *
 * It has its full size from the start: a write that makes a file longer is several times dearer to
 * wait for than one that does not.
 *
 * @module
 */

import { dirname } from "node:path";

import type { Kept } from "../inbox.ts";
import { readRecords } from "./inbox_records.ts";

/** Bytes of a file, as a rule. */
export const FILE_BYTES = 8 * 1024 * 1024;
/** Zeros are written in pieces of this many bytes. */
const PIECE_BYTES = 256 * 1024;

/** A file that holds records. */
export class InboxFile {
  readonly path: string;
  #file: Deno.FsFile;
  /** Where the next record goes. */
  #end = 0;
  /** Up to where there may be bodies. */
  #written: number;
  #isOpen = true;
  /** Number of the last notification in it; 0 while there is none. */
  last = 0;

  /**
   * Opens a file, and makes it where it is missing.
   *
   * @param path The file.
   */
  constructor(path: string) {
    this.path = path;
    this.#file = open(path);
    this.#written = this.#file.statSync().size;
  }

  /** Bytes of the records in it. */
  get end(): number {
    return this.#end;
  }

  /**
   * Reads what an earlier process has left; what is written next goes behind it.
   *
   * @returns The records, in order.
   */
  read(): readonly Kept[] {
    const records = readRecords(this.#file);
    this.#end = records.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.last = records.at(-1)?.number ?? 0;
    return records.map(({ number, bytes }) => ({ first: number, last: number, records: bytes }));
  }

  /**
   * Writes records behind the others.
   *
   * @param bytes The records.
   * @param last Number of the last of them.
   * @param isAlone Nothing else is waiting: to block the process takes less time than to let another
   *   thread wait.
   * @returns Settled when the disk has them.
   */
  async append(
    bytes: Uint8Array,
    { last, isAlone }: { last: number; isAlone: boolean },
  ): Promise<void> {
    this.#writeAt(this.#end, bytes);
    this.#end += bytes.length;
    this.#written = Math.max(this.#written, this.#end);
    this.last = last;
    if (isAlone) this.#file.syncDataSync();
    else await this.#file.syncData();
  }

  /**
   * Forgets what was appended last: it is overwritten next.
   *
   * @param bytes How much that is.
   * @param last Number of the last notification before it.
   */
  takeBack(bytes: number, last: number): void {
    this.#end -= bytes;
    this.last = this.#end === 0 ? 0 : last;
  }

  /** Begins again: what is in the file is needed no more. */
  rewind(): void {
    this.#end = 0;
    this.last = 0;
  }

  /** Leaves nothing of the bodies behind. */
  wipe(): void {
    const zeros = new Uint8Array(PIECE_BYTES);
    const end = Math.min(this.#written, FILE_BYTES);
    for (let at = 0; at < end; at += PIECE_BYTES) {
      this.#writeAt(at, zeros.subarray(0, Math.min(PIECE_BYTES, end - at)));
    }
    if (this.#written > FILE_BYTES) this.#file.truncateSync(FILE_BYTES);
    this.#written = 0;
  }

  /** Makes the file anew: after a failed write, what the disk has of it is known to nobody. */
  replace(): void {
    this.#file.close();
    Deno.removeSync(this.path);
    this.#file = open(this.path);
    this.#written = 0;
  }

  /** Gives the file its full size, a little at a time, with requests in between. */
  async warmUp(): Promise<void> {
    const zeros = new Uint8Array(PIECE_BYTES);
    for (let at = this.#file.statSync().size; at < FILE_BYTES; at += PIECE_BYTES) {
      // It may have grown meanwhile.
      at = Math.max(at, this.#written);
      this.#writeAt(at, zeros.subarray(0, Math.max(0, FILE_BYTES - at)));
      await new Promise((resolve) => setTimeout(resolve));
      if (!this.#isOpen) return;
    }
    await this.#file.sync();
  }

  close(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }

  #writeAt(at: number, bytes: Uint8Array): void {
    this.#file.seekSync(at, Deno.SeekMode.Start);
    for (let start = 0; start < bytes.length;) {
      start += this.#file.writeSync(bytes.subarray(start));
    }
  }
}

function open(path: string): Deno.FsFile {
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
