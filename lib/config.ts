/**
 * The configuration: flags, environment, file and defaults, in this order of precedence.
 *
 * `config.yml` in the root of the repository is its manual. All that is wrong is told at once, each
 * problem with its place and what would be right.
 *
 * @module
 */

import { type DialInfo, resolveDialInfo } from "./config_dial_info.ts";
import {
  CONFIG_VARIABLE,
  type Environment,
  environmentSettings,
  flagSettings,
  readEnvironment,
} from "./config_environment.ts";
import { fileSettings } from "./config_file.ts";
import type { KeyName, Values } from "./config_keys.ts";
import {
  checkConsumers,
  resolveBodiesInFlight,
  resolveEventRetention,
  resolveSsl,
  type SslConfig,
  warningsOf,
} from "./config_rules.ts";
import { type Access, type ReadText, resolveAccess } from "./config_secrets.ts";
import {
  type CheckedSettings,
  checkSettings,
  type Findings,
  renderProblems,
} from "./config_settings.ts";
import type { ConsumerRule } from "./consumer.ts";
import { AppError } from "./errors.ts";
import { reasonOf } from "./file_errors.ts";

export { type DialInfo, mongoUri } from "./config_dial_info.ts";
export {
  CONFIG_VARIABLE,
  CONFIG_VARIABLES,
  type Environment,
  flagOf,
  readEnvironment,
  variableOf,
} from "./config_environment.ts";
export { isLoopbackAddress, renderDuration, renderSize } from "./config_formats.ts";
export { CONFIG_KEYS, type KeyName } from "./config_keys.ts";
export type { SslConfig } from "./config_rules.ts";
export type { Access, AccessToken, ReadText, RoleAccess } from "./config_secrets.ts";

/** The file that is read where none is named; it need not exist. */
export const DEFAULT_CONFIG_FILE = "config.yml";

/** Everything that can be configured. Paths are relative to the working directory. */
export interface Config {
  /** The file it was read from, if any. */
  readonly file: string | undefined;
  readonly server: ServerConfig;
  readonly sqlite: { readonly path: string };
  /** Present: MongoDB is the store. */
  readonly dialInfo: DialInfo | undefined;
  /** In MongoDB the collection of the statistics, and the beginning of the others' names. */
  readonly collection: string;
  readonly auth: Access;
  readonly blobs: Values["blobs"];
  readonly onRepositoryDelete: Values["on_repository_delete"];
  readonly consumers: readonly ConsumerRule[];
  readonly retention: RetentionConfig;
  readonly limits: LimitsConfig;
  readonly privacy: PrivacyConfig;
  readonly metrics: MetricsConfig;
  /** The header that names the user, believed from trusted proxies alone. */
  readonly stars: { readonly userHeader: string | undefined };
  readonly log: LogConfig;
  /** What works, but perhaps not as meant: to be logged at start. */
  readonly warnings: readonly string[];
}

/** Where and how to listen. */
export interface ServerConfig {
  readonly address: string;
  /** 0: any free port. */
  readonly port: number;
  /** Without a slash at the end. */
  readonly route: string;
  /** As others reach it, without a slash at the end. */
  readonly externalUrl: string | undefined;
  /** Ranges of addresses whose `X-Forwarded-*` and identity headers count. */
  readonly trustedProxies: readonly string[];
  /** Origins whose pages may read the API, or `*`. */
  readonly cors: readonly string[];
  readonly ssl: "off" | SslConfig;
}

/** How long things are kept, in milliseconds. */
export interface RetentionConfig {
  /** Ids of events: the horizon within which a duplicate is recognised. */
  readonly idsMs: number;
  /** The event log; never longer than the ids. */
  readonly eventsMs: number;
  /** Numbers by day. */
  readonly daysMs: number;
  /** Numbers by day and tag. */
  readonly tagDaysMs: number;
  /** Rows of deleted tags and manifests. */
  readonly deletedMs: number;
  readonly quarantineMs: number;
}

/** What is taken in at most. */
export interface LimitsConfig {
  /** Of one request. */
  readonly bodyBytes: number;
  /** Of all requests together. */
  readonly bodiesInFlightBytes: number;
  /** Events that wait for a commit. */
  readonly queue: number;
}

/** What becomes of personal data. */
export interface PrivacyConfig {
  readonly actors: Values["privacy.actors"];
  readonly addresses: Values["privacy.addresses"];
}

/** Which repositories are to have metrics of their own. Nothing uses it yet. */
export interface MetricsConfig {
  /** How many, where {@linkcode MetricsConfig.allow} is empty: the first that came. */
  readonly repositories: number;
  readonly allow: readonly string[];
}

/** How to log. */
export interface LogConfig {
  readonly level: Values["log.level"];
  /** `auto`: text on a terminal, else JSON Lines. */
  readonly format: Values["log.format"];
}

/** What {@linkcode parseConfig} merges with the text of a file. */
export interface ParseConfigOptions {
  /** For messages. Default: `config.yml`. */
  readonly fileName?: string;
  /** Default: empty. */
  readonly env?: Environment;
  /** Texts by the names of keys, such as `{ "server.port": "0" }`. Default: empty. */
  readonly flags?: Readonly<Partial<Record<KeyName, string>>>;
  /** Reads files that hold secrets. Default: there are none. */
  readonly readText?: ReadText;
}

/**
 * Makes a configuration from its parts.
 *
 * @param text Of the file; `undefined` if there is none.
 * @param options The other parts, and a reader for files that hold secrets.
 * @returns The configuration.
 * @throws {AppError} `invalid`, with all problems, one a line.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseConfig } from "./config.ts";
 *
 * const config = parseConfig("server: { port: 1 }", { env: { DREC_SERVER_PORT: "2" } });
 * assert.equal(config.server.port, 2);
 * ```
 */
export function parseConfig(
  text: string | undefined,
  { fileName = DEFAULT_CONFIG_FILE, env = {}, flags = {}, readText = refuseFile }:
    ParseConfigOptions = {},
): Config {
  const findings: Findings = { problems: [], warnings: [] };
  const settings = [
    ...(text === undefined ? [] : fileSettings(text, fileName, { findings })),
    ...environmentSettings(env, readText, { findings }),
    ...flagSettings(flags, { findings }),
  ];
  const checked = checkSettings(settings, findings);
  const config = build(checked, readText, findings);
  if (findings.problems.length > 0) {
    throw new AppError("invalid", renderProblems(findings.problems));
  }
  return { ...config, file: text === undefined ? undefined : fileName };
}

/** Options of {@linkcode loadConfig}. */
export interface LoadConfigOptions {
  /** Default: {@linkcode readEnvironment}. */
  readonly env?: Environment;
  /** Texts by the names of keys. Default: empty. */
  readonly flags?: Readonly<Partial<Record<KeyName, string>>>;
}

/**
 * Reads the configuration from file, environment and flags.
 *
 * @param path Of the file. Default: what `DREC_CONFIG` names, else `config.yml` if there is one.
 * @param options What else to read.
 * @returns The configuration.
 * @throws {AppError} `invalid` if the file cannot be read, or for what {@linkcode parseConfig} finds.
 */
export async function loadConfig(
  path?: string,
  { env = readEnvironment(), flags = {} }: LoadConfigOptions = {},
): Promise<Config> {
  const named = path || env[CONFIG_VARIABLE] || undefined;
  const fileName = named ?? DEFAULT_CONFIG_FILE;
  const text = await readConfigFile(fileName, { isOptional: named === undefined });
  return parseConfig(text, { fileName, env, flags, readText: readTextFile });
}

/** Secrets are few, small and read once. */
function readTextFile(path: string): string {
  return Deno.readTextFileSync(path);
}

async function readConfigFile(
  path: string,
  { isOptional }: { isOptional: boolean },
): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isOptional && error instanceof Deno.errors.NotFound) return undefined;
    throw new AppError("invalid", `Cannot read configuration "${path}": ${reasonOf(error)}`, {
      hint: `name a readable file, or none to use ${DEFAULT_CONFIG_FILE} or the defaults`,
      cause: error,
    });
  }
}

function refuseFile(path: string): string {
  throw new TypeError(`no reader for the file "${path}"`);
}

function build(checked: CheckedSettings, readText: ReadText, findings: Findings): Config {
  const { values } = checked;
  const ssl = resolveSsl(checked, { findings });
  const dialInfo = resolveDialInfo(checked, readText, { findings });
  checkConsumers(checked, { findings });
  const state = { isPlain: ssl === "off", hasMongo: dialInfo !== undefined };
  return {
    file: undefined,
    server: serverOf(values, ssl),
    sqlite: { path: values["sqlite.path"] },
    dialInfo,
    collection: values.collection,
    auth: resolveAccess(checked, readText, { findings }),
    blobs: values.blobs,
    onRepositoryDelete: values.on_repository_delete,
    consumers: values.consumers,
    retention: retentionOf(values, resolveEventRetention(checked, { findings })),
    limits: {
      bodyBytes: values["limits.body"],
      bodiesInFlightBytes: resolveBodiesInFlight(checked, { findings }),
      queue: values["limits.queue"],
    },
    privacy: { actors: values["privacy.actors"], addresses: values["privacy.addresses"] },
    metrics: { repositories: values["metrics.repositories"], allow: values["metrics.allow"] },
    stars: { userHeader: values["stars.user_header"] },
    log: { level: values["log.level"], format: values["log.format"] },
    warnings: [...findings.warnings, ...warningsOf(checked, state)],
  };
}

function serverOf(values: Values, ssl: "off" | SslConfig): ServerConfig {
  return {
    address: values["server.address"],
    port: values["server.port"],
    route: values["server.route"],
    externalUrl: values["server.external_url"],
    trustedProxies: values["server.trusted_proxies"],
    cors: values["server.cors"],
    ssl,
  };
}

function retentionOf(values: Values, eventsMs: number): RetentionConfig {
  return {
    idsMs: values["retention.ids"],
    eventsMs,
    daysMs: values["retention.days"],
    tagDaysMs: values["retention.tag_days"],
    deletedMs: values["retention.deleted"],
    quarantineMs: values["retention.quarantine"],
  };
}
