/**
 * How ids and digests are stored: short, reversible, in the same order.
 *
 * @module
 */

import { Buffer } from "node:buffer";

/** Lower case, as all registries write it; any other spelling is another id. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const SHA256 = /^sha256:[0-9a-f]{64}$/;
const SHA256_PREFIX = Buffer.from("sha256:");

/**
 * Shortens an id.
 *
 * @param id Of an event or a request.
 * @returns 16 bytes for a UUID, any other text as it is.
 */
export function encodeId(id: string): string | Uint8Array {
  return UUID.test(id) ? bytesOfHex(id) : id;
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
  return Buffer.concat([SHA256_PREFIX, bytesOfHex(digest.slice(7))]);
}

/** The bytes of lower case hexadecimal text; `Buffer.from(text, "hex")` takes ten times as long. */
function bytesOfHex(text: string): Uint8Array {
  const digits = text.replaceAll("-", "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = digitOf(digits, 2 * index) * 16 + digitOf(digits, 2 * index + 1);
  }
  return bytes;
}

/** Value of a digit 0-9 (code 48 and up) or a-f (97 and up). */
function digitOf(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
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
