/**
 * The keys of the configuration: what each may hold, and what it holds when nobody says anything.
 *
 * The names of environment variables and flags, the lookup of misspelt keys and the checks of the
 * commented `config.yml` follow from this one table.
 *
 * @module
 */

import type { z } from "zod";

import {
  parseCertificateName,
  parseHost,
  parseHostAndPort,
  parseOrigin,
  parseRoute,
  RESERVED_SEGMENTS,
} from "./config_formats.ts";
import {
  anyText,
  consumers,
  duration,
  list,
  matching,
  off,
  oneOf,
  parseCorsOrigin,
  parseMongoUri,
  range,
  readable,
  size,
  tokens,
  wholeNumber,
  yesOrNo,
} from "./config_schemas.ts";

/** How the text of an environment variable or a flag becomes what a file would hold. */
export type TextForm = "text" | "number" | "boolean" | "list" | "tokens" | "yaml";

/** One key of the configuration. */
export interface Key<T> {
  /** Checks and converts; each of its messages says what would be right. */
  readonly schema: z.ZodType<T>;
  readonly fallback: T;
  readonly form: TextForm;
  /** Never shown, and in the environment also to be had from a file. */
  readonly isSecret: boolean;
}

interface KeyOptions {
  readonly form?: TextForm;
  readonly isSecret?: boolean;
}

/** The longest that MongoDB's TTL indexes can hold: 2^31 - 1 seconds. */
const LONGEST_RETENTION = "24855d";
const reservedPaths = RESERVED_SEGMENTS.map((segment) => `/${segment}`).join(", ");

/** Every key, in the order of the manual. */
export const KEYS = {
  "server.address": key(
    readable("an IP address or a host name, without a port", parseHost),
    "127.0.0.1",
  ),
  "server.port": key(wholeNumber(0, 65_535), 8443, { form: "number" }),
  "server.route": key(
    readable(`a path such as /events that does not begin with ${reservedPaths}`, parseRoute),
    "/events",
  ),
  "server.external_url": optional(
    readable("a URL such as https://drec.example:8443, without a path", parseOrigin),
  ),
  "server.trusted_proxies": key(list(range()), [], { form: "list" }),
  "server.cors": key(
    list(readable("an origin such as https://app.example, or *", parseCorsOrigin)),
    [],
    { form: "list" },
  ),
  "server.ssl": optional(off()),
  "server.ssl.cert": key(anyText("the path of a PEM file"), "certs/domain.crt"),
  "server.ssl.cert_key": key(anyText("the path of a PEM file"), "certs/domain.key"),
  "server.ssl.names": key(
    list(readable("a host name or an IP address", parseCertificateName)),
    [],
    { form: "list" },
  ),
  "sqlite.path": key(anyText("the path of the database file"), "data/drec.db"),
  "dial_info.uri": optional(
    readable("a connection string that begins with mongodb:// or mongodb+srv://", parseMongoUri),
    { isSecret: true },
  ),
  "dial_info.addrs": key(
    list(readable("a server such as mongo-host or mongo-host:27017", parseHostAndPort)),
    [],
    { form: "list" },
  ),
  "dial_info.timeout": key(duration("1h"), "30s"),
  "dial_info.database": key(
    readable("the name of a MongoDB database", matching(/^[^/\\. "$*<>:|?\0]{1,63}$/)),
    "docker-registry-db",
  ),
  "dial_info.user": optional(anyText("the name of a user")),
  "dial_info.password_file": optional(anyText("the path of a file that holds the password")),
  "dial_info.auth_source": optional(anyText("the name of the database that knows the user")),
  "dial_info.replica_set": optional(anyText("the name of a replica set")),
  "dial_info.tls": key(yesOrNo(), false, { form: "boolean" }),
  "dial_info.tls_ca_file": optional(anyText("the path of a PEM file")),
  "collection": key(
    // MongoDB allows 255 bytes with the database; ".quarantine" and the like are added to it.
    readable("the name of a MongoDB collection", matching(/^(?!system\.)[^$\0]{1,120}$/)),
    "registry-stats",
  ),
  "auth.ingest": key(tokens(), [], { form: "tokens", isSecret: true }),
  "auth.read": key(tokens(), [], { form: "tokens", isSecret: true }),
  "auth.admin": key(tokens(), [], { form: "tokens", isSecret: true }),
  "blobs": key(oneOf("ignore", "count"), "ignore"),
  "on_repository_delete": key(oneOf("remove", "keep"), "remove"),
  "consumers": key(consumers(), [], { form: "yaml" }),
  "retention.ids": key(duration(LONGEST_RETENTION), "90d"),
  "retention.events": key(duration(LONGEST_RETENTION), "14d"),
  "retention.days": key(duration(LONGEST_RETENTION), "800d"),
  "retention.tag_days": key(duration(LONGEST_RETENTION), "90d"),
  "retention.deleted": key(duration(LONGEST_RETENTION), "90d"),
  "retention.quarantine": key(duration(LONGEST_RETENTION), "30d"),
  "limits.body": key(size("1MiB", "256MiB"), "32MiB"),
  "limits.bodies_in_flight": key(size("1MiB", "1TiB"), "128MiB"),
  "limits.queue": key(wholeNumber(1, 10_000_000), 10_000, { form: "number" }),
  "privacy.actors": key(oneOf("keep", "hash", "drop"), "keep"),
  "privacy.addresses": key(oneOf("keep", "hash", "drop"), "keep"),
  "metrics.repositories": key(wholeNumber(0, 1_000_000), 100, { form: "number" }),
  "metrics.allow": key(list(anyText("the name of a repository")), [], { form: "list" }),
  "stars.user_header": optional(
    readable("the name of a request header", matching(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/)),
  ),
  "log.level": key(oneOf("debug", "info", "warning", "error"), "info"),
  "log.format": key(oneOf("auto", "text", "json"), "auto"),
};

/** The name of a key, with dots: `server.ssl.cert`. */
export type KeyName = keyof typeof KEYS;

/** A value for each key. */
export type Values = {
  readonly [Name in KeyName]: (typeof KEYS)[Name] extends Key<infer T> ? T : never;
};

/** The names of all keys, in the order of the manual. */
export const CONFIG_KEYS: readonly KeyName[] = Object.keys(KEYS).filter(isKeyName);

/** The names of all mappings that hold keys, such as `server` and `server.ssl`. */
export const CONFIG_SECTIONS: ReadonlySet<string> = new Set(CONFIG_KEYS.flatMap(sectionsOf));

/**
 * Says whether text is the name of a key.
 *
 * @param name With dots.
 * @returns True for a known key; a section alone is none.
 */
export function isKeyName(name: string): name is KeyName {
  return Object.hasOwn(KEYS, name);
}

/**
 * Lists the values that hold where nothing is configured.
 *
 * @returns The fallback of each key.
 */
export function defaultValues(): Values {
  const entries = CONFIG_KEYS.map((name) => [name, KEYS[name].fallback]);
  return Object.fromEntries(entries) as Values;
}

function sectionsOf(name: string): string[] {
  const parts = name.split(".");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("."));
}

/** @param fallback As a file would say it. */
function key<T>(
  schema: z.ZodType<T>,
  fallback: unknown,
  { form = "text", isSecret = false }: KeyOptions = {},
): Key<T> {
  return { schema, fallback: schema.parse(fallback), form, isSecret };
}

function optional<T>(schema: z.ZodType<T>, options: KeyOptions = {}): Key<T | undefined> {
  return key(schema.optional(), undefined, options);
}
