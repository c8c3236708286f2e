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

const HEADER_BYTES = 16;

/** What the line of JSON of a record says. */
interface Envelope {
  readonly registry: string;
  readonly receivedAt: number;
  readonly oversize?: number;
}

/** Records behind each other. */
export interface Records {
  readonly bytes: Uint8Array;
  /** Each of them, in the same memory. */
  readonly kept: readonly Kept[];
}

/**
 * Writes records.
 *
 * @param notifications What to write.
 * @param first Number of the first.
 * @returns The records.
 */
export function recordsOf(notifications: readonly Notification[], first: number): Records {
  const encoder = new TextEncoder();
  const lines = notifications.map((notification) =>
    encoder.encode(`${JSON.stringify(envelopeOf(notification))}\n`)
  );
  const lengths = notifications.map(({ body }, n) =>
    HEADER_BYTES + (lines[n]?.length ?? 0) + body.length
  );
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  const kept = notifications.map(({ body }, n) => {
    const record = bytes.subarray(at, at += lengths[n] ?? 0);
    record.set(lines[n] ?? [], HEADER_BYTES);
    record.set(body, record.length - body.length);
    const view = viewOf(record);
    view.setUint32(0, record.length - HEADER_BYTES);
    view.setFloat64(8, first + n);
    view.setUint32(4, checksumOf(record));
    return { number: first + n, record };
  });
  return { bytes, kept };
}

/**
 * Puts records behind each other.
 *
 * @param kept The records.
 * @returns Their bytes, in memory of their own.
 */
export function joined(kept: readonly Kept[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(kept.reduce((sum, { record }) => sum + record.length, 0));
  let at = 0;
  for (const { record } of kept) {
    bytes.set(record, at);
    at += record.length;
  }
  return bytes;
}

/**
 * Tells records apart again.
 *
 * @param bytes From {@linkcode joined}.
 * @returns The records, in the same memory.
 */
export function split(bytes: Uint8Array): Kept[] {
  const kept: Kept[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = HEADER_BYTES + viewOf(bytes).getUint32(at);
    const record = bytes.subarray(at, at += length);
    kept.push({ number: numberOf(record), record });
  }
  return kept;
}

/**
 * Reads a record.
 *
 * @param record The record.
 * @returns The notification; nobody waits for it any more.
 */
export function notificationOf(record: Uint8Array): Notification {
  const content = record.subarray(HEADER_BYTES);
  const lineEnd = content.indexOf(0x0a);
  const envelope: Envelope = JSON.parse(new TextDecoder().decode(content.subarray(0, lineEnd)));
  return { ...envelope, body: content.subarray(lineEnd + 1), deadline: Infinity };
}

/** What a file begins with. */
export interface Content {
  readonly kept: readonly Kept[];
  /** Where they end. */
  readonly end: number;
}

/**
 * Reads the records that a file begins with.
 *
 * @param file Any file; one that begins with no record has none.
 * @returns The records and where they end.
 */
export function readRecords(file: Deno.FsFile): Content {
  const kept: Kept[] = [];
  let end = 0;
  while (true) {
    const record = readRecord(file, end);
    if (record === undefined) return { kept, end };
    const number = numberOf(record);
    const previous = kept.at(-1);
    if (previous !== undefined && number !== previous.number + 1) return { kept, end };
    kept.push({ number, record });
    end += record.length;
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

function envelopeOf({ registry, receivedAt, oversize }: Notification): Envelope {
  return { registry, receivedAt, ...(oversize === undefined ? {} : { oversize }) };
}

/** Over all that follows the checksum. */
function checksumOf(record: Uint8Array): number {
  return crc32(record.subarray(8));
}

function numberOf(record: Uint8Array): number {
  return viewOf(record).getFloat64(8);
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
