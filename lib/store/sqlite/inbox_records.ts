/**
 * How the inbox is written, and how notifications cross to the thread that counts them: records
 * behind each other.
 *
 * A record is a header of 16 bytes (length of what follows, CRC-32 of all behind it, number of the
 * notification), a line of JSON and the body. Records follow each other without a gap in their
 * numbers: where the next number or the checksum is not right, what was written last has ended, and
 * what comes behind is older.
 *
 * @module
 */

import { crc32 } from "node:zlib";

import type { Notification } from "../../batch.ts";
import type { Kept } from "../inbox.ts";

/** Making one takes as long as to decode a line. */
const UTF8 = new TextDecoder();
const HEADER_BYTES = 16;

/** What the line of JSON of a record says. */
interface RecordLine {
  readonly registry: string;
  readonly receivedAt: number;
  readonly oversize?: number;
}

/**
 * Writes records.
 *
 * @param notifications What to write.
 * @param first Number of the first.
 * @returns The records.
 */
export function recordsOf(notifications: readonly Notification[], first: number): Kept {
  const encoder = new TextEncoder();
  const lines = notifications.map((notification) => encoder.encode(lineOf(notification)));
  const lengths = notifications.map(({ body }, n) =>
    HEADER_BYTES + (lines[n]?.length ?? 0) + body.length
  );
  const records = new Uint8Array(sumOf(lengths));
  const view = viewOf(records);
  let start = 0;
  for (const [n, { body }] of notifications.entries()) {
    const end = start + (lengths[n] ?? 0);
    records.set(lines[n] ?? [], start + HEADER_BYTES);
    records.set(body, end - body.length);
    view.setUint32(start, end - start - HEADER_BYTES);
    view.setFloat64(start + 8, first + n);
    view.setUint32(start + 4, checksumOf(records.subarray(start, end)));
    start = end;
  }
  return { first, last: first + notifications.length - 1, records };
}

/**
 * Puts records behind each other.
 *
 * @param kept The records.
 * @returns Their bytes, in memory of their own.
 */
export function joined(kept: readonly Kept[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sumOf(kept.map(({ records }) => records.length)));
  let at = 0;
  for (const { records } of kept) {
    bytes.set(records, at);
    at += records.length;
  }
  return bytes;
}

/** A record. */
export interface InboxRecord {
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * Tells records apart.
 *
 * @param bytes Records behind each other.
 * @returns The records, in the same memory.
 */
export function recordsIn(bytes: Uint8Array): InboxRecord[] {
  const view = viewOf(bytes);
  const records: InboxRecord[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = start + HEADER_BYTES + view.getUint32(start);
    records.push({ number: view.getFloat64(start + 8), bytes: bytes.subarray(start, end) });
    start = end;
  }
  return records;
}

/**
 * Reads a record.
 *
 * @param record The record.
 * @returns The notification; nobody waits for it any more.
 */
export function notificationOf({ bytes }: InboxRecord): Notification {
  const content = bytes.subarray(HEADER_BYTES);
  const lineEnd = content.indexOf(0x0a);
  const line: RecordLine = JSON.parse(UTF8.decode(content.subarray(0, lineEnd)));
  return { ...line, body: content.subarray(lineEnd + 1), deadline: Infinity };
}

/**
 * Reads the records that a file begins with.
 *
 * @param file Any file; one that begins with no record has none.
 * @returns The records.
 */
export function readRecords(file: Deno.FsFile): InboxRecord[] {
  const records: InboxRecord[] = [];
  let end = 0;
  while (true) {
    const bytes = readRecord(file, end);
    if (bytes === undefined) return records;
    const number = viewOf(bytes).getFloat64(8);
    const previous = records.at(-1);
    if (previous !== undefined && number !== previous.number + 1) return records;
    records.push({ number, bytes });
    end += bytes.length;
  }
}

/** The record at a place, if there is one. */
function readRecord(file: Deno.FsFile, at: number): Uint8Array | undefined {
  const header = readBytes(file, at, HEADER_BYTES);
  if (header === undefined) return undefined;
  const length = viewOf(header).getUint32(0);
  if (length === 0) return undefined;
  const record = readBytes(file, at, HEADER_BYTES + length);
  if (record === undefined || checksumOf(record) !== viewOf(header).getUint32(4)) return undefined;
  return record;
}

function lineOf({ registry, receivedAt, oversize }: Notification): string {
  const line: RecordLine = {
    registry,
    receivedAt,
    ...(oversize === undefined ? {} : { oversize }),
  };
  return `${JSON.stringify(line)}\n`;
}

/** Over all that follows the checksum. */
function checksumOf(record: Uint8Array): number {
  return crc32(record.subarray(8));
}

function sumOf(lengths: readonly number[]): number {
  return lengths.reduce((sum, length) => sum + length, 0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset);
}

/** That many bytes; `undefined` where the file has not so many. */
function readBytes(file: Deno.FsFile, at: number, length: number): Uint8Array | undefined {
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
