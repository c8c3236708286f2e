/**
 * What mapping needs to know of the past, and how the earlier events of a batch add to it.
 *
 * A store is asked once for a whole batch ({@linkcode questionsOf}); its answers become
 * {@linkcode Knowledge}, which hands each event its {@linkcode Facts} and learns from it in turn.
 * There is no knowledge beyond a batch: another collector may have heard what came before.
 *
 * @module
 */

import { isIndexType, type RegistryEvent } from "./event.ts";

/** Seconds that a HEAD of a tag may lie before the GET that belongs to it. */
export const CHECK_WINDOW_US = 60_000_000;
/** How far it may lie behind, for clocks of replicas differ. */
export const CHECK_LATE_US = 2_000_000;

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
}

/** What mapping needs to know to give one event its meaning. */
export interface Facts {
  readonly tombstone?: number;
  /** State of the event's tag. */
  readonly tag?: TagState;
  /** Unclaimed HEADs with a tag of the event's digest by the event's client. */
  readonly tagChecks: readonly TagCheck[];
  /** The digest is a child of an index of this repository. */
  readonly isChild: boolean;
  /** A manifest GET of the same request has been counted. */
  readonly isSameRequest: boolean;
  /** The client has just fetched an index whose children are unknown. */
  readonly followsUnknownIndex: boolean;
  /** What the digest is known to be. */
  readonly digestIs?: "manifest" | "blob";
}

/** A name in a repository, such as a tag, a digest or an actor. */
export interface Named {
  readonly registry: string;
  readonly repository: string;
  readonly name: string;
}

/** Something a client did to a repository within a span of time. */
export interface ClientQuestion extends Omit<Named, "name"> {
  readonly fingerprint: string;
  /** Microseconds since 1970, both inclusive. */
  readonly from: number;
  readonly to: number;
}

/** What a store must look up before a batch can be mapped. Map keys are {@linkcode keyOf}. */
export interface Questions {
  readonly repositories: Map<string, Omit<Named, "name">>;
  readonly tags: Map<string, Named>;
  /** Digests of manifests: kind, references, whether known at all. */
  readonly manifests: Map<string, Named>;
  /** Digests that may be part of another manifest. */
  readonly parts: Map<string, Named>;
  /** Digests that are deleted: the tags that point there, and blob events of it. */
  readonly deleted: Map<string, Named>;
  readonly actors: Map<string, Named>;
  /** HEADs of tags, for GETs without a tag; `name` is the digest. */
  readonly checks: (ClientQuestion & Named)[];
  /** Manifest GETs of the same request; `name` is its id. */
  readonly requests: Map<string, ClientQuestion & Named>;
  readonly indexFetches: ClientQuestion[];
}

/** The answers of a store to {@linkcode Questions}. Map keys are {@linkcode keyOf}. */
export interface Answers {
  readonly repositories: Map<string, RepositoryState>;
  /**
   * The tags asked for by name, those that point to a deleted digest, and, in a repository that
   * has reached the bound of tags, those of its {@linkcode checks}.
   */
  readonly tags: Map<string, TagState>;
  readonly manifests: Map<string, ManifestState>;
  readonly childrenOfIndexes: Set<string>;
  readonly partsOfImages: Set<string>;
  /** Digests that a blob event of the log named. */
  readonly blobs: Set<string>;
  readonly actors: Set<string>;
  /** By {@linkcode keyOf} of registry, repository, digest and fingerprint. */
  readonly checks: Map<string, TagCheck[]>;
  readonly requests: Set<string>;
  /** Times (microseconds) by {@linkcode keyOf} of registry, repository and fingerprint. */
  readonly indexFetches: Map<string, number[]>;
}

/** An event with where it came from, as the facts see it. */
export interface Sighting {
  readonly registry: string;
  readonly event: RegistryEvent;
  /** Keyed identity of the client; see `privacy.ts`. */
  readonly fingerprint: string;
  /** The actor's name as it is stored. */
  readonly actor?: string;
}

/**
 * Joins names to a key. No name but the last may contain a line break: registry, repository, tag
 * and digest cannot.
 *
 * @param parts The names.
 * @returns A text for use as a map key.
 */
export function keyOf(...parts: readonly string[]): string {
  let key = parts[0] ?? "";
  for (let index = 1; index < parts.length; index++) key += `\n${parts[index]}`;
  return key;
}

/** @returns No questions. */
export function createQuestions(): Questions {
  return {
    repositories: new Map(),
    tags: new Map(),
    manifests: new Map(),
    parts: new Map(),
    deleted: new Map(),
    actors: new Map(),
    checks: [],
    requests: new Map(),
    indexFetches: [],
  };
}

/** @returns No answers: what a new store knows. */
export function createAnswers(): Answers {
  return {
    repositories: new Map(),
    tags: new Map(),
    manifests: new Map(),
    childrenOfIndexes: new Set(),
    partsOfImages: new Set(),
    blobs: new Set(),
    actors: new Set(),
    checks: new Map(),
    requests: new Set(),
    indexFetches: new Map(),
  };
}

/**
 * Says whether an event is a GET of a manifest that names no tag: the one thing whose meaning
 * hangs on what came before.
 *
 * @param event The event.
 * @returns True for such an event.
 */
export function isUntaggedGet(event: RegistryEvent): boolean {
  return event.action === "pull" && event.kind === "manifest" && event.method !== "HEAD" &&
    event.tag === undefined;
}

/**
 * Says whether an event may belong together with another of the same client, so that the client's
 * fingerprint matters.
 *
 * @param event The event.
 * @returns True for GET and HEAD of a manifest.
 */
export function isJoined(event: RegistryEvent): boolean {
  return event.action === "pull" && event.kind === "manifest";
}

/**
 * Collects what must be known to map some events.
 *
 * @param sightings The events of a batch, without duplicates.
 * @returns The questions, each once.
 */
export function questionsOf(sightings: readonly Sighting[]): Questions {
  const questions = createQuestions();
  for (const sighting of sightings) ask(questions, sighting);
  return questions;
}

function ask(questions: Questions, { registry, event, fingerprint, actor }: Sighting): void {
  const { repository, digest, tag } = event;
  const named = (name: string): Named => ({ registry, repository, name });
  const key = (name: string): string => keyOf(registry, repository, name);
  questions.repositories.set(keyOf(registry, repository), { registry, repository });
  if (event.kind === "blob") return;
  if (tag !== undefined) questions.tags.set(key(tag), named(tag));
  if (actor !== undefined) questions.actors.set(key(actor), named(actor));
  if (digest === undefined) return;
  questions.manifests.set(key(digest), named(digest));
  if (event.action === "delete") {
    questions.parts.set(key(digest), named(digest));
    questions.deleted.set(key(digest), named(digest));
  }
  if (!isUntaggedGet(event)) return;
  const from = event.at - CHECK_WINDOW_US;
  const client = { registry, repository, fingerprint, from };
  questions.parts.set(key(digest), named(digest));
  questions.checks.push({ ...client, name: digest, to: event.at + CHECK_LATE_US });
  questions.indexFetches.push({ ...client, to: event.at });
  if (event.requestId !== undefined) {
    const request = { ...client, name: event.requestId, to: event.at + CHECK_WINDOW_US };
    questions.requests.set(keyOf(registry, event.requestId), request);
  }
}

/**
 * Gathers the facts about one event.
 *
 * @param known The store's answers and what earlier events of the batch added.
 * @param sighting The event.
 * @returns Its facts.
 */
export function factsOf(known: Answers, { registry, event, fingerprint }: Sighting): Facts {
  const { repository, digest = "", tag } = event;
  const state = known.repositories.get(keyOf(registry, repository));
  const digestKey = keyOf(registry, repository, digest);
  const tagState = tag === undefined ? undefined : known.tags.get(keyOf(registry, repository, tag));
  const digestIs = digest === "" ? undefined : whatIs(known, digestKey);
  // What came before the repository's delete went with it, though the log still tells.
  const since = Math.max(event.at - CHECK_WINDOW_US, (state?.tombstone ?? -Infinity) + 1);
  const checks = known.checks.get(keyOf(digestKey, fingerprint)) ?? [];
  const fetches = known.indexFetches.get(keyOf(registry, repository, fingerprint)) ?? [];
  return {
    ...(state?.tombstone === undefined ? {} : { tombstone: state.tombstone }),
    ...(tagState === undefined ? {} : { tag: tagState }),
    tagChecks: checks.filter(({ at }) => at >= since),
    isChild: known.childrenOfIndexes.has(digestKey),
    isSameRequest: event.requestId !== undefined &&
      known.requests.has(keyOf(registry, event.requestId)),
    followsUnknownIndex: fetches.some((at) => since <= at && at <= event.at),
    ...(digestIs === undefined ? {} : { digestIs }),
  };
}

function whatIs(known: Answers, key: string): "manifest" | "blob" | undefined {
  if (known.manifests.has(key) || known.childrenOfIndexes.has(key)) return "manifest";
  return known.partsOfImages.has(key) || known.blobs.has(key) ? "blob" : undefined;
}

/**
 * Adds what every event about a manifest or blob teaches, whatever it means: that the digest
 * exists, of which parts it consists, and which index fetches hide their children.
 *
 * @param known Changed in place.
 * @param sighting The event.
 */
export function learnContent(known: Answers, { registry, event, fingerprint }: Sighting): void {
  const { repository, digest, references = [] } = event;
  if (digest === undefined || event.action === "delete") return;
  const key = (name: string): string => keyOf(registry, repository, name);
  if (event.kind === "blob") {
    known.blobs.add(key(digest));
    return;
  }
  const isIndex = isIndexType(event.mediaType);
  const parts = isIndex ? known.childrenOfIndexes : known.partsOfImages;
  for (const reference of references) parts.add(key(reference.digest));
  if (event.action !== "pull" || event.method === "HEAD") return;
  if (event.requestId !== undefined) known.requests.add(keyOf(registry, event.requestId));
  if (isUnknownIndexFetch(known, registry, event)) {
    const client = keyOf(registry, repository, fingerprint);
    known.indexFetches.set(client, [...known.indexFetches.get(client) ?? [], event.at]);
  }
}

/**
 * Says whether an event is the GET of an index whose children nobody has told.
 *
 * @param known What is known at that moment.
 * @param registry The event's registry.
 * @param event The event.
 * @returns True if a following GET by the same client may be of one of its children.
 */
export function isUnknownIndexFetch(
  known: Answers,
  registry: string,
  event: RegistryEvent,
): boolean {
  const isFetch = event.action === "pull" && event.method !== "HEAD";
  if (!isFetch || event.digest === undefined || event.references !== undefined) return false;
  const state = known.manifests.get(keyOf(registry, event.repository, event.digest));
  return isIndexType(event.mediaType) && state?.hasReferences !== true;
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
