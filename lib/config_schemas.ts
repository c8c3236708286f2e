/**
 * The kinds of values that configuration keys hold, each with a message that says what is right.
 *
 * @module
 */

import { z } from "zod";

import {
  parseDuration,
  parseName,
  parseOrigin,
  parseRange,
  parseSize,
  parseToken,
} from "./config_formats.ts";

/** An entry of `auth.ingest`, `auth.read` or `auth.admin`. */
export type TokenEntry = z.infer<typeof tokenEntry>;

const tokenEntry = z.strictObject({
  token: readable("a token of at least 8 visible characters without spaces", parseToken).optional(),
  token_file: anyText("the path of a file that holds the token").optional(),
  registry: readable(
    "the name of a registry: lower-case letters, digits, `.`, `_` and `-`, at most 64",
    parseName,
  ).optional(),
}, { error: entryError("`- token: …` or `- token_file: …`", "token, token_file and registry") });

const consumerEntry = z.strictObject({
  name: readable(
    "a name other than `other`, of lower-case letters, digits, `.`, `_` and `-`, at most 64",
    (text) => text === "other" ? undefined : parseName(text),
  ),
  addresses: list(range()).default([]),
  actors: list(anyText("the name of an actor")).default([]),
  useragents: list(anyText("the beginning of a user agent")).default([]),
}, {
  error: entryError(
    "`- name: ci` with addresses, actors or useragents",
    "name, addresses, actors and useragents",
  ),
});

/**
 * Text that a reader understands.
 *
 * @param expects Completes "expected …".
 * @param read Converts; `undefined` for what it does not understand.
 * @returns A schema.
 */
export function readable<T>(
  expects: string,
  read: (text: string) => T | undefined,
): z.ZodType<T> {
  const message = `expected ${expects}`;
  return z.string({ error: message }).transform((text, context) => {
    const value = read(text);
    if (value !== undefined) return value;
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });
}

/**
 * Text of one line.
 *
 * @param expects Completes "expected …".
 * @returns A schema.
 */
export function anyText(expects: string): z.ZodType<string> {
  return readable(expects, matching(/^[^\0\r\n]+$/));
}

/**
 * A reader for {@linkcode readable}.
 *
 * @param pattern What the whole text must match.
 * @returns A function that answers the text, or `undefined`.
 */
export function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => pattern.test(text) ? text : undefined;
}

/**
 * A list of any length.
 *
 * @param item Of what.
 * @returns A schema.
 */
export function list<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z.array(item, { error: "expected a list such as [a, b]" });
}

/**
 * One of a few words.
 *
 * @param values The words.
 * @returns A schema.
 */
export function oneOf<const T extends readonly [string, ...string[]]>(
  ...values: T
): z.ZodType<T[number]> {
  const error = `expected ${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
  return z.enum(values, { error });
}

/**
 * A yes or no.
 *
 * @returns A schema.
 */
export function yesOrNo(): z.ZodType<boolean> {
  return z.boolean({ error: "expected true or false" });
}

/**
 * A whole number between bounds.
 *
 * @param least Included.
 * @param most Included.
 * @returns A schema.
 */
export function wholeNumber(least: number, most: number): z.ZodType<number> {
  const error = `expected a whole number from ${least} to ${most}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
}

/**
 * A range of IP addresses.
 *
 * @returns A schema.
 */
export function range(): z.ZodType<string> {
  return readable("an address or a range such as 10.0.0.0/8 or 2001:db8::/32", parseRange);
}

/**
 * A duration with its unit.
 *
 * @param most The longest allowed, in the same form.
 * @returns A schema whose output is milliseconds.
 */
export function duration(most: string): z.ZodType<number> {
  const bound = parseDuration(most) ?? 0;
  return readable(
    `a duration with its unit (ms, s, m, h or d) such as 30s or 90d, at most ${most}`,
    (text) => within(parseDuration(text), 1, bound),
  );
}

/**
 * A size, plain bytes or with a unit.
 *
 * @param least The smallest allowed, in the same form.
 * @param most The largest allowed, in the same form.
 * @returns A schema whose output is bytes.
 */
export function size(least: string, most: string): z.ZodType<number> {
  const [from = 0, to = 0] = [parseSize(least), parseSize(most)];
  const text = readable(
    `a size such as 32MiB or 1GiB, from ${least} to ${most}`,
    (text) => within(parseSize(text), from, to),
  );
  return z.preprocess((value) => typeof value === "number" ? String(value) : value, text);
}

/**
 * The tokens of a role.
 *
 * @returns A schema of `none` or a list.
 */
export function tokens(): z.ZodType<"none" | TokenEntry[]> {
  return z.union([z.literal("none"), z.array(tokenEntry)], {
    error: "expected a list of tokens, or `none` to open the role on purpose",
  });
}

/**
 * The rules that tell consumers apart.
 *
 * @returns A schema of a list.
 */
export function consumers(): z.ZodType<z.infer<typeof consumerEntry>[]> {
  return z.array(consumerEntry, { error: "expected a list of consumers" });
}

/**
 * The `off` that stands in place of the mapping `server.ssl`.
 *
 * @returns A schema.
 */
export function off(): z.ZodType<"off"> {
  // YAML 1.1 reads `off` as false, and so do people.
  return z.preprocess(
    (value) => value === false || value === "false" ? "off" : value,
    z.literal("off", { error: "expected `off`, or cert and cert_key below it" }),
  );
}

/**
 * Reads a connection string.
 *
 * @param text Checked for its scheme and a host alone; the driver reads the rest.
 * @returns The same text, or `undefined`.
 */
export function parseMongoUri(text: string): string | undefined {
  return /^mongodb(?:\+srv)?:\/\/[^/\s]/.test(text) ? text : undefined;
}

/**
 * Reads an origin of `server.cors`.
 *
 * @param text Scheme, host and port, or `*`.
 * @returns The origin, or `undefined`.
 */
export function parseCorsOrigin(text: string): string | undefined {
  return text === "*" ? text : parseOrigin(text);
}

function within(value: number | undefined, least: number, most: number): number | undefined {
  return value !== undefined && value >= least && value <= most ? value : undefined;
}

function entryError(example: string, keys: string): (issue: { code?: string }) => string {
  return ({ code }) =>
    code === "unrecognized_keys"
      ? `unknown key; an entry has ${keys}`
      : `expected an entry such as ${example}`;
}
