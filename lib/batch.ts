/**
 * What a batch consists of, and what it writes.
 *
 * @module
 */

import type { ArtifactKind } from "./artifact.ts";
import type { ConsumerMatcher } from "./consumer.ts";
import type { EnvelopeEntry, Reference, RegistryEvent } from "./event.ts";
import type { Sighting, TagState } from "./facts.ts";
import type { Meaning } from "./mapping.ts";
import type { Privacy } from "./privacy.ts";
import type { Change } from "./statistics.ts";

/** The most events in a batch whose senders wait for it. */
export const MAX_BATCH_EVENTS = 500;
/** Distinct actors kept by name in a repository; the rest adds up in one row. */
export const MAX_ACTORS = 1000;
/** Tags kept by name in a repository; the rest adds up in one row. */
export const MAX_TAGS = 20_000;
/** Entries of the quarantine that are kept: the latest. */
export const MAX_QUARANTINE = 10_000;
/** Distinct reasons that an entry of the quarantine keeps. */
export const MAX_REASONS = 20;

/** A request body that has arrived. */
export interface Notification {
  readonly registry: string;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;
  /** All of it, or its beginning where it was too large to be kept. */
  readonly body: Uint8Array;
  /** Set where `body` is only the beginning of that many bytes. */
  readonly oversize?: number;
  /** Milliseconds since 1970 after which nobody waits for the answer. */
  readonly deadline: number;
}

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

/** Events counted as ignored before they reached the store, by registry. */
export interface IgnoredCount {
  readonly registry: string;
  /** Milliseconds since 1970, of the arrival. */
  readonly receivedAt: number;
  readonly count: number;
}

/** What a commit has done, for metrics and logs. */
export interface Tally {
  readonly events: number;
  /** How long it took. */
  readonly seconds: number;
  /** Each registry and outcome at most once. */
  readonly outcomes: readonly {
    readonly registry: string;
    readonly outcome: Outcome;
    readonly count: number;
  }[];
  /** Counted events whose own time could not be used. */
  readonly clockSkewed: number;
  readonly quarantined: readonly {
    readonly registry: string;
    readonly id: string;
    readonly reason: string;
  }[];
}

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
  /** `keyOf()` its registry and id: what a duplicate is recognised by. */
  readonly key: string;
  /** Absent for a rejected entry. */
  readonly sighting?: Sighting;
}

/** A row of the event log. */
export interface LogEntry {
  readonly registry: string;
  readonly id: string;
  /** `keyOf()` its registry and id. */
  readonly key: string;
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
  /** Microseconds since 1970: events that are not younger no longer count. */
  readonly tombstone?: number;
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
