/**
 * Values of JSON, read leniently: `""`, `null` and absent are all absent.
 *
 * @module
 */

/** Any object of JSON. */
export type Json = Record<string, unknown>;

/** Thrown to reject one event; the message says why, for a person. */
export class Rejection extends Error {}

/** Longest text, in code points: names are rejected beyond, any other text is cut here. */
export const MAX_TEXT = 256;

/**
 * Reads text that decides what an event means.
 *
 * @param object Where it is.
 * @param key Its key.
 * @param name What the reason calls it.
 * @returns The text, or `undefined` where it is absent.
 * @throws {Rejection} If it is of another type.
 */
export function text(object: Json, key: string, name = key): string | undefined {
  const value = object[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw new Rejection(`"${name}" is not text`);
  return value;
}

/**
 * Reads text that only describes.
 *
 * @param value Anything.
 * @returns The text, {@linkcode cut}; `undefined` where it is absent or of another type.
 */
export function looseText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? cut(value) : undefined;
}

/**
 * Reads a size.
 *
 * @param value Anything.
 * @returns Bytes; `undefined` for 0 and where it is no safe integer.
 */
export function asSize(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? value as number : undefined;
}

/**
 * Makes text that every store can keep: well-formed, and without NUL, at which SQLite's ends.
 *
 * @param value Any text.
 * @returns It, or its beginning of 256 code points.
 */
export function cut(value: string): string {
  const wellFormed = value.toWellFormed().replaceAll("\0", "\ufffd");
  if (wellFormed.length <= MAX_TEXT) return wellFormed;
  return Array.from(wellFormed.slice(0, 2 * MAX_TEXT)).slice(0, MAX_TEXT).join("");
}

/**
 * Counts code points, as exactly as the longest text needs.
 *
 * @param value Any text.
 * @returns How many there are; of what is far too long, at least {@linkcode MAX_TEXT}.
 */
export function codePoints(value: string): number {
  if (value.length <= MAX_TEXT || value.length > 2 * MAX_TEXT) return value.length;
  return Array.from(value).length;
}

/**
 * Says whether a value is an object of JSON.
 *
 * @param value Anything.
 * @returns False for arrays and `null`, too.
 */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An object of which nothing is `undefined`. */
export type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/**
 * Drops the keys whose value is `undefined`, so that equal events are deeply equal.
 *
 * @param object Any object.
 * @returns One without them.
 */
export function withoutAbsent<T extends object>(object: T): Present<T> {
  const result: Partial<T> = {};
  // `for … in`: this runs for each part of each event, and a list of entries would be garbage.
  for (const key in object) {
    if (object[key] !== undefined) result[key] = object[key];
  }
  return result as Present<T>;
}
