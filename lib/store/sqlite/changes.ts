/**
 * Adds the changes of a batch to their rows.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import { keyOf } from "../../facts.ts";
import type { AccountingWrite, BatchPlan, TagWrite } from "../../batch.ts";
import type { Change, Target } from "../../statistics.ts";
import type { Database } from "./database.ts";
import type { EventIds } from "./event_ids.ts";
import type { Names } from "./names.ts";
import { OVERFLOW_TAG } from "./schema.ts";
import { type Upsert, Upserts, type UpsertTable } from "./upserts.ts";

/** Where writes go: a database in a transaction, and the ids of names and events in it. */
export interface Context {
  readonly database: Database;
  readonly names: Names;
  readonly ids: EventIds;
}

const REPOSITORIES: UpsertTable = { name: "repositories", keys: ["id"], isComplete: true };
const TAGS: UpsertTable = { name: "tags", keys: ["repository_id", "tag"] };
const MANIFESTS: UpsertTable = { name: "manifests", keys: ["repository_id", "digest"] };
const DAYS: UpsertTable = { name: "days", keys: ["repository_id", "day", "consumer_id"] };
const TAG_DAYS: UpsertTable = { name: "tag_days", keys: ["tag_id", "day"] };
const NAMESPACE_DAYS: UpsertTable = {
  name: "namespace_days",
  keys: ["namespace_id", "day", "registry_id", "consumer_id"],
};
const REGISTRY_DAYS: UpsertTable = { name: "registry_days", keys: ["registry_id", "day"] };
const BREAKDOWNS: UpsertTable = {
  name: "breakdowns",
  keys: ["repository_id", "dimension", "name"],
  metrics: new Set(["pulls", "pushes"]),
};

/**
 * Adds the changes of a batch. Where a tag points is written with its numbers: each row is
 * touched once.
 *
 * @param context Inside the transaction.
 * @param plan The batch.
 */
export function applyChanges(context: Context, { changes, tags, accounting }: BatchPlan): void {
  const states = new Map(tags.map((write) => [tagKeyOf(write), write]));
  const ofTags = new Upserts(["repository_id", "tag", "id"]);
  const others = new Upserts();
  const tagDays: Change[] = [];
  for (const change of changes) {
    const { target, counts, times } = change;
    if (target.kind === "tagDay") tagDays.push(change);
    else if (target.kind === "tag") {
      const key = tagKeyOf(target);
      ofTags.put({ ...rowOfTag(context, target, states.get(key)), counts, times });
      states.delete(key);
    } else others.put({ ...rowOf(context, target), counts, times });
  }
  for (const write of states.values()) ofTags.put(rowOfTag(context, write, write));
  for (const row of accounting) others.put(rowOfDay(context, row));
  putTagDays(context, { tagDays, ofTags, into: others });
  others.run(context.database);
}

/**
 * Adds to the accounting of a day.
 *
 * @param context Inside the transaction.
 * @param row What became of events.
 */
export function addAccounting(context: Context, row: AccountingWrite): void {
  const upserts = new Upserts();
  upserts.put(rowOfDay(context, row));
  upserts.run(context.database);
}

/** The days of a tag are found by its row, which is written first. */
function putTagDays(
  { database, names }: Context,
  { tagDays, ofTags, into }: { tagDays: readonly Change[]; ofTags: Upserts; into: Upserts },
): void {
  const ids = new Map(
    ofTags.runReturning(database).map((row) => [`${row.repository_id} ${row.tag}`, Number(row.id)]),
  );
  for (const { target, counts } of tagDays) {
    if (target.kind !== "tagDay") continue;
    const repositoryId = names.repository(target.registry, target.repository);
    const id = ids.get(`${repositoryId} ${target.tag || OVERFLOW_TAG}`) ?? 0;
    into.put({ table: TAG_DAYS, key: [id, target.day], counts });
  }
}

function tagKeyOf(
  { registry, repository, tag }: Pick<TagWrite, "registry" | "repository" | "tag">,
): string {
  return keyOf(registry, repository, tag);
}

type PlainTarget = Exclude<Target, { kind: "tag" | "tagDay" }>;
type Key = Pick<Upsert, "table" | "key">;

function rowOf({ names }: Context, target: PlainTarget): Key {
  if (target.kind === "namespace") {
    const { namespace, day, registry, consumer } = target;
    const key = [names.text(namespace), day, names.registry(registry), names.text(consumer)];
    return { table: NAMESPACE_DAYS, key };
  }
  const id = names.repository(target.registry, target.repository);
  switch (target.kind) {
    case "repository":
      return { table: REPOSITORIES, key: [id] };
    case "manifest":
      return { table: MANIFESTS, key: [id, names.digest(target.digest)] };
    case "day":
      return { table: DAYS, key: [id, target.day, names.text(target.consumer)] };
    case "breakdown":
      return { table: BREAKDOWNS, key: [id, target.dimension, target.name] };
  }
}

function rowOfTag(
  { names }: Context,
  { registry, repository, tag }: Pick<TagWrite, "registry" | "repository" | "tag">,
  write: TagWrite | undefined,
): Upsert {
  const key = [names.repository(registry, repository), tag || OVERFLOW_TAG];
  return { table: TAGS, key, set: write === undefined ? {} : stateOf(names, write) };
}

/** The digest is named only where it is new, for it has an index. */
function stateOf(names: Names, { state, hasMoved }: TagWrite): Record<string, SQLInputValue> {
  const seen = { "state_at": state.at, "state_id": state.id };
  if (!hasMoved) return seen;
  const digest = state.digest === undefined ? null : names.digest(state.digest);
  return { ...seen, digest, "deleted_at": state.deletedAt ?? null };
}

function rowOfDay({ names }: Context, row: AccountingWrite): Upsert {
  const { registry, day, counted, duplicate, ignored, quarantined } = row;
  const counts = { counted, duplicate, ignored, quarantined };
  return { table: REGISTRY_DAYS, key: [names.registry(registry), day], counts };
}
