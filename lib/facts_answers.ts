/**
 * What a store knows of the past, and how the earlier events of a batch add to it.
 *
 * @module
 */

import { isChildType, isIndexType } from "./event.ts";
import { keyOf, type Sighting } from "./facts_sighting.ts";

/** Where a tag points, by the greatest (time, event id) that named it. */
export interface TagState {
  readonly digest?: string;
  /** Microseconds since 1970; present while the tag is gone. */
  readonly deletedAt?: number;
  /** Microseconds since 1970 of the event that says so. */
  readonly at: number;
  readonly id: string;
}

/** A HEAD of a tag that no pull has claimed yet. */
export interface TagCheck {
  readonly id: string;
  readonly tag: string;
  /** Microseconds since 1970. */
  readonly at: number;
}

/** What is known of a repository as a whole. */
export interface RepositoryState {
  /** Whether its statistics have begun; a store that need not be told leaves it out. */
  readonly isListed?: boolean;
  /** Microseconds since 1970: its delete. Events that are not younger do not count. */
  readonly tombstone?: number;
  /** Milliseconds since 1970: the latest push of a tag. A delete that is older came late. */
  readonly lastPushed?: number;
  /** Microseconds since 1970: a delete that is only marked. */
  readonly deletedAt?: number;
  /** Distinct actors, at most the bound. */
  readonly actorCount: number;
  /** Rows of tags, deleted ones included, at most the bound. */
  readonly tagRows: number;
}

/** What is known of a manifest. */
export interface ManifestState {
  /** Kind of artifact as stored. */
  readonly kind: string;
  readonly hasReferences: boolean;
  readonly hasMediaType: boolean;
}

/** The answers of a store to the questions about a batch. Map keys are {@linkcode keyOf}. */
export interface Answers {
  readonly repositories: Map<string, RepositoryState>;
  /**
   * The tags asked for by name, those that point to a deleted digest, and, in a repository that
   * has reached the bound of tags, those of its {@linkcode checks}.
   */
  readonly tags: Map<string, TagState>;
  readonly manifests: Map<string, ManifestState>;
  /** Manifests that an index names. */
  readonly childrenOfIndexes: Set<string>;
  /** Configurations and layers that a manifest names. */
  readonly layers: Set<string>;
  /** Digests that a blob event of the log named. */
  readonly blobs: Set<string>;
  readonly actors: Set<string>;
  /** By {@linkcode keyOf} of registry, repository, digest and fingerprint. */
  readonly checks: Map<string, TagCheck[]>;
  /** Times (microseconds) of manifest GETs by the key of their request. */
  readonly requests: Map<string, number[]>;
  /** Times (microseconds) by {@linkcode keyOf} of registry, repository and fingerprint. */
  readonly indexFetches: Map<string, number[]>;
}

/** @returns No answers: what a new store knows. */
export function createAnswers(): Answers {
  return {
    repositories: new Map(),
    tags: new Map(),
    manifests: new Map(),
    childrenOfIndexes: new Set(),
    layers: new Set(),
    blobs: new Set(),
    actors: new Set(),
    checks: new Map(),
    requests: new Map(),
    indexFetches: new Map(),
  };
}

/**
 * Adds what every event about a manifest or blob teaches, whatever it means: that the digest
 * exists, of which parts it consists, and which index fetches hide their children.
 *
 * @param known Changed in place.
 * @param sighting The event.
 */
export function learnContent(known: Answers, sighting: Sighting): void {
  const { event, fingerprint, keys } = sighting;
  const { digest, references = [] } = event;
  if (digest === undefined || event.action === "delete") return;
  if (event.kind === "blob") {
    known.blobs.add(keys.digest);
    return;
  }
  const isIndex = isIndexType(event.mediaType);
  for (const { digest, mediaType } of references) {
    const parts = isIndex && isChildType(mediaType) ? known.childrenOfIndexes : known.layers;
    parts.add(keyOf(keys.repository, digest));
  }
  if (event.action !== "pull" || event.method === "HEAD") return;
  if (keys.request !== undefined) addTo(known.requests, keys.request, event.at);
  if (isUnknownIndexFetch(known, sighting)) {
    addTo(known.indexFetches, keyOf(keys.repository, fingerprint), event.at);
  }
}

/**
 * Adds something to the list of a key.
 *
 * @param lists Changed in place.
 * @param key The key.
 * @param item What is added.
 */
export function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const present = lists.get(key);
  if (present === undefined) lists.set(key, [item]);
  else present.push(item);
}

/**
 * Says whether an event is the GET of an index whose children nobody has told.
 *
 * @param known What is known at that moment.
 * @param sighting The event.
 * @returns True if a following GET by the same client may be of one of its children.
 */
export function isUnknownIndexFetch(known: Answers, { event, keys }: Sighting): boolean {
  const isFetch = event.action === "pull" && event.method !== "HEAD";
  if (!isFetch || event.digest === undefined || event.references !== undefined) return false;
  return isIndexType(event.mediaType) && known.manifests.get(keys.digest)?.hasReferences !== true;
}

/**
 * Says whether one observation of a tag is newer than another: by time, then by event id, so that
 * every order of arrival ends in the same state.
 *
 * @param a An observation.
 * @param b Another, or none.
 * @returns True if `a` is the newer.
 */
export function isNewer(
  a: { at: number; id: string },
  b: { at: number; id: string } | undefined,
): boolean {
  return b === undefined || a.at > b.at || (a.at === b.at && a.id > b.id);
}
