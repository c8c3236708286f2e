/**
 * From the plan of a batch to its writes.
 *
 * @module
 */

import type { Document, ObjectId } from "mongodb";

import type { ConsumerMatcher } from "../../consumer.ts";
import type { Reference } from "../../event.ts";
import { keyOf } from "../../facts.ts";
import type {
  AccountingWrite,
  BatchPlan,
  LogEntry,
  ManifestWrite,
  Removal,
  RepositoryWrite,
  TagWrite,
} from "../../batch.ts";
import type { InstanceSpan } from "../../instances.ts";
import { dayOf } from "../../statistics.ts";
import type { IgnoredCount } from "../store.ts";
import { DEFAULT_REGISTRY, type ReferenceEntry } from "./documents.ts";
import { instanceWritesOf } from "./instances.ts";
import { type DocumentPlace, placeOf, placeOfRegistry } from "./places.ts";
import { lookupKeysOf } from "./keys.ts";
import { OF_REPOSITORY, quarantineOf, thriftyQuarantineOf, tombstoneOf } from "./remains.ts";
import { Updates, type Write } from "./updates.ts";
import { longOf } from "./values.ts";

/** What the writes of a batch depend on beside its plan. */
export interface WriteContext {
  readonly batch: ObjectId;
  readonly collector: string;
  readonly consumerOf: ConsumerMatcher;
  readonly ignored: readonly IgnoredCount[];
  /** Repositories ({@linkcode keyOf}) whose document names no registry. */
  readonly unnamed: ReadonlySet<string>;
  /** A sharded cluster finds a document by its shard key; without one, `_id` is the faster way. */
  readonly isSharded: boolean;
  /** Each collection costs a command; see `remains.ts`. */
  readonly isThrifty: boolean;
  /** Instances of registries that are to be written. */
  readonly spans: readonly InstanceSpan[];
}

/**
 * Lists the writes of a batch.
 *
 * @param plan The plan.
 * @param context What else they depend on.
 * @returns The writes; removals come first and the order matters.
 */
export function writesOf(plan: BatchPlan, context: WriteContext): Write[] {
  const updates = new Updates((place) => filterOf(place, plan, context));
  const { collector, batch } = context;
  for (const change of plan.changes) updates.add(placeOf(change.target, collector), change);
  for (const write of plan.tags) assignTag(updates, write);
  for (const write of plan.manifests) assignManifest(updates, write);
  for (const write of plan.repositories) assignRepository(updates, write);
  for (const { registry, day, ...outcomes } of accountingOf(plan, context.ignored)) {
    const place = placeOfRegistry(registry, day, collector);
    updates.assign(place, { set: { batch }, increments: outcomes });
  }
  const writes = [
    ...plan.removals.flatMap((removal) => removalOf(removal, context)),
    ...updates.finish(),
    ...instanceWritesOf(context.spans),
    ...plan.repositories.flatMap(lateTombstoneOf),
    ...plan.claims.map(({ registry, id, by }): Write => ({
      collection: "events",
      filter: { _id: keyOf(registry, id), claimedby: { $exists: false } },
      update: { $set: { claimedby: by }, $unset: { check: 1 } },
      mustExist: true,
    })),
    ...plan.log.map((entry, position): Write => ({
      collection: "events",
      insert: { _id: keyOf(entry.registry, entry.id), ...rowOf(entry, context), position },
    })),
  ];
  const quarantine = context.isThrifty
    ? thriftyQuarantineOf(plan.quarantine, writes)
    : plan.quarantine.map(quarantineOf);
  return [...writes, ...quarantine];
}

/** A main document is found by its unique key: its `_id` may be one of 2015. */
function filterOf(
  place: DocumentPlace,
  plan: BatchPlan,
  { unnamed, isSharded }: WriteContext,
): Document {
  if (place.collection !== "repositories") {
    return isSharded ? { _id: place.id, ...place.of } : { _id: place.id };
  }
  const isRemoved = plan.removals.some((removal) => repositoryKey(removal) === place.id);
  return unnamed.has(place.id) && !isRemoved ? { ...place.of, registry: null } : place.of;
}

function assignTag(updates: Updates, { registry, repository, tag, state }: TagWrite): void {
  const { digest, deletedAt, at, id } = state;
  updates.assign(placeOf({ kind: "tag", registry, repository, tag }, ""), {
    set: { digest, deletedat: dateOf(deletedAt), at: longOf(at), id },
  });
}

function assignManifest(updates: Updates, write: ManifestWrite): void {
  const { registry, repository, digest, mediaType, kind, size, references } = write;
  const place = placeOf({ kind: "manifest", registry, repository, digest }, "");
  updates.assign(place, {
    set: present({
      mediatype: mediaType,
      kind,
      size: size === undefined ? undefined : longOf(size),
      hasreferences: references === undefined ? undefined : true,
      referencescut: write.referencesCut,
      isindex: references === undefined ? undefined : write.isIndex,
      references: references?.map(referenceOf),
    }),
  });
}

function referenceOf({ digest, size, ...reference }: Reference): ReferenceEntry {
  return present({
    digest,
    mediatype: reference.mediaType,
    size,
    platform: reference.platform,
    attestation: reference.attestation,
    artifacttype: reference.artifactType,
  });
}

function assignRepository(updates: Updates, write: RepositoryWrite): void {
  const { registry, repository, actorCount, tagRows, tagCountChange, deletedAt } = write;
  const deleted = deletedAt === undefined ? {} : {
    deletedat: dateOf(deletedAt),
    deletedmicros: deletedAt === null ? undefined : longOf(deletedAt),
  };
  updates.assign(placeOf({ kind: "repository", registry, repository }, ""), {
    set: { ...deleted, numactors: longOf(actorCount), numtagrows: longOf(tagRows) },
    increments: { numtags: tagCountChange },
    members: { actors: write.newActors },
  });
}

function accountingOf(
  plan: BatchPlan,
  ignored: readonly IgnoredCount[],
): readonly (Partial<AccountingWrite> & { registry: string; day: number })[] {
  const ignoredElsewhere = ignored.map(({ registry, receivedAt, count }) => ({
    registry,
    day: dayOf(receivedAt * 1000),
    ignored: count,
  }));
  return [...plan.accounting, ...ignoredElsewhere];
}

function removalOf(removal: Removal, { isThrifty }: WriteContext): Write[] {
  const { registry, repository: repositoryname } = removal;
  const registries = registry === DEFAULT_REGISTRY ? { $in: [registry, null] } : registry;
  const others = isThrifty ? [] : OF_REPOSITORY;
  return [
    { collection: "repositories", removeAll: { registry: registries, repositoryname } },
    ...others.map((collection): Write => ({
      collection,
      removeAll: { registry, repositoryname },
    })),
    tombstoneOf(removal, { remains: isThrifty }),
  ];
}

/** A delete that came late removes nothing, but what is older than it no longer counts. */
function lateTombstoneOf({ registry, repository, tombstone }: RepositoryWrite): Write[] {
  if (tombstone === undefined) return [];
  return [tombstoneOf({ registry, repository, at: tombstone }, { remains: false })];
}

function rowOf(entry: LogEntry, { batch, consumerOf }: WriteContext): Document {
  const { registry, receivedAt, outcome, meaning, event } = entry;
  const row = {
    registry,
    receivedat: new Date(receivedAt),
    kept: true,
    batch,
    outcome,
    countedas: meaning.type,
    row: meaning.row,
    countedtag: "tag" in meaning ? meaning.tag : undefined,
    estimated: "estimated" in meaning && meaning.estimated ? true : undefined,
    reason: "reason" in meaning ? meaning.reason : undefined,
    claimedby: entry.claimedBy,
    actor: entry.actor,
    address: entry.address,
    client: entry.client,
    fingerprint: entry.fingerprint === "" ? undefined : entry.fingerprint,
  } as const;
  if (event === undefined) return present(row);
  return present({
    ...row,
    repositoryname: event.repository,
    timestamp: dateOf(event.at),
    at: longOf(event.at),
    action: event.action,
    method: event.method,
    tag: event.tag,
    digest: event.digest,
    mediatype: event.mediaType,
    size: event.size,
    consumer: consumerOf(event),
    useragent: event.userAgent,
    instance: event.instance,
    ...lookupKeysOf(entry),
  });
}

function repositoryKey({ registry, repository }: Removal): string {
  return keyOf(registry, repository);
}

/** Microseconds since 1970 as a date, cut to milliseconds. */
function dateOf(micros: number | null | undefined): Date | undefined {
  return micros === undefined || micros === null ? undefined : new Date(Math.floor(micros / 1000));
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Drops what is `undefined`, which the driver would store as `null`. */
function present<T extends object>(fields: T): Present<T> {
  const entries = Object.entries(fields).filter(([_, value]) => value !== undefined);
  return Object.fromEntries(entries) as Present<T>;
}
