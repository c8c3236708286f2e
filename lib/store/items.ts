/**
 * What a store tells of: repositories, tags, manifests, who used them, stars, events, the
 * accounting. Times are milliseconds since 1970, UTC; `null`: never.
 *
 * @module
 */

import type { Outcome } from "../batch.ts";

/** A repository of a registry. */
export interface RepositoryRef {
  readonly registry: string;
  readonly repository: string;
}

/** Numbers and times of a repository. */
export interface RepositoryStatistics extends RepositoryRef {
  readonly pulls: number;
  readonly pushes: number;
  readonly stars: number;
  readonly checks: number;
  readonly childPulls: number;
  readonly digestPushes: number;
  readonly unchangedPushes: number;
  readonly firstPulled: number | null;
  readonly lastPulled: number | null;
  readonly firstPushed: number | null;
  readonly lastPushed: number | null;
  readonly lastChecked: number | null;
  readonly lastUsed: number | null;
  readonly deletes: {
    readonly tags: number;
    readonly manifests: number;
    readonly blobs: number;
    readonly unknown: number;
  };
  /** At most 1,000 names in code point order; empty but from {@linkcode Store.findRepository}. */
  readonly actors: readonly string[];
  readonly actorCount: number;
  /** Tags that exist now, as far as is known. */
  readonly tagCount: number;
  readonly deleted: number | null;
}

/** Numbers and times of a tag. */
export interface TagStatistics {
  /** `(overflow)` for the row of all tags beyond the bound. */
  readonly tag: string;
  readonly overflow: boolean;
  readonly digest: string | null;
  readonly pulls: number;
  readonly pushes: number;
  readonly unchangedPushes: number;
  readonly checks: number;
  readonly firstPulled: number | null;
  readonly lastPulled: number | null;
  readonly firstPushed: number | null;
  readonly lastPushed: number | null;
  readonly lastChecked: number | null;
  /** Of the tag, or of the manifest it points to where that was used later. */
  readonly lastUsed: number | null;
  readonly deleted: number | null;
}

/** Numbers and times of a manifest. */
export interface ManifestStatistics {
  readonly digest: string;
  readonly mediaType: string | null;
  /** Kind of artifact. */
  readonly kind: string;
  /** Bytes of config and layers; of an index: of its platform images. `null`: unknown. */
  readonly size: number | null;
  /** `os/architecture[/variant]`, sorted; empty where unknown. */
  readonly platforms: readonly string[];
  readonly pulls: number;
  readonly childPulls: number;
  readonly checks: number;
  readonly pushes: number;
  readonly digestPushes: number;
  readonly firstSeen: number | null;
  readonly lastUsed: number | null;
  /** A delete that no later use contradicts. */
  readonly deleted: number | null;
}

/** What can be broken down. */
export type BreakdownDimension = "actor" | "client" | "consumer";

/** Numbers of one actor, client family or consumer in a repository. */
export interface BreakdownStatistics {
  /** `(anonymous)`, and `(overflow)` for the row of all actors beyond the bound. */
  readonly name: string;
  /** Whether it is the row of requests without a name: a user may be called like it. */
  readonly anonymous: boolean;
  readonly overflow: boolean;
  readonly pulls: number;
  readonly pushes: number;
  readonly firstSeen: number | null;
  readonly lastSeen: number | null;
}

/** A user's star on a repository. */
export interface Star {
  readonly user: string;
  /** When it was given. */
  readonly at: number;
}

/** A star that is to be given, or taken back. */
export interface StarChange extends Star {
  readonly isStarred: boolean;
}

/** An event of the log with what it was counted as. */
export interface EventRecord {
  readonly id: string;
  /** By the registry's clock. */
  readonly timestamp: number;
  readonly receivedAt: number;
  readonly action: string;
  readonly method: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly mediaType: string | null;
  readonly actor: string | null;
  readonly address: string | null;
  readonly client: string | null;
  readonly userAgent: string | null;
  readonly outcome: Outcome;
  /** Type of its meaning, such as `pull`, `childPull`, `check`. */
  readonly countedAs: string;
  /** Row of the decision table. */
  readonly row: number;
  /** The tag it counted for: its own, or that of the HEAD before it. */
  readonly countedTag: string | null;
  readonly estimated: boolean;
}

/** What became of all events ever received. */
export interface Accounting {
  readonly received: number;
  readonly counted: number;
  readonly duplicate: number;
  readonly ignored: number;
  readonly quarantined: number;
}

/** {@linkcode Accounting} in all and by registry. */
export interface AccountingReport extends Accounting {
  /** In order of the name. */
  readonly byRegistry: readonly (Accounting & { readonly registry: string })[];
}
