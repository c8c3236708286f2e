/**
 * The plan of a batch while it grows: what the store knows, and what the batch has added so far.
 *
 * It holds final values where a row does not simply add up: where a tag points, what is deleted,
 * which names still have rows of their own.
 *
 * @module
 */

import { artifactKindOf, betterKind } from "./artifact.ts";
import {
  type BatchPlan,
  type Candidate,
  type Claim,
  type LogEntry,
  type ManifestWrite,
  type Outcome,
  type PlanOptions,
  type Received,
  type Removal,
  type TagWrite,
} from "./batch.ts";
import { ChangeSet } from "./change_set.ts";
import { clientFamilyOf } from "./client.ts";
import { Accounts } from "./draft_accounts.ts";
import { RepositoryDrafts } from "./draft_repositories.ts";
import { type EnvelopeEntry, isIndexType, type Reference, type RegistryEvent } from "./event.ts";
import {
  addTo,
  type Answers,
  factsOf,
  isNewer,
  isUnknownIndexFetch,
  keyOf,
  learnContent,
  type Sighting,
  tagKeyOf,
  type TagState,
} from "./facts.ts";
import { mapEvent, type Meaning } from "./mapping.ts";
import { disguise } from "./privacy.ts";

const OUTCOMES: Readonly<Partial<Record<Meaning["type"], Outcome>>> = {
  ignored: "ignored",
  rejected: "quarantined",
};

/** One for each batch. */
export class Draft {
  readonly #known: Answers;
  readonly #options: PlanOptions;
  readonly #changes = new ChangeSet();
  readonly #tags = new Map<string, TagWrite>();
  readonly #manifests = new Map<string, ManifestWrite>();
  readonly #repositories: RepositoryDrafts;
  readonly #removals = new Map<string, Removal>();
  readonly #claims: Claim[] = [];
  readonly #log = new Map<string, LogEntry>();
  readonly #accounts: Accounts;
  readonly #families = new Map<string | undefined, string>();

  constructor(known: Answers, options: PlanOptions) {
    this.#known = known;
    this.#options = options;
    this.#repositories = new RepositoryDrafts(known);
    this.#accounts = new Accounts(options);
  }

  /** Adds one event that is no duplicate. */
  add({ received, id, key, sighting }: Candidate): Outcome {
    const { registry, receivedAt } = received;
    const meaning: Meaning = sighting === undefined
      ? { type: "rejected", row: 18, reason: reasonOf(received.entry) }
      : this.#map(sighting);
    const outcome = OUTCOMES[meaning.type] ?? "counted";
    const described = sighting === undefined ? {} : this.#describe(sighting);
    const entry: LogEntry = { registry, id, key, receivedAt, outcome, meaning, ...described };
    this.#log.set(key, entry);
    if (meaning.type === "rejected") this.#accounts.reject(received, meaning.reason);
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
    const { event, actor, fingerprint } = sighting;
    const { privacy, key } = this.#options;
    const address = disguise(event.address, privacy.addresses, key);
    return {
      event,
      client: this.#familyOf(event),
      fingerprint,
      ...(actor === undefined ? {} : { actor }),
      ...(address === undefined ? {} : { address }),
      ...(isUnknownIndexFetch(this.#known, sighting) ? { isUnknownIndexFetch: true } : {}),
    };
  }

  #count(meaning: Meaning, sighting: Sighting): void {
    const { registry, event } = sighting;
    const { repository } = event;
    if (meaning.type === "repositoryDelete") return this.#deleteRepository(sighting);
    if (event.kind !== "blob") this.#repositories.list(sighting);
    const tag = this.#repositories.tagSlot(meaning, sighting);
    this.#learn(meaning, sighting, tag);
    this.#changes.add(meaning, {
      registry,
      repository,
      at: event.at,
      actor: this.#repositories.actorSlot(sighting),
      client: this.#familyOf(event),
      consumer: this.#options.consumerOf(event),
      ...(tag === undefined ? {} : { tag }),
      ...(event.size === undefined ? {} : { size: event.size }),
    });
  }

  /** The same few agents come again and again. */
  #familyOf({ userAgent }: RegistryEvent): string {
    let family = this.#families.get(userAgent);
    if (family === undefined) {
      family = clientFamilyOf(userAgent);
      this.#families.set(userAgent, family);
    }
    return family;
  }

  /** Lets the batch's later events know of this one, and notes the rows that do not add up. */
  #learn(meaning: Meaning, sighting: Sighting, tag: string | undefined): void {
    const { event, keys } = sighting;
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
      this.#setTag(sighting, tag, { isDeleted: true });
    } else if (namesTag && event.digest !== undefined) {
      this.#setTag(sighting, tag, { isDeleted: false });
    }
    if (meaning.type === "manifestDelete") this.#deleteTagsAt(sighting, meaning.digest);
    if (meaning.type === "push") this.#repositories.notePush(keys.repository, event.at);
    if (event.action === "push") this.#repositories.revive(keys.repository, event.at);
  }

  #rememberCheck({ event, fingerprint, keys }: Sighting): void {
    const key = keyOf(keys.digest, fingerprint);
    const check = { id: event.id, tag: event.tag ?? "", at: event.at };
    addTo(this.#known.checks, key, check);
  }

  /** A HEAD belongs to one pull only. */
  #claim(id: string, { registry, event, fingerprint, keys }: Sighting): void {
    const key = keyOf(keys.digest, fingerprint);
    const rest = (this.#known.checks.get(key) ?? []).filter((check) => check.id !== id);
    this.#known.checks.set(key, rest);
    const inBatch = this.#log.get(keyOf(registry, id));
    if (inBatch === undefined) this.#claims.push({ registry, id, by: event.id });
    else inBatch.claimedBy = event.id;
  }

  #learnManifest({ registry, event, keys: { digest: key } }: Sighting): void {
    const { repository, digest, mediaType, references } = event;
    if (digest === undefined) return;
    const known = this.#known.manifests.get(key);
    const kind = betterKind(known?.kind, artifactKindOf(event));
    const hasNews = known === undefined || kind !== known.kind ||
      (references !== undefined && !known.hasReferences) ||
      (mediaType !== undefined && !known.hasMediaType);
    if (!hasNews) return;
    this.#known.manifests.set(key, {
      kind,
      hasReferences: references !== undefined || known?.hasReferences === true,
      hasMediaType: mediaType !== undefined || known?.hasMediaType === true,
    });
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
  #setTag(sighting: Sighting, tag: string, { isDeleted }: { isDeleted: boolean }): void {
    const { registry, event, keys } = sighting;
    const key = tagKeyOf(sighting, tag);
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
    const { repository } = event;
    this.#tags.set(key, { registry, repository, tag, state, hasMoved });
    if (isDeleted !== existed) return;
    this.#repositories.countTag(keys.repository, isDeleted ? -1 : 1);
  }

  /** Versions 2.4 to 2.6 send no event for the tags that go with a manifest. */
  #deleteTagsAt(sighting: Sighting, digest: string): void {
    const prefix = keyOf(sighting.keys.repository, "");
    for (const [key, state] of this.#known.tags) {
      if (state.digest !== digest || state.deletedAt !== undefined) continue;
      if (!key.startsWith(prefix)) continue;
      this.#setTag(sighting, key.slice(prefix.length), { isDeleted: true });
    }
  }

  /**
   * Removes the repository with all that this batch has planned for it, or marks it. A delete that
   * comes after a younger push is late: the repository has been made anew since.
   */
  #deleteRepository({ registry, event, keys }: Sighting): void {
    const { repository, at } = event;
    const isKept = this.#options.onRepositoryDelete === "keep";
    if (this.#repositories.isPushedAfter(keys.repository, at)) {
      if (!isKept) this.#repositories.entomb(keys.repository, at);
      return;
    }
    if (isKept) {
      this.#repositories.markDeleted(keys.repository, at);
      return;
    }
    const prefix = keyOf(keys.repository, "");
    const planned = [this.#tags, this.#manifests];
    const known = [this.#known.tags, this.#known.manifests, this.#known.checks];
    const sets = [this.#known.childrenOfIndexes, this.#known.layers, this.#known.blobs];
    for (const entries of [...planned, ...known, ...sets, this.#known.actors]) {
      dropPrefix(entries, prefix);
    }
    this.#changes.drop(prefix);
    dropPrefix(this.#known.indexFetches, prefix);
    this.#repositories.bury(keys.repository, at);
    this.#removals.set(prefix, { registry, repository, at });
  }

  /** Every entry has one outcome. */
  account(received: Received, outcome: Outcome): void {
    this.#accounts.account(received, outcome);
  }

  /** The plan, when all events have been added. */
  finish(outcomes: readonly Outcome[]): BatchPlan {
    return {
      outcomes,
      removals: [...this.#removals.values()],
      changes: this.#changes.changes(),
      tags: [...this.#tags.values()],
      manifests: [...this.#manifests.values()],
      repositories: this.#repositories.writes(),
      claims: this.#claims,
      log: [...this.#log.values()],
      quarantine: this.#accounts.quarantine(),
      accounting: this.#accounts.accounting(),
    };
  }
}

function reasonOf(entry: EnvelopeEntry): string {
  return "rejected" in entry ? entry.rejected.reason : "";
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
