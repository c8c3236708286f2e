/**
 * What an event is about: repository, tag, digest, and what a manifest consists of.
 *
 * @module
 */

import { isBlobType, isManifestType } from "./event_media_types.ts";
import type { Reference, RegistryEvent, TargetKind } from "./event_types.ts";
import {
  asSize,
  codePoints,
  cut,
  isObject,
  type Json,
  looseText,
  MAX_TEXT,
  Rejection,
  text,
  withoutAbsent,
} from "./event_values.ts";
import { isTag } from "./names.ts";

const MAX_REFERENCES = 10_000;

/** The parts of an event that say what it is about. */
export type Target = Pick<
  RegistryEvent,
  "kind" | "repository" | "digest" | "tag" | "mediaType" | "size" | "references" | "referencesCut"
>;

/**
 * Reads what an event is about.
 *
 * @param target Its `target`.
 * @param action Its action.
 * @returns The parts of the event that say so.
 * @throws {Rejection} If it cannot be understood.
 */
export function parseTarget(target: Json, action: string): Target {
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
  if (codePoints(name) > MAX_TEXT) {
    throw new Rejection(`"target.repository" has more than ${MAX_TEXT} characters`);
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
  return value.length <= MAX_TEXT && /^[A-Za-z0-9_+.-]+:[A-Za-z0-9=_-]+$/.test(value);
}

/** The registry takes a broken digest for a tag, so that `tag` can be text that is no tag. */
function asTag(value: string): string | undefined {
  return isTag(value) ? value : undefined;
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
  if (isBlobType(mediaType)) return "blob";
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
