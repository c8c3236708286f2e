/**
 * What a batch of events writes: facts → mapping → statistics for each event in turn, merged.
 *
 * A store looks up the answers to {@linkcode Questions}, calls {@linkcode planBatch}, and applies
 * the plan, all in one transaction. The plan holds final values where a row does not simply add up.
 *
 * @module
 */

import { type ArtifactKind, artifactKindOf } from "./artifact.ts";
import { clientFamilyOf } from "./client.ts";
import type { ConsumerMatcher } from "./consumer.ts";
import { type EnvelopeEntry, isIndexType, type Reference, type RegistryEvent } from "./event.ts";
import {
  type Answers,
  factsOf,
  isJoined,
  isNewer,
  isUnknownIndexFetch,
  keyOf,
  learnContent,
  type RepositoryState,
  type Sighting,
  type TagState,
} from "./facts.ts";
import { mapEvent, type Meaning } from "./mapping.ts";
import { disguise, fingerprintOf, type Privacy, redactBody } from "./privacy.ts";
import { addChange, type Change, changesOf, dayOf, type Dimension } from "./statistics.ts";

/** Distinct actors kept by name in a repository; the rest adds up in one row. */
export const MAX_ACTORS = 1000;
/** Tags kept by name in a repository; the rest adds up in one row. */
export const MAX_TAGS = 20_000;

/** Where an entry came from, for the quarantine. */
export interface Envelope {
  /** Names the body: the same bytes have the same key. */
  readonly key: () => string;
  /** The text of the body, at most 64 KiB. */
  readonly excerpt: () => string;
  /** Size of the body in bytes. */
  readonly bytes: number;
}

/** One entry of a request body on its way into a store. */
export interface Received {
  readonly registry: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  readonly entry: EnvelopeEntry;
  readonly envelope: Envelope;
}

/** What became of an entry. */
export type Outcome = "counted" | "duplicate" | "ignored" | "quarantined";

/** How events are counted here: the configuration, and the store's secret key. */
export interface PlanOptions {
  readonly consumerOf: ConsumerMatcher;
  readonly privacy: Privacy;
  /** Whether a repository delete removes its statistics or marks them. */
  readonly onRepositoryDelete: "remove" | "keep";
  /** Key of fingerprints and hashes. */
  readonly key: string;
}

/** A received entry with what is derived from it alone. */
export interface Candidate {
  readonly received: Received;
  readonly id: string;
  /** Absent for a rejected entry. */
  readonly sighting?: Sighting;
}

/** A row of the event log. */
export interface LogEntry {
  readonly registry: string;
  readonly id: string;
  readonly receivedAt: number;
  readonly outcome: Outcome;
  readonly meaning: Meaning;
  /** Absent for what could not be read. */
  readonly event?: RegistryEvent;
  readonly actor?: string;
  readonly address?: string;
  readonly client?: string;
  readonly fingerprint?: string;
  /** The GET of an index whose children are unknown. */
  readonly isUnknownIndexFetch?: true;
  /** For the HEAD of a tag: the id of the pull that it belongs to. */
  claimedBy?: string;
}

/** A HEAD already in the log that a pull of this batch claims. It must still be unclaimed. */
export interface Claim {
  readonly registry: string;
  /** Id of the HEAD. */
  readonly id: string;
  /** Id of the pull. */
  readonly by: string;
}

interface OfRepository {
  readonly registry: string;
  readonly repository: string;
}

/** The state of a tag after the batch. */
export interface TagWrite extends OfRepository {
  readonly tag: string;
  readonly state: TagState;
  /** Whether more than the time and id of the state is new. */
  readonly hasMoved: boolean;
}

/** What a manifest is; written once, and again when more is learnt. */
export interface ManifestWrite extends OfRepository {
  readonly digest: string;
  readonly mediaType?: string;
  readonly kind: ArtifactKind;
  readonly isIndex: boolean;
  /** Bytes of config and layers; absent for an index and where unknown. */
  readonly size?: number;
  readonly references?: readonly Reference[];
  readonly referencesCut?: true;
}

/** What changes in a repository beside its numbers; absent where nothing does. */
export interface RepositoryWrite extends OfRepository {
  readonly actorCount: number;
  readonly tagRows: number;
  /** To be added to the number of existing tags. */
  readonly tagCountChange: number;
  readonly newActors: readonly string[];
  /** Microseconds since 1970, `null` to clear it; absent: as it was. */
  readonly deletedAt?: number | null;
}

/** A repository whose statistics go; its tombstone stays. */
export interface Removal extends OfRepository {
  /** Microseconds since 1970. */
  readonly at: number;
}

/** One entry of the quarantine; joins the one of the same envelope. */
export interface QuarantineWrite {
  readonly registry: string;
  readonly envelope: string;
  readonly receivedAt: number;
  readonly reasons: readonly string[];
  readonly events: number;
  readonly bytes: number;
  readonly excerpt: string;
}

/** What became of the events of a registry on a day of arrival. */
export interface AccountingWrite extends Record<Outcome, number> {
  readonly registry: string;
  /** Days since 1970. */
  readonly day: number;
}

/** All writes of a batch, each row once. Apply `removals` first. */
export interface BatchPlan {
  /** One for each candidate, in order. */
  readonly outcomes: readonly Outcome[];
  readonly removals: readonly Removal[];
  readonly changes: readonly Change[];
  readonly tags: readonly TagWrite[];
  readonly manifests: readonly ManifestWrite[];
  readonly repositories: readonly RepositoryWrite[];
  readonly claims: readonly Claim[];
  readonly log: readonly LogEntry[];
  readonly quarantine: readonly QuarantineWrite[];
  readonly accounting: readonly AccountingWrite[];
}

/**
 * Derives from each entry what depends on nothing else.
 *
 * @param received The entries of a batch.
 * @param options How they are counted.
 * @returns One candidate for each, in order.
 */
export function candidatesOf(
  received: readonly Received[],
  { privacy, key }: PlanOptions,
): Candidate[] {
  return received.map((item) => {
    if ("rejected" in item.entry) return { received: item, id: item.entry.rejected.id };
    const { event } = item.entry;
    const actor = disguise(event.actor, privacy.actors, key);
    const sighting: Sighting = {
      registry: item.registry,
      event,
      fingerprint: isJoined(event) ? fingerprintOf(event, key) : "",
      ...(actor === undefined ? {} : { actor }),
    };
    return { received: item, id: event.id, sighting };
  });
}

/**
 * Names a candidate in the event log.
 *
 * @param candidate The candidate.
 * @returns {@linkcode keyOf} its registry and id: what a duplicate is recognised by.
 */
export function logKeyOf({ received, id }: Candidate): string {
  return keyOf(received.registry, id);
}

/**
 * Plans the writes of a batch.
 *
 * @param candidates In order of arrival.
 * @param context The ids that the log has already ({@linkcode logKeyOf}), the store's answers,
 *   which are changed, and how events are counted.
 * @returns The plan.
 */
export function planBatch(
  candidates: readonly Candidate[],
  context: { duplicates: ReadonlySet<string>; known: Answers; options: PlanOptions },
): BatchPlan {
  const draft = new Draft(context.known, context.options);
  const seen = new Set<string>();
  const outcomes = candidates.map((candidate) => {
    const key = logKeyOf(candidate);
    const isDuplicate = context.duplicates.has(key) || seen.has(key);
    seen.add(key);
    const outcome = isDuplicate ? "duplicate" : draft.add(candidate);
    draft.account(candidate.received, outcome);
    return outcome;
  });
  return draft.finish(outcomes);
}

interface RepositoryDraft {
  tagCountChange: number;
  newActors: string[];
  deletedAt?: number | null;
}

const OUTCOMES: Readonly<Partial<Record<Meaning["type"], Outcome>>> = {
  ignored: "ignored",
  rejected: "quarantined",
};

/** The plan while it grows: what the store knows, and what the batch has added so far. */
class Draft {
  readonly #known: Answers;
  readonly #options: PlanOptions;
  readonly #changes = new Map<string, Change>();
  readonly #tags = new Map<string, TagWrite>();
  readonly #manifests = new Map<string, ManifestWrite>();
  readonly #repositories = new Map<string, RepositoryDraft>();
  readonly #removals = new Map<string, Removal>();
  readonly #claims: Claim[] = [];
  readonly #log = new Map<string, LogEntry>();
  readonly #quarantine = new Map<string, QuarantineWrite>();
  readonly #accounting = new Map<string, AccountingWrite>();

  constructor(known: Answers, options: PlanOptions) {
    this.#known = known;
    this.#options = options;
  }

  /** Adds one event that is no duplicate. */
  add({ received, id, sighting }: Candidate): Outcome {
    const { registry, receivedAt } = received;
    const meaning: Meaning = sighting === undefined
      ? { type: "rejected", row: 18, reason: reasonOf(received.entry) }
      : this.#map(sighting);
    const outcome = OUTCOMES[meaning.type] ?? "counted";
    const described = sighting === undefined ? {} : this.#describe(sighting);
    const entry: LogEntry = { registry, id, receivedAt, outcome, meaning, ...described };
    this.#log.set(keyOf(registry, id), entry);
    if (meaning.type === "rejected") this.#reject(received, meaning.reason);
    if (outcome === "counted" && sighting !== undefined) this.#count(meaning, sighting);
    return outcome;
  }

  /** A meaning that cannot be had is the event's own fault, not the batch's. */
  #map(sighting: Sighting): Meaning {
    try {
      return mapEvent(sighting.event, factsOf(this.#known, sighting));
    } catch (error) {
      return { type: "rejected", row: 18, reason: `cannot be mapped: ${String(error)}` };
    }
  }

  #describe(sighting: Sighting): Partial<LogEntry> {
    const { registry, event, actor, fingerprint } = sighting;
    const { privacy, key } = this.#options;
    const address = disguise(event.address, privacy.addresses, key);
    return {
      event,
      client: clientFamilyOf(event.userAgent),
      fingerprint,
      ...(actor === undefined ? {} : { actor }),
      ...(address === undefined ? {} : { address }),
      ...(isUnknownIndexFetch(this.#known, registry, event) ? { isUnknownIndexFetch: true } : {}),
    };
  }

  #count(meaning: Meaning, sighting: Sighting): void {
    const { registry, event } = sighting;
    const { repository } = event;
    if (meaning.type === "repositoryDelete") return this.#deleteRepository(sighting);
    if (event.kind !== "blob") this.#list(registry, repository);
    const tag = this.#tagSlot(meaning, registry, repository);
    this.#learn(meaning, sighting, tag);
    const changes = changesOf(meaning, {
      registry,
      repository,
      at: event.at,
      actor: this.#actorSlot(sighting),
      client: clientFamilyOf(event.userAgent),
      consumer: this.#options.consumerOf(event),
      ...(tag === undefined ? {} : { tag }),
      ...(event.size === undefined ? {} : { size: event.size }),
    });
    for (const change of changes) addChange(this.#changes, change);
  }

  /** Lets the batch's later events know of this one, and notes the rows that do not add up. */
  #learn(meaning: Meaning, sighting: Sighting, tag: string | undefined): void {
    const { registry, event } = sighting;
    const { repository, digest } = event;
    if (meaning.type === "check" && event.tag !== undefined) this.#rememberCheck(sighting);
    if (meaning.type === "pull" && meaning.claims !== undefined) {
      this.#claim(meaning.claims, sighting);
    }
    learnContent(this.#known, sighting);
    if (event.kind === "blob") return;
    if (event.action !== "delete") this.#learnManifest(sighting);
    // A pull that got its tag from a HEAD names none: where the tag points, the HEAD has said.
    const namesTag = tag !== undefined && tag !== "" && event.tag === tag;
    if (meaning.type === "tagDelete" && namesTag) {
      this.#setTag(registry, repository, { tag, event, isDeleted: true });
    } else if (namesTag && digest !== undefined) {
      this.#setTag(registry, repository, { tag, event, isDeleted: false });
    }
    if (meaning.type === "manifestDelete") this.#deleteTagsAt(sighting, meaning.digest);
    if (event.action === "push") this.#revive(registry, repository, event.at);
  }

  #rememberCheck({ registry, event, fingerprint }: Sighting): void {
    const key = keyOf(registry, event.repository, event.digest ?? "", fingerprint);
    const check = { id: event.id, tag: event.tag ?? "", at: event.at };
    this.#known.checks.set(key, [...this.#known.checks.get(key) ?? [], check]);
  }

  /** A HEAD belongs to one pull only. */
  #claim(id: string, { registry, event, fingerprint }: Sighting): void {
    const key = keyOf(registry, event.repository, event.digest ?? "", fingerprint);
    const rest = (this.#known.checks.get(key) ?? []).filter((check) => check.id !== id);
    this.#known.checks.set(key, rest);
    const inBatch = this.#log.get(keyOf(registry, id));
    if (inBatch === undefined) this.#claims.push({ registry, id, by: event.id });
    else inBatch.claimedBy = event.id;
  }

  #learnManifest({ registry, event }: Sighting): void {
    const { repository, digest, mediaType, references } = event;
    if (digest === undefined) return;
    const key = keyOf(registry, repository, digest);
    const known = this.#known.manifests.get(key);
    const kind = betterKind(known?.kind, artifactKindOf(event));
    const hasNews = known === undefined || kind !== known.kind ||
      (references !== undefined && !known.hasReferences);
    if (!hasNews) return;
    const hasReferences = references !== undefined || known?.hasReferences === true;
    this.#known.manifests.set(key, { kind, hasReferences });
    const size = isIndexType(mediaType) ? undefined : sumOfSizes(references);
    this.#manifests.set(key, {
      ...this.#manifests.get(key),
      registry,
      repository,
      digest,
      kind,
      isIndex: isIndexType(mediaType),
      ...(mediaType === undefined ? {} : { mediaType }),
      ...(size === undefined ? {} : { size }),
      ...(references === undefined ? {} : { references }),
      ...(event.referencesCut === undefined ? {} : { referencesCut: true }),
    });
  }

  /** Sets a tag to what the newest event that named it said, whatever the order of arrival. */
  #setTag(
    registry: string,
    repository: string,
    { tag, event, isDeleted }: { tag: string; event: RegistryEvent; isDeleted: boolean },
  ): void {
    const key = keyOf(registry, repository, tag);
    const present = this.#known.tags.get(key);
    if (!isNewer(event, present)) return;
    const digest = isDeleted ? present?.digest : event.digest;
    const state: TagState = {
      at: event.at,
      id: event.id,
      ...(digest === undefined ? {} : { digest }),
      ...(isDeleted ? { deletedAt: event.at } : {}),
    };
    const existed = present !== undefined && present.deletedAt === undefined;
    const hasMoved = this.#tags.get(key)?.hasMoved === true || digest !== present?.digest ||
      isDeleted || !existed;
    this.#known.tags.set(key, state);
    this.#tags.set(key, { registry, repository, tag, state, hasMoved });
    if (isDeleted !== existed) return;
    this.#repository(registry, repository).tagCountChange += isDeleted ? -1 : 1;
  }

  /** Versions 2.4 to 2.6 send no event for the tags that go with a manifest. */
  #deleteTagsAt({ registry, event }: Sighting, digest: string): void {
    const prefix = keyOf(registry, event.repository, "");
    for (const [key, state] of this.#known.tags) {
      if (state.digest !== digest || state.deletedAt !== undefined) continue;
      if (!key.startsWith(prefix)) continue;
      const tag = key.slice(prefix.length);
      this.#setTag(registry, event.repository, { tag, event, isDeleted: true });
    }
  }

  /** Removes the repository with all that this batch has planned for it, or marks it. */
  #deleteRepository({ registry, event }: Sighting): void {
    const { repository, at } = event;
    if (this.#options.onRepositoryDelete === "keep") {
      const { deletedAt = 0 } = this.#stateOf(registry, repository);
      this.#markDeleted(registry, repository, Math.max(deletedAt, at));
      return;
    }
    const key = keyOf(registry, repository);
    const prefix = keyOf(registry, repository, "");
    const planned = [this.#changes, this.#tags, this.#manifests];
    const known = [this.#known.tags, this.#known.manifests, this.#known.checks];
    const sets = [this.#known.childrenOfIndexes, this.#known.partsOfImages, this.#known.blobs];
    for (const entries of [...planned, ...known, ...sets, this.#known.actors]) {
      dropPrefix(entries, prefix);
    }
    dropPrefix(this.#known.indexFetches, prefix);
    this.#repositories.delete(key);
    this.#known.repositories.set(key, { tombstone: at, actorCount: 0, tagRows: 0 });
    this.#removals.set(key, { registry, repository, at });
  }

  #markDeleted(registry: string, repository: string, deletedAt: number | undefined): void {
    const { deletedAt: _, ...state } = this.#stateOf(registry, repository);
    const next = deletedAt === undefined ? state : { ...state, deletedAt };
    this.#known.repositories.set(keyOf(registry, repository), next);
    this.#repository(registry, repository).deletedAt = deletedAt ?? null;
  }

  #revive(registry: string, repository: string, at: number): void {
    const { deletedAt } = this.#stateOf(registry, repository);
    if (deletedAt !== undefined && at > deletedAt) {
      this.#markDeleted(registry, repository, undefined);
    }
  }

  /** The row of the tag that a meaning names: its own, or that of all tags beyond the bound. */
  #tagSlot(meaning: Meaning, registry: string, repository: string): string | undefined {
    const tag = "tag" in meaning ? meaning.tag : undefined;
    if (tag === undefined) return undefined;
    const key = keyOf(registry, repository, tag);
    if (this.#known.tags.has(key)) return tag;
    const state = this.#stateOf(registry, repository);
    if (state.tagRows >= MAX_TAGS) return "";
    // The HEAD that a pull claims has made the row already.
    if (meaning.type === "pull" && meaning.claims !== undefined) return tag;
    const next = { ...state, tagRows: state.tagRows + 1 };
    this.#known.repositories.set(keyOf(registry, repository), next);
    this.#repository(registry, repository);
    return tag;
  }

  #actorSlot({ registry, event, actor }: Sighting): { dimension: Dimension; name: string } {
    const { repository, kind } = event;
    if (actor === undefined || kind === "blob") return { dimension: "anonymous", name: "" };
    const key = keyOf(registry, repository, actor);
    if (this.#known.actors.has(key)) return { dimension: "actor", name: actor };
    const state = this.#stateOf(registry, repository);
    if (state.actorCount >= MAX_ACTORS) return { dimension: "overflow", name: "" };
    this.#known.actors.add(key);
    const next = { ...state, actorCount: state.actorCount + 1 };
    this.#known.repositories.set(keyOf(registry, repository), next);
    this.#repository(registry, repository).newActors.push(actor);
    return { dimension: "actor", name: actor };
  }

  /** A repository that nobody has seen before is written even where nothing else is new. */
  #list(registry: string, repository: string): void {
    const state = this.#stateOf(registry, repository);
    if (state.isListed === true) return;
    this.#known.repositories.set(keyOf(registry, repository), { ...state, isListed: true });
    this.#repository(registry, repository);
  }

  #stateOf(registry: string, repository: string): RepositoryState {
    const state = this.#known.repositories.get(keyOf(registry, repository));
    return state ?? { actorCount: 0, tagRows: 0 };
  }

  #repository(registry: string, repository: string): RepositoryDraft {
    const key = keyOf(registry, repository);
    const present = this.#repositories.get(key) ?? { tagCountChange: 0, newActors: [] };
    this.#repositories.set(key, present);
    return present;
  }

  #reject({ registry, receivedAt, envelope }: Received, reason: string): void {
    const key = keyOf(registry, envelope.key());
    const { reasons = [], events = 0 } = this.#quarantine.get(key) ?? {};
    this.#quarantine.set(key, {
      registry,
      envelope: envelope.key(),
      receivedAt,
      reasons: reasons.includes(reason) ? reasons : [...reasons, reason].slice(0, 20),
      events: events + 1,
      bytes: envelope.bytes,
      excerpt: redactBody(envelope.excerpt(), this.#options.privacy, this.#options.key),
    });
  }

  /** Every entry is in exactly one column of its registry and day of arrival. */
  account({ registry, receivedAt }: Received, outcome: Outcome): void {
    const day = dayOf(receivedAt * 1000);
    const key = keyOf(registry, String(day));
    const none = { counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };
    const row = this.#accounting.get(key) ?? { registry, day, ...none };
    this.#accounting.set(key, { ...row, [outcome]: row[outcome] + 1 });
  }

  finish(outcomes: readonly Outcome[]): BatchPlan {
    const repositories = [...this.#repositories].map(([key, write]): RepositoryWrite => {
      const [registry = "", repository = ""] = key.split("\n");
      const { actorCount, tagRows } = this.#stateOf(registry, repository);
      return { registry, repository, actorCount, tagRows, ...write };
    });
    return {
      outcomes,
      removals: [...this.#removals.values()],
      changes: [...this.#changes.values()],
      tags: [...this.#tags.values()],
      manifests: [...this.#manifests.values()],
      repositories,
      claims: this.#claims,
      log: [...this.#log.values()],
      quarantine: [...this.#quarantine.values()],
      accounting: [...this.#accounting.values()],
    };
  }
}

function reasonOf(entry: EnvelopeEntry): string {
  return "rejected" in entry ? entry.rejected.reason : "";
}

/** What says more about a manifest stays; a special kind is told by a tag or by references. */
function betterKind(known: string | undefined, kind: ArtifactKind): ArtifactKind {
  const rank = (value: string): number =>
    value === "unknown" ? 0 : ["image", "index", "artifact"].includes(value) ? 1 : 2;
  return known !== undefined && rank(known) >= rank(kind) ? known as ArtifactKind : kind;
}

function sumOfSizes(references: readonly Reference[] | undefined): number | undefined {
  return references?.reduce((sum, { size = 0 }) => sum + size, 0);
}

function dropPrefix(
  entries: Map<string, unknown> | Set<string>,
  prefix: string,
): void {
  for (const key of [...entries.keys()]) {
    if (key.startsWith(prefix)) entries.delete(key);
  }
}
