/**
 * The live stream on the wire: server-sent events, as the HTML standard defines them.
 *
 * @module
 */

/** What a stream tells: an object that has changed, one that is gone, "read everything again". */
export type MessageName = "repository" | "removed" | "reset";

/** A place in the stream: the messages of one uninterrupted run are numbered. */
export interface Position {
  /** Names the run. */
  readonly run: string;
  readonly number: number;
}

/** How a run may be called, and how far anyone can count. */
const ID = /^([0-9a-z]{12})-(\d{1,15})$/;

/**
 * Writes a message.
 *
 * @param name What it tells.
 * @param data JSON; it has no line breaks.
 * @param position Where in the stream it is.
 * @returns Bytes, to be sent to any number of readers.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeMessage } from "./message.ts";
 *
 * const bytes = encodeMessage("reset", { data: "{}", position: { run: "0123456789ab", number: 7 } });
 * assert.equal(new TextDecoder().decode(bytes), "id: 0123456789ab-7\nevent: reset\ndata: {}\n\n");
 * ```
 */
export function encodeMessage(
  name: MessageName,
  { data, position }: { data: string; position: Position },
): Uint8Array<ArrayBuffer> {
  return encode(`id: ${renderId(position)}\nevent: ${name}\ndata: ${data}\n\n`);
}

/**
 * Writes what a stream begins with: it tells the client where it is, and nothing else, so that it
 * may go on from here even if no message comes.
 *
 * @param position Where in the stream it is.
 * @param options `retryMs`: how long to wait before a new connection.
 * @returns Bytes.
 */
export function encodeGreeting(
  position: Position,
  { retryMs }: { retryMs: number },
): Uint8Array<ArrayBuffer> {
  return encode(`retry: ${retryMs}\nid: ${renderId(position)}\n\n`);
}

/**
 * Writes what is sent while nothing happens: a comment, so that nobody takes the connection for
 * dead, and how far the stream has come, for who hears of few repositories.
 *
 * @param position Where in the stream it is.
 * @returns Bytes.
 */
export function encodeHeartbeat(position: Position): Uint8Array<ArrayBuffer> {
  return encode(`:\nid: ${renderId(position)}\n\n`);
}

/**
 * Reads what a client hands back.
 *
 * @param text The id of a message.
 * @returns The place, or `undefined` if it is none of this program.
 */
export function parseId(text: string): Position | undefined {
  const [, run, number] = ID.exec(text) ?? [];
  return run === undefined ? undefined : { run, number: Number(number) };
}

/**
 * Joins messages, so that they are sent as one.
 *
 * @param parts The messages.
 * @returns Their bytes; those of a single one are not copied.
 */
export function joinMessages(
  parts: readonly Uint8Array<ArrayBuffer>[],
): Uint8Array<ArrayBuffer> {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.byteLength;
  }
  return joined;
}

function renderId({ run, number }: Position): string {
  return `${run}-${number}`;
}

function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
