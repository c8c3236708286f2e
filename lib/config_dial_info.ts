/**
 * `dial_info`: how MongoDB is reached, if it is to be reached at all.
 *
 * @module
 */

import type { KeyName } from "./config_keys.ts";
import { readSecret, type ReadText } from "./config_secrets.ts";
import { type CheckedSettings, type Findings, isAtLeast, type Setting } from "./config_settings.ts";

/** How to reach MongoDB: a connection string, or servers with all that belongs to them. */
export interface DialInfo {
  /** Complete, with user and password; then `addrs` is empty. */
  readonly uri: string | undefined;
  /** `host` or `host:port`. */
  readonly addrs: readonly string[];
  /** How long connecting at start may take. */
  readonly timeoutMs: number;
  /** Where the collections are. */
  readonly database: string;
  readonly user: string | undefined;
  readonly password: string | undefined;
  /** The database that knows the user; `undefined`: {@linkcode DialInfo.database}. */
  readonly authSource: string | undefined;
  readonly replicaSet: string | undefined;
  readonly tls: boolean;
  /** PEM file of the authorities to trust instead of the system's. */
  readonly tlsCaFile: string | undefined;
}

/** Keys that a connection string says itself. */
const DETAILS: readonly KeyName[] = [
  "dial_info.user",
  "dial_info.password_file",
  "dial_info.auth_source",
  "dial_info.replica_set",
  "dial_info.tls",
  "dial_info.tls_ca_file",
];

/** Databases of MongoDB itself: in a connection string they say where users are known. */
const SYSTEM_DATABASES: readonly string[] = ["admin", "config", "local"];

/**
 * Puts `dial_info` together.
 *
 * @param checked The settings.
 * @param readText Reads the password's file.
 * @param options Where problems and warnings go.
 * @returns How to reach MongoDB, or `undefined` if neither `uri` nor `addrs` is set.
 */
export function resolveDialInfo(
  checked: CheckedSettings,
  readText: ReadText,
  { findings }: { findings: Findings },
): DialInfo | undefined {
  if (checked.broken.has("dial_info.uri") || checked.broken.has("dial_info.addrs")) {
    return undefined;
  }
  const target = targetOf(checked, findings);
  if (target === undefined) {
    refuse(detailsOf(checked), "has no effect without dial_info.addrs or dial_info.uri", findings);
    return undefined;
  }
  return target.name === "dial_info.uri"
    ? fromUri(checked, target, findings)
    : fromAddresses(checked, readText, findings);
}

/**
 * Renders the connection string for the driver.
 *
 * @param dialInfo From the configuration.
 * @returns Such as `mongodb://user:secret@mongo-host/?authSource=docker-registry-db`; a secret.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseConfig } from "./config.ts";
 * import { mongoUri } from "./config_dial_info.ts";
 *
 * const { dialInfo } = parseConfig("dial_info: { addrs: [a, 'b:27018'], replica_set: rs0 }");
 * assert.ok(dialInfo);
 * assert.equal(mongoUri(dialInfo), "mongodb://a,b:27018/?replicaSet=rs0");
 * ```
 */
export function mongoUri(dialInfo: DialInfo): string {
  if (dialInfo.uri !== undefined) return dialInfo.uri;
  const { addrs, user, password = "", database, authSource = database } = dialInfo;
  const login = user === undefined
    ? ""
    : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
  const options = Object.entries({
    // As the driver of 2015 did, users are looked up in the database itself.
    authSource: user === undefined ? undefined : authSource,
    replicaSet: dialInfo.replicaSet,
    tls: dialInfo.tls ? "true" : undefined,
    tlsCAFile: dialInfo.tlsCaFile,
  }).flatMap(([name, value]) => value === undefined ? [] : `${name}=${encodeURIComponent(value)}`);
  const query = options.length === 0 ? "" : `?${options.join("&")}`;
  return `mongodb://${login}${addrs.join(",")}/${query}`;
}

/** The setting that says where MongoDB is: of two the one of the higher layer. */
function targetOf({ settings, values }: CheckedSettings, findings: Findings): Setting | undefined {
  const uri = settings.get("dial_info.uri");
  const addrs = values["dial_info.addrs"].length === 0
    ? undefined
    : settings.get("dial_info.addrs");
  if (uri === undefined || addrs === undefined) return uri ?? addrs;
  if (uri.layer === addrs.layer) {
    const text = `cannot stand beside ${uri.placeOf([]).label}; keep one of the two`;
    findings.problems.push({ place: addrs.placeOf([]), text });
    return uri;
  }
  const [winner, loser] = isAtLeast(uri, addrs) ? [uri, addrs] : [addrs, uri];
  findings.warnings.push(`${winner.placeOf([]).label} replaces ${loser.placeOf([]).label}`);
  return winner;
}

function fromUri(checked: CheckedSettings, target: Setting, findings: Findings): DialInfo {
  const { values, settings } = checked;
  const uri = values["dial_info.uri"];
  const rivals = detailsOf(checked).filter((detail) => isAtLeast(detail, target));
  refuse(rivals, "is a part of dial_info.uri; say it there, or give addrs instead", findings);
  const database = settings.get("dial_info.database");
  const isNamed = database !== undefined && isAtLeast(database, target);
  return {
    uri,
    addrs: [],
    timeoutMs: values["dial_info.timeout"],
    database: (isNamed ? undefined : databaseIn(uri)) ?? values["dial_info.database"],
    user: undefined,
    password: undefined,
    authSource: undefined,
    replicaSet: undefined,
    tls: false,
    tlsCaFile: undefined,
  };
}

function fromAddresses(
  checked: CheckedSettings,
  readText: ReadText,
  findings: Findings,
): DialInfo {
  const { values } = checked;
  requireOther("dial_info.user", "dial_info.password_file", { checked, findings });
  requireOther("dial_info.password_file", "dial_info.user", { checked, findings });
  requireOther("dial_info.auth_source", "dial_info.user", { checked, findings });
  requireOther("dial_info.tls_ca_file", "dial_info.tls", { checked, findings });
  return {
    uri: undefined,
    addrs: values["dial_info.addrs"],
    timeoutMs: values["dial_info.timeout"],
    database: values["dial_info.database"],
    user: values["dial_info.user"],
    password: readPassword(checked, readText, findings),
    authSource: values["dial_info.auth_source"],
    replicaSet: values["dial_info.replica_set"],
    tls: values["dial_info.tls"],
    tlsCaFile: values["dial_info.tls_ca_file"],
  };
}

function readPassword(
  { values, settings }: CheckedSettings,
  readText: ReadText,
  findings: Findings,
): string | undefined {
  const path = values["dial_info.password_file"];
  const place = settings.get("dial_info.password_file")?.placeOf([]);
  if (path === undefined || place === undefined) return undefined;
  return readSecret(path, readText, { place, findings });
}

function requireOther(
  name: KeyName,
  other: KeyName,
  { checked, findings }: { checked: CheckedSettings; findings: Findings },
): void {
  const { settings, values, broken } = checked;
  const setting = settings.get(name);
  if (setting === undefined || values[other] || broken.has(other)) return;
  refuse([setting], `has no effect without ${other}; set both or neither`, findings);
}

function detailsOf({ settings, values }: CheckedSettings): Setting[] {
  return DETAILS.filter((name) => values[name]).flatMap((name) => settings.get(name) ?? []);
}

function refuse(settings: readonly Setting[], text: string, findings: Findings): void {
  findings.problems.push(...settings.map((setting) => ({ place: setting.placeOf([]), text })));
}

function databaseIn(uri = ""): string | undefined {
  const [, encoded = ""] = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri) ?? [];
  const isUsable = encoded !== "" && !encoded.includes("%") && !SYSTEM_DATABASES.includes(encoded);
  return isUsable ? encoded : undefined;
}
