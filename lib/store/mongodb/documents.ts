/**
 * The documents in MongoDB: collections, field names, identifiers.
 *
 * The main collection has the shape of 2015, lower-case names without separators; the others keep
 * to that style. A time is a BSON date, a time that never was is absent, a counter is a 64-bit
 * integer. A name from an event is only ever a value, never a field.
 *
 * @module
 */

import type { ObjectId } from "mongodb";

import { keyOf } from "../../facts.ts";
import type { Dimension, Metric, Times } from "../../statistics.ts";
import type { RepositoryRef } from "../store.ts";

/** The collections, each by what follows the configured name. */
export const SUFFIXES = {
  repositories: "",
  tags: ".tags",
  manifests: ".manifests",
  daily: ".daily",
  monthly: ".monthly",
  breakdowns: ".breakdowns",
  stars: ".stars",
  events: ".events",
  quarantine: ".quarantine",
  registries: ".registries",
  meta: ".meta",
} as const;

/** One of the collections. */
export type CollectionName = keyof typeof SUFFIXES;

/** A registry that a document names by having none. */
export const DEFAULT_REGISTRY = "default";

/** The counters, by their names in the documents. */
export const COUNTERS: Readonly<Record<Metric, string>> = {
  pulls: "numpulls",
  checks: "numchecks",
  childPulls: "numchildpulls",
  pushes: "numpushs",
  unchangedPushes: "numunchangedpushs",
  digestPushes: "numdigestpushs",
  tagDeletes: "numtagdeletes",
  manifestDeletes: "nummanifestdeletes",
  blobDeletes: "numblobdeletes",
  unknownDeletes: "numunknowndeletes",
  blobPulls: "numblobpulls",
  blobChecks: "numblobchecks",
  blobPushes: "numblobpushs",
  mounts: "nummounts",
  blobBytes: "numblobbytes",
};

/** Counters that a document has from the start, as 0; any other is absent until it counts. */
export const INITIAL_COUNTERS: Readonly<Partial<Record<CollectionName, readonly string[]>>> = {
  repositories: [
    ...["numpulls", "numpushs", "numstars", "numchecks", "numchildpulls", "numdigestpushs"],
    ...["numunchangedpushs", "numtagdeletes", "nummanifestdeletes", "numblobdeletes"],
    ...["numunknowndeletes", "numtags"],
  ],
  tags: ["numpulls", "numpushs", "numunchangedpushs", "numchecks"],
  manifests: ["numpulls", "numchildpulls", "numchecks", "numpushs", "numdigestpushs"],
  breakdowns: ["numpulls", "numpushs"],
};

/** Counters of a document that hold what they hold: absent is 0. */
type Counted = Partial<Record<`num${string}`, number>>;
/** Times of a document: absent is never. */
type Timed = Partial<Record<Lowercase<keyof Times & string>, Date>>;

interface OfRepository {
  readonly registry: string;
  readonly repositoryname: string;
}

/** Statistics of a repository, in the main collection. */
export interface RepositoryDocument extends Omit<OfRepository, "registry"> {
  readonly _id: string | ObjectId;
  /** Absent: `default`. */
  readonly registry?: string;
  readonly numpulls?: number;
  readonly numpushs?: number;
  readonly numstars?: number;
  readonly numchecks?: number;
  readonly numchildpulls?: number;
  readonly numdigestpushs?: number;
  readonly numunchangedpushs?: number;
  readonly numtagdeletes?: number;
  readonly nummanifestdeletes?: number;
  readonly numblobdeletes?: number;
  readonly numunknowndeletes?: number;
  /** Tags that exist now. */
  readonly numtags?: number;
  /** Absent: the length of `actors`. */
  readonly numactors?: number;
  /** Documents of tags, deleted ones included: what the bound is on. */
  readonly numtagrows?: number;
  readonly actors?: readonly string[];
  readonly firstpulled?: Date;
  readonly lastpulled?: Date;
  readonly firstpushed?: Date;
  readonly lastpushed?: Date;
  readonly lastchecked?: Date;
  readonly lastused?: Date;
  readonly deletedat?: Date;
  /** `deletedat` in microseconds since 1970, as a push of the same millisecond may undo it. */
  readonly deletedmicros?: number;
}

/** A tag of a repository; the tag `""` stands for all beyond the bound. */
export interface TagDocument extends OfRepository, Counted, Timed {
  readonly _id: string;
  readonly tag: string;
  readonly digest?: string;
  /** Day of `lastused`: unlike that, it and its index change once a day at most. */
  readonly usedday?: Date;
  /** Microseconds since 1970 of the newest event that named the tag; deletes it if `deletedat`. */
  readonly at?: number;
  /** Id of that event. */
  readonly id?: string;
}

/** A manifest of a repository. */
export interface ManifestDocument extends OfRepository, Counted, Timed {
  readonly _id: string;
  readonly digest: string;
  readonly mediatype?: string;
  readonly kind?: string;
  readonly size?: number;
  readonly hasreferences?: true;
  readonly referencescut?: true;
  /** Whether {@linkcode references} are the children of an index; absent as long as they are. */
  readonly isindex?: boolean;
  /** What it consists of: the children of an index, or the config and layers of an image. */
  readonly references?: readonly ReferenceEntry[];
}

/** One part of a manifest. */
export interface ReferenceEntry {
  readonly digest: string;
  readonly mediatype?: string;
  readonly size?: number;
  readonly platform?: string;
  readonly attestation?: true;
  readonly artifacttype?: string;
}

/** Counts of a day (UTC): of a consumer in a repository, or of a tag. */
export interface DayDocument extends OfRepository, Counted {
  readonly _id: string;
  readonly day: Date;
  readonly consumer?: string;
  readonly tag?: string;
}

/** Counts of an actor, a client family or a consumer in a repository. */
export interface BreakdownDocument extends OfRepository, Counted, Timed {
  readonly _id: string;
  readonly dimension: "actor" | "client" | "consumer";
  /** `actor`, `anonymous` and `overflow` are apart, whatever their name. */
  readonly kind: Dimension;
  readonly name: string;
}

/** A row of the event log; after `retention.events` only `_id` and `receivedat` are left. */
export interface EventDocument {
  /** Registry, line break, event id. */
  readonly _id: string;
  readonly receivedat: Date;
  /** While the row is whole. */
  readonly kept?: true;
  /** The batch that recorded it, which orders what arrived at the same time, and its place there. */
  readonly batch?: ObjectId;
  readonly position?: number;
  readonly registry?: string;
  readonly outcome?: string;
  /** Type of the meaning. */
  readonly countedas?: string;
  /** Row of the decision table. */
  readonly row?: number;
  readonly countedtag?: string;
  readonly estimated?: boolean;
  /** Why it was ignored or quarantined. */
  readonly reason?: string;
  readonly repositoryname?: string;
  /** By the registry's clock. */
  readonly timestamp?: Date;
  /** `timestamp` in microseconds since 1970. */
  readonly at?: number;
  readonly action?: string;
  readonly method?: string;
  readonly tag?: string;
  readonly digest?: string;
  readonly mediatype?: string;
  readonly size?: number;
  readonly actor?: string;
  readonly address?: string;
  readonly client?: string;
  readonly consumer?: string;
  readonly useragent?: string;
  readonly instance?: string;
  readonly fingerprint?: string;
  /** Id of the pull that a check belongs to. */
  readonly claimedby?: string;
  /** What a later event finds the row by; see `keys.ts`. */
  readonly check?: string;
  readonly fetch?: string;
  readonly request?: string;
  readonly blob?: string;
}

/** A user's star on a repository. */
export interface StarDocument extends OfRepository {
  readonly _id: string;
  readonly user: string;
  readonly at: Date;
}

/** Accounting of a registry on a day, as one collector counted it; see also `folding.ts`. */
export interface RegistryDocument extends Counted {
  readonly _id: string;
  readonly registry: string;
  readonly day: Date;
  readonly collector: string;
  readonly counted?: number;
  readonly duplicate?: number;
  readonly ignored?: number;
  readonly quarantined?: number;
  /** The last batch that was added. */
  readonly batch?: ObjectId;
}

/** When an instance (process) of a registry was heard first and, within an hour, last. */
export interface InstanceDocument {
  readonly _id: string;
  readonly registry: string;
  /** Empty where events name none. */
  readonly instance: string;
  readonly firstat: Date;
  readonly lastat: Date;
}

/** A value that all collectors share: schema version, keys, tokens, tombstones, progress. */
export interface MetaDocument {
  readonly _id: string;
  readonly version?: number;
  readonly value?: string;
  /** Microseconds since 1970: when a repository was deleted. */
  readonly at?: number;
  /** More than the main document of that repository is still to be removed; see `remains.ts`. */
  readonly remains?: true;
  /** Newest arrival whose id has been dropped from the event log; time of the last ping. */
  readonly receivedat?: Date;
}

/** Identifiers in the collection of shared values. */
export const META_IDS = {
  schema: "schema",
  fingerprintKey: "key:fingerprint",
  expired: "expired",
  ping: "ping",
} as const;

/**
 * Names the tombstone of a repository.
 *
 * @param of The repository.
 * @returns Its `_id` in the collection of shared values.
 */
export function tombstoneId({ registry, repository }: RepositoryRef): string {
  return keyOf("tombstone", registry, repository);
}
