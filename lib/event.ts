/**
 * The wire: what registries POST, read leniently into {@linkcode RegistryEvent}.
 *
 * Accepted are the envelopes of Distribution 2.0 to 3.x and its forks, a bare Azure Container
 * Registry event, and an Event Grid array. Unknown keys, actions and media types pass. What cannot
 * be read is named, one event at a time, and never stops its neighbours: to refuse a body would
 * make the registry send it again for ever.
 *
 * @module
 */

import { createHash } from "node:crypto";

import { parseJson } from "./json.ts";

/** What an event is about: a manifest, a blob, or what only the past can tell (a delete). */
export type TargetKind = "manifest" | "blob" | "unknown";

/** One entry of `target.references`: a child of an index, or the config or a layer of an image. */
export interface Reference {
  readonly digest: string;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  /** `os/architecture[/variant]`; Distribution 2.8 does not send it. */
  readonly platform?: string;
  /** BuildKit's provenance or SBOM beside a platform image. */
  readonly attestation?: true;
  readonly artifactType?: string;
}

/** One event of an envelope, normalised: `""`, `null` and absent are all absent. */
export interface RegistryEvent {
  /** As sent, or a SHA-256 where it is missing, above 128 characters, or not printable. */
  readonly id: string;
  /** Microseconds since 1970 by the registry's clock, or the arrival where that clock is absurd. */
  readonly at: number;
  /** Whether {@linkcode at} is the arrival because the sender's time could not be used. */
  readonly clockSkewed: boolean;
  readonly action: string;
  readonly kind: TargetKind;
  readonly repository: string;
  readonly digest?: string;
  readonly tag?: string;
  readonly mediaType?: string;
  /** Bytes. */
  readonly size?: number;
  /** Absent: the registry does not tell (`includereferences` is off). At most 10,000. */
  readonly references?: readonly Reference[];
  /** Whether {@linkcode references} were cut at 10,000. */
  readonly referencesCut?: true;
  readonly method?: string;
  /** One request of a client; several events may share it. */
  readonly requestId?: string;
  /** The client's IP address without a port. */
  readonly address?: string;
  readonly userAgent?: string;
  readonly actor?: string;
  /** The registry process: changes at each of its starts. */
  readonly instance?: string;
}

/** An entry that cannot be understood. */
export interface RejectedEvent {
  /** Its own id where it has one, else a SHA-256: a second sending is recognised by it. */
  readonly id: string;
  /** What is wrong with it, for a person. */
  readonly reason: string;
}

/** A request body, read. The order is that of the body. */
export type EnvelopeEntry = { readonly event: RegistryEvent } | {
  readonly rejected: RejectedEvent;
};

/** Longest repository name and digest; beyond, an event is rejected, for names are never cut. */
const MAX_NAME = 256;
/** Any other text is cut here, in code points. */
const MAX_TEXT = 256;
const MAX_ID = 128;
/** Registries send one event in a body. Without a bound, a few MiB of `{}` would take minutes. */
const MAX_EVENTS = 100_000;
const MAX_REFERENCES = 10_000;
/** Before the format existed; a registry without a clock says 1970. */
const EARLIEST_US = Date.UTC(2015, 0, 1) * 1000;
const DAY_US = 86_400_000_000;

// deno-fmt-ignore
const MANIFEST_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
]);
const BLOB_TYPES: ReadonlySet<string> = new Set([
  "application/octet-stream",
  "application/vnd.docker.container.image.rootfs.diff+x-gtar",
]);
const INDEX_TYPES: ReadonlySet<string> = new Set([
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.index.v1+json",
]);

type Json = Record<string, unknown>;

/** Thrown inside this module to reject one event. */
class Rejection extends Error {}

/**
 * Reads a request body.
 *
 * @param body The bytes as they came; not UTF-8 is replaced, not refused.
 * @param receivedAt Milliseconds since 1970, the arrival.
 * @returns The entries in order; empty for an empty envelope (`{}`, `{"events":[]}`).
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEnvelope } from "./event.ts";
 *
 * const body = new TextEncoder().encode('{"events":[{"action":"pull"}]}');
 * const [entry] = parseEnvelope(body, Date.UTC(2026, 0, 1));
 * assert.ok(entry && "rejected" in entry);
 * assert.match(entry.rejected.reason, /"target"/);
 * ```
 */
export function parseEnvelope(body: Uint8Array, receivedAt: number): EnvelopeEntry[] {
  let root: unknown;
  try {
    root = parseJson(body);
  } catch (error) {
    return [rejectedBody(body, `not JSON: ${(error as Error).message}`)];
  }
  const entries = entriesOf(root);
  if (entries === undefined) {
    return [rejectedBody(body, 'neither an envelope {"events": […]} nor an event')];
  }
  if (entries.length > MAX_EVENTS) {
    return [rejectedBody(body, `more than ${MAX_EVENTS} events: ${entries.length}`)];
  }
  return entries.map((entry) => parseEntry(entry, receivedAt));
}

/**
 * Says whether a media type is that of an image index or a manifest list.
 *
 * @param mediaType As in the event.
 * @returns True for the two index types.
 */
export function isIndexType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && INDEX_TYPES.has(essence(mediaType));
}

/**
 * Says whether a media type is one of the six known manifest types.
 *
 * @param mediaType As in the event.
 * @returns True for image manifests, schema 1, lists and indexes.
 */
export function isManifestType(mediaType: string | undefined): boolean {
  return mediaType !== undefined && MANIFEST_TYPES.has(essence(mediaType));
}

/** The entries of any accepted root; `undefined` where the root is none of them. */
function entriesOf(root: unknown): unknown[] | undefined {
  if (Array.isArray(root)) return root.map((member) => unwrapGridEvent(member));
  if (!isObject(root)) return undefined;
  if (Array.isArray(root.events)) return root.events;
  if (isObject(root.data) && "action" in root.data) return [unwrapGridEvent(root)];
  if ("action" in root && "target" in root) return [root];
  const empty = Object.keys(root).length === 0 || ("events" in root && root.events === null);
  return empty ? [] : undefined;
}

/** Event Grid wraps the registry's event in `data`; the outer id stands in for a missing one. */
function unwrapGridEvent(member: unknown): unknown {
  if (!isObject(member) || !isObject(member.data) || !("action" in member.data)) return member;
  const { id } = member.data;
  const isMissing = id === undefined || id === null || id === "";
  return isMissing ? { ...member.data, id: member.id } : member.data;
}

function parseEntry(entry: unknown, receivedAt: number): EnvelopeEntry {
  try {
    if (!isObject(entry)) throw new Rejection("an event must be an object");
    return { event: parseEvent(entry, receivedAt) };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { rejected: { id: idOf(entry), reason: error.message } };
  }
}

function parseEvent(entry: Json, receivedAt: number): RegistryEvent {
  const action = text(entry, "action");
  if (action === undefined) throw new Rejection('"action" is missing');
  if (!isObject(entry.target)) throw new Rejection('"target" is not an object');
  if (entry.id !== undefined && entry.id !== null && typeof entry.id !== "string") {
    throw new Rejection('"id" is not text');
  }
  const target = parseTarget(entry.target, action);
  const request = isObject(entry.request) ? entry.request : {};
  const receivedUs = receivedAt * 1000;
  const claimed = typeof entry.timestamp === "string" ? parseTimestamp(entry.timestamp) : undefined;
  const clockSkewed = claimed === undefined || claimed < EARLIEST_US ||
    claimed > receivedUs + DAY_US;
  return withoutAbsent({
    id: idOf(entry),
    at: clockSkewed ? receivedUs : claimed,
    clockSkewed,
    action: cut(action),
    ...target,
    method: looseText(text(request, "method", "request.method")),
    requestId: looseText(request.id),
    address: typeof request.addr === "string" ? addressOf(request.addr) : undefined,
    userAgent: looseText(request.useragent),
    actor: isObject(entry.actor) ? looseText(entry.actor.name) : undefined,
    instance: isObject(entry.source) ? looseText(entry.source.instanceID) : undefined,
  });
}

type Target = Pick<
  RegistryEvent,
  "kind" | "repository" | "digest" | "tag" | "mediaType" | "size" | "references" | "referencesCut"
>;

function parseTarget(target: Json, action: string): Target {
  const repository = parseRepository(target);
  const digest = parseDigest(text(target, "digest", "target.digest"));
  const namedTag = text(target, "tag", "target.tag");
  const url = text(target, "url", "target.url");
  const mediaType = text(target, "mediaType", "target.mediaType");
  const tag = namedTag === undefined ? tagOfUrl(url) : asTag(namedTag);
  // Without this an impossible tag would turn into the delete of the whole repository.
  if (action === "delete" && digest === undefined && namedTag !== undefined && tag === undefined) {
    throw new Rejection('"target.tag" of a delete is not a possible tag');
  }
  // Only blobs are mounted.
  const kind = action === "mount" ? "blob" : kindOf(url, mediaType, tag);
  return withoutAbsent({
    kind,
    repository,
    digest,
    tag,
    mediaType: mediaType === undefined ? undefined : cut(mediaType),
    size: asSize(target.size) ?? asSize(target.length),
    ...(kind === "manifest" ? parseReferences(target.references) : {}),
  });
}

function parseRepository(target: Json): string {
  const repository = text(target, "repository", "target.repository");
  if (repository === undefined) throw new Rejection('"target.repository" is missing');
  const name = repository.toWellFormed();
  if (codePoints(name) > MAX_NAME) {
    throw new Rejection(`"target.repository" has more than ${MAX_NAME} characters`);
  }
  if (/\p{Cc}/u.test(name)) throw new Rejection('"target.repository" has control characters');
  return name;
}

/** Any `algorithm:value` of the OCI grammar; version 2.0 also sent `tarsum.v2+sha256:…`. */
function parseDigest(digest: string | undefined): string | undefined {
  if (digest === undefined) return undefined;
  if (!isDigest(digest)) throw new Rejection('"target.digest" is not "algorithm:value"');
  return digest;
}

function isDigest(value: string): boolean {
  return value.length <= MAX_NAME && /^[A-Za-z0-9_+.-]+:[A-Za-z0-9=_-]+$/.test(value);
}

/** The registry takes a broken digest for a tag, so that `tag` can be text that is no tag. */
function asTag(value: string): string | undefined {
  return /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/.test(value) ? value : undefined;
}

/** Version 2.0 named the tag only in the address; from 2.1 on it ends in a digest. */
function tagOfUrl(url: string | undefined): string | undefined {
  const last = url === undefined ? undefined : /\/manifests\/([^/?#]+)$/.exec(url)?.[1];
  return last === undefined ? undefined : asTag(last);
}

/**
 * The path decides before the media type: a pull-through cache passes on the upstream's type.
 * The last of both words counts, because a repository may be called `team/manifests/tool`.
 */
function kindOf(
  url: string | undefined,
  mediaType: string | undefined,
  tag: string | undefined,
): TargetKind {
  const path = url?.split(/[?#]/, 1)[0] ?? "";
  const manifest = path.lastIndexOf("/manifests/");
  const blob = path.lastIndexOf("/blobs/");
  if (manifest !== blob) return manifest > blob ? "manifest" : "blob";
  if (isManifestType(mediaType)) return "manifest";
  if (mediaType !== undefined && BLOB_TYPES.has(essence(mediaType))) return "blob";
  return tag === undefined ? "unknown" : "manifest";
}

function parseReferences(value: unknown): Pick<RegistryEvent, "references" | "referencesCut"> {
  if (!Array.isArray(value) || value.length === 0) return {};
  const references: Reference[] = [];
  for (const entry of value) {
    const reference = isObject(entry) ? parseReference(entry) : undefined;
    if (reference === undefined) continue;
    if (references.length === MAX_REFERENCES) return { references, referencesCut: true };
    references.push(reference);
  }
  return references.length === 0 ? {} : { references };
}

function parseReference(entry: Json): Reference | undefined {
  const digest = entry.digest;
  if (typeof digest !== "string" || !isDigest(digest)) return undefined;
  const annotations = isObject(entry.annotations) ? entry.annotations : {};
  const isAttestation = annotations["vnd.docker.reference.type"] === "attestation-manifest";
  return withoutAbsent({
    digest,
    mediaType: looseText(entry.mediaType),
    size: asSize(entry.size),
    platform: isObject(entry.platform) ? parsePlatform(entry.platform) : undefined,
    attestation: isAttestation ? true as const : undefined,
    artifactType: looseText(entry.artifactType),
  });
}

/** `unknown/unknown` is how an index says "no platform". */
function parsePlatform(platform: Json): string | undefined {
  const { os, architecture, variant } = platform;
  if (typeof os !== "string" || typeof architecture !== "string" || os === "unknown") {
    return undefined;
  }
  const parts = [os, architecture];
  if (typeof variant === "string" && variant !== "") parts.push(variant);
  return cut(parts.join("/"));
}

/**
 * Reads an RFC 3339 time with any number of fraction digits and any offset.
 *
 * @param value For example `2026-11-23T08:36:27.801470094-08:00`.
 * @returns Microseconds since 1970, cut, or `undefined` where it is no such time.
 */
export function parseTimestamp(value: string): number | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
      .exec(value);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const midnight = Date.UTC(part(1), part(2) - 1, part(3));
  // A day or a month that is not there rolls over into another month.
  const isRealDay = new Date(midnight).getUTCMonth() === part(2) - 1;
  const isRealTime = part(4) <= 23 && part(5) <= 59 && part(6) <= 60;
  const isRealOffset = part(9) <= 23 && part(10) <= 59;
  if (!isRealDay || !isRealTime || !isRealOffset) return undefined;
  const seconds = part(4) * 3600 + part(5) * 60 + part(6);
  const offset = (match[8] === "-" ? -60 : 60) * (part(9) * 60 + part(10));
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  return midnight * 1000 + (seconds - offset) * 1_000_000 + micros;
}

/** `1.2.3.4:5`, `[::1]:5`, and the bare addresses that come out of `X-Forwarded-For`. */
function addressOf(value: string): string | undefined {
  const bracketed = /^\[([^\]]*)\]/.exec(value)?.[1];
  if (bracketed !== undefined) return looseText(bracketed);
  const colons = value.split(":").length - 1;
  return looseText(colons === 1 ? value.slice(0, value.indexOf(":")) : value);
}

/** The id of an entry, good or bad, always the same for the same bytes. */
function idOf(entry: unknown): string {
  const id = isObject(entry) ? entry.id : undefined;
  if (typeof id !== "string" || id === "") return sha256(jsonOf(entry));
  const isPlain = id.length <= MAX_ID && !/\p{Cc}/u.test(id) && id.isWellFormed();
  return isPlain ? id : sha256(id);
}

/** Parsing has no limit of depth, writing has: beyond it, the upper levels must do. */
function jsonOf(entry: unknown): string {
  try {
    return JSON.stringify(entry);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return JSON.stringify(upperLevelsOf(entry, 32));
  }
}

function upperLevelsOf(value: unknown, levels: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (levels === 0) return null;
  if (Array.isArray(value)) return value.map((member) => upperLevelsOf(member, levels - 1));
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, part]) => [key, upperLevelsOf(part, levels - 1)]));
}

function rejectedBody(body: Uint8Array, reason: string): EnvelopeEntry {
  return { rejected: { id: sha256(body), reason } };
}

function sha256(data: string | Uint8Array): string {
  return `sha256:${createHash("sha256").update(data).digest("hex")}`;
}

/** Text that decides what an event means: of another type, the event is rejected. */
function text(object: Json, key: string, name = key): string | undefined {
  const value = object[key];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw new Rejection(`"${name}" is not text`);
  return value;
}

/** Text that only describes: of another type, it is absent. */
function looseText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? cut(value) : undefined;
}

function asSize(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) > 0 ? value as number : undefined;
}

/** Text as every store can keep it: well-formed, and without NUL, at which SQLite's ends. */
function cut(value: string): string {
  const wellFormed = value.toWellFormed().replaceAll("\0", "\ufffd");
  if (wellFormed.length <= MAX_TEXT) return wellFormed;
  return Array.from(wellFormed.slice(0, 2 * MAX_TEXT)).slice(0, MAX_TEXT).join("");
}

function codePoints(value: string): number {
  if (value.length <= MAX_NAME || value.length > 2 * MAX_NAME) return value.length;
  return Array.from(value).length;
}

/** A media type without its parameters. */
function essence(mediaType: string): string {
  const end = mediaType.indexOf(";");
  return (end < 0 ? mediaType : mediaType.slice(0, end)).trim();
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Drops the keys whose value is `undefined`, so that equal events are deeply equal. */
function withoutAbsent<T extends object>(object: T): Present<T> {
  const result: Json = {};
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) result[key] = value;
  }
  return result as Present<T>;
}
