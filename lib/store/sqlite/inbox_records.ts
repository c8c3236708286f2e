/**
 * How the inbox is written: records behind each other.
 *
 * A record is a header of 16 bytes (length of what follows, CRC-32 of all behind it, number of the
 * first event), a line of JSON and the body. Records follow each other without a gap in their
 * numbers: where the next number or the checksum is not right, what was written last has ended, and
 * what comes behind is older.
 *
 * @module
 */

import { crc32 } from "node:zlib";

import type { Notification } from "../../batch.ts";
import type { InboxEntry } from "../inbox.ts";

const HEADER_BYTES = 16;

/** What the line of JSON of a record says. */
interface Envelope {
  readonly registry: string;
  readonly receivedAt: number;
  readonly oversize?: number;
  readonly events: number;
}

/**
 * Writes the records of a batch.
 *
 * @param entries The batch.
 * @param first Number of its first event.
 * @returns Their bytes.
 */
export function recordsOf(entries: readonly InboxEntry[], first: number): Uint8Array {
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

/** A notification as it was kept. */
export interface KeptNotification {
  readonly notification: Notification;
  /** Number of its first event. */
  readonly first: number;
}

/** What a file begins with. */
export interface Content {
  readonly records: readonly KeptNotification[];
  /** Where they end. */
  readonly end: number;
  /** The number of the event that would follow; 0 where there is none. */
  readonly next: number;
}

/**
 * Reads the records that a file begins with.
 *
 * @param file Any file; one that begins with no record has none.
 * @returns The records and where they end.
 */
export function readRecords(file: Deno.FsFile): Content {
  const records: KeptNotification[] = [];
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
): KeptNotification & { events: number; bytes: number } | undefined {
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
