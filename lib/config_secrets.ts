/**
 * Secrets that the configuration names: tokens, and files that hold tokens or passwords.
 *
 * No message of this module shows a secret.
 *
 * @module
 */

import { parseToken } from "./config_formats.ts";
import type { KeyName } from "./config_keys.ts";
import type { TokenEntry } from "./config_schemas.ts";
import type { CheckedSettings, Findings, Place } from "./config_settings.ts";
import { reasonOf } from "./file_errors.ts";

/** Reads a small text file, and throws where it cannot. */
export type ReadText = (path: string) => string;

/** A configured token. */
export interface AccessToken {
  readonly token: string;
  /** The only registry that it speaks for; of `auth.ingest` alone. */
  readonly registry?: string;
}

/** Who has a role: everybody, nobody yet (`unset`: nothing is configured), or who has a token. */
export type RoleAccess = "none" | "unset" | readonly AccessToken[];

/** The roles. */
export interface Access {
  /** May send events. */
  readonly ingest: RoleAccess;
  /** May read the numbers. */
  readonly read: RoleAccess;
  /** May change stars, and read. */
  readonly admin: RoleAccess;
}

/** The place that names a file, and where problems go. */
interface Context {
  readonly place: Place;
  readonly findings: Findings;
}

/**
 * Reads a file that holds a secret.
 *
 * @param path Of the file, relative to the working directory.
 * @param readText Reads it.
 * @param context The place that names the file, and where problems go.
 * @returns Its text without space around it, or `undefined` if there is none to be had.
 */
export function readSecret(path: string, readText: ReadText, context: Context): string | undefined {
  const { place, findings } = context;
  try {
    const text = readText(path).trim();
    if (text !== "") return text;
    findings.problems.push({ place, text: `the file "${path}" is empty` });
  } catch (error) {
    const text = `cannot read the file "${path}": ${reasonOf(error)}`;
    findings.problems.push({ place, text });
  }
  return undefined;
}

/**
 * Puts the tokens of all roles together.
 *
 * @param checked The settings.
 * @param readText Reads the files that hold tokens.
 * @param options Where problems go: a token given twice, an entry without one.
 * @returns The access to each role.
 */
export function resolveAccess(
  checked: CheckedSettings,
  readText: ReadText,
  { findings }: { findings: Findings },
): Access {
  const seen = new Map<string, string>();
  const resolve = (name: TokenKey) => resolveRole(name, checked, { readText, findings, seen });
  return {
    ingest: resolve("auth.ingest"),
    read: resolve("auth.read"),
    admin: resolve("auth.admin"),
  };
}

type TokenKey = Extract<KeyName, `auth.${string}`>;

interface RoleContext {
  readonly readText: ReadText;
  readonly findings: Findings;
  /** Tokens so far, with the label of their place. */
  readonly seen: Map<string, string>;
}

function resolveRole(
  name: TokenKey,
  { values, settings }: CheckedSettings,
  { readText, findings, seen }: RoleContext,
): RoleAccess {
  const value = values[name];
  const setting = settings.get(name);
  if (value === "none" || setting === undefined) return value === "none" ? "none" : "unset";
  const access = value.flatMap((entry, index) => {
    const place = setting.placeOf([index]);
    const token = tokenOf(entry, readText, { place, findings });
    if (token === undefined) return [];
    const text = objectionTo({ ...entry, token }, name, seen);
    if (text !== undefined) findings.problems.push({ place, text });
    seen.set(token, place.label);
    return entry.registry === undefined ? { token } : { token, registry: entry.registry };
  });
  return value.length === 0 ? "unset" : access;
}

function tokenOf(entry: TokenEntry, readText: ReadText, context: Context): string | undefined {
  const { token, token_file: file } = entry;
  if ((token === undefined) === (file === undefined)) {
    const text = "expected either token or token_file, and not an empty one";
    context.findings.problems.push({ place: context.place, text });
    return undefined;
  }
  return token ?? readSecret(file ?? "", readText, context);
}

function objectionTo(
  { token, token_file: file, registry }: TokenEntry & { token: string },
  name: TokenKey,
  seen: ReadonlyMap<string, string>,
): string | undefined {
  const other = seen.get(token);
  if (other !== undefined) return `the same token as ${other}; each role needs tokens of its own`;
  if (registry !== undefined && name !== "auth.ingest") {
    return "registry binds tokens of auth.ingest alone; leave it out here";
  }
  if (parseToken(token) === undefined) {
    return `expected one token of at least 8 visible characters in the file "${file ?? ""}"`;
  }
  return undefined;
}
