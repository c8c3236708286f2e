/**
 * How ids and digests are stored: short, reversible, in the same order.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Where a UUID has its dashes, and the first digit of each byte. */
const DASHES = Uint8Array.of(8, 13, 18, 23);
const BYTES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const UUID_LENGTH = 36;
const DASH = 0x2d;
/** Values of digits by their code, of lower case alone: any other spelling is another id. */
const DIGITS = new Uint8Array(0x80).fill(0xff);
for (const [value, digit] of Array.from("0123456789abcdef").entries()) {
  DIGITS[digit.charCodeAt(0)] = value;
}
const SHA256 = /^sha256:[0-9a-f]{64}$/;
const SHA256_PREFIX = Buffer.from("sha256:");

/**
 * Shortens an id.
 *
 * @param id Of an event or a request.
 * @returns 16 bytes for a UUID, any other text as it is.
 */
export function encodeId(id: string): string | Uint8Array {
  return id.length === UUID_LENGTH ? bytesOfUuid(id) ?? id : id;
}

/** By hand: an event has three ids, and a pattern and a decoder take twice as long. */
function bytesOfUuid(id: string): Uint8Array | undefined {
  for (const at of DASHES) {
    if (id.charCodeAt(at) !== DASH) return undefined;
  }
  const bytes = new Uint8Array(BYTES.length);
  let isHex = true;
  for (let index = 0; index < bytes.length; index++) {
    const at = BYTES[index] as number;
    const high = DIGITS[id.charCodeAt(at)] ?? 0xff;
    const low = DIGITS[id.charCodeAt(at + 1)] ?? 0xff;
    isHex &&= (high | low) <= 0xf;
    bytes[index] = high << 4 | low;
  }
  return isHex ? bytes : undefined;
}

/**
 * Reads what {@linkcode encodeId} wrote.
 *
 * @param stored The column.
 * @returns The id.
 */
export function decodeId(stored: unknown): string {
  if (!(stored instanceof Uint8Array)) return String(stored);
  const hex = Buffer.from(stored).toString("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join("-");
}

/**
 * Shortens a digest.
 *
 * @param digest `algorithm:value`.
 * @returns `sha256:` and 32 bytes, or the bytes of the text: their order is that of the texts.
 */
export function encodeDigest(digest: string): Uint8Array {
  if (!SHA256.test(digest)) return Buffer.from(digest);
  return Buffer.concat([SHA256_PREFIX, Buffer.from(digest.slice(7), "hex")]);
}

/**
 * Reads what {@linkcode encodeDigest} wrote.
 *
 * @param stored The column.
 * @returns The digest, `null` for none.
 */
export function decodeDigest(stored: unknown): string | null {
  if (!(stored instanceof Uint8Array)) return null;
  const bytes = Buffer.from(stored);
  const isShort = bytes.length === 39 && bytes.subarray(0, 7).equals(SHA256_PREFIX);
  return isShort ? `sha256:${bytes.subarray(7).toString("hex")}` : bytes.toString();
}
