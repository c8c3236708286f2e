/**
 * Adds the changes of a batch to their rows.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import { keyOf } from "../../facts.ts";
import type { AccountingWrite, BatchPlan, TagWrite } from "../../batch.ts";
import type { Change, Metric, Target } from "../../statistics.ts";
import type { Database } from "./database.ts";
import type { Names } from "./names.ts";
import { columnOf, OVERFLOW_TAG } from "./schema.ts";

/** Where writes go: a database in a transaction, and the ids of names in it. */
export interface Context {
  readonly database: Database;
  readonly names: Names;
}

type Values = Readonly<Record<string, SQLInputValue>>;

/** What happens to one row, by columns; a row that is missing is made. */
interface Upsert {
  readonly table: string;
  readonly keys: Values;
  /** Numbers to add. */
  readonly add: Values;
  /** Times: `first_…` keep the least, others the greatest. */
  readonly move: Values;
  /** Values to overwrite. */
  readonly set?: Values;
}

/**
 * Adds the changes of a batch. Where a tag points is written with its numbers: each row is
 * touched once.
 *
 * @param context Inside the transaction.
 * @param plan The batch.
 */
export function applyChanges(context: Context, { changes, tags, accounting }: BatchPlan): void {
  const states = new Map(tags.map((write) => [tagKeyOf(write), write]));
  // The days of a tag are found by its row, which comes before them.
  const tagIds = new Map<string, number>();
  for (const change of changes) {
    const { target } = change;
    const { add, move } = columnsOf(change);
    if (target.kind === "tag") {
      const key = tagKeyOf(target);
      tagIds.set(key, upsertTag(context, { target, add, move, state: states.get(key) }));
      states.delete(key);
    } else if (target.kind === "tagDay") {
      const keys = { "tag_id": tagIds.get(tagKeyOf(target)) ?? 0, day: target.day };
      upsert(context.database, { table: "tag_days", keys, add, move });
    } else upsert(context.database, { ...rowOf(context, target), add, move });
  }
  for (const write of states.values()) {
    upsertTag(context, { target: write, add: {}, move: {}, state: write });
  }
  for (const row of accounting) addAccounting(context, row);
}

/**
 * Adds to the accounting of a day.
 *
 * @param context Inside the transaction.
 * @param row What became of events.
 */
export function addAccounting({ database, names }: Context, row: AccountingWrite): void {
  const { registry, day, counted, duplicate, ignored, quarantined } = row;
  const keys = { "registry_id": names.registry(registry), day };
  const add = { counted, duplicate, ignored, quarantined };
  upsert(database, { table: "registry_days", keys, add, move: {} });
}

function tagKeyOf(
  { registry, repository, tag }: Pick<TagWrite, "registry" | "repository" | "tag">,
) {
  return keyOf(registry, repository, tag);
}

/** The metrics that a table has columns for, where that is not all that come. */
const PULLS_AND_PUSHES: ReadonlySet<string> = new Set(["pulls", "pushes"]);

function columnsOf({ target, counts, times }: Change): Pick<Upsert, "add" | "move"> {
  const isBreakdown = target.kind === "breakdown";
  const add: Record<string, number> = {};
  for (const metric of Object.keys(counts) as Metric[]) {
    if (isBreakdown && !PULLS_AND_PUSHES.has(metric)) continue;
    add[columnOf(metric)] = counts[metric] ?? 0;
  }
  const move: Record<string, number> = {};
  for (const [name, time] of Object.entries(times)) move[columnOf(name)] = time;
  return { add, move };
}

type PlainTarget = Exclude<Target, { kind: "tag" | "tagDay" }>;

function rowOf({ names }: Context, target: PlainTarget): Pick<Upsert, "table" | "keys"> {
  if (target.kind === "namespace") {
    const keys = {
      "namespace_id": names.text(target.namespace),
      day: target.day,
      "registry_id": names.registry(target.registry),
      "consumer_id": names.text(target.consumer),
    };
    return { table: "namespace_days", keys };
  }
  const id = names.repository(target.registry, target.repository);
  const of = { "repository_id": id };
  switch (target.kind) {
    case "repository":
      return { table: "repositories", keys: { id } };
    case "manifest":
      return { table: "manifests", keys: { ...of, digest: names.digest(target.digest) } };
    case "day":
      return {
        table: "days",
        keys: { ...of, day: target.day, "consumer_id": names.text(target.consumer) },
      };
    case "breakdown":
      return {
        table: "breakdowns",
        keys: { ...of, dimension: target.dimension, name: target.name },
      };
  }
}

function upsertTag(
  { database, names }: Context,
  { target, add, move, state: write }: Pick<Upsert, "add" | "move"> & {
    target: Pick<TagWrite, "registry" | "repository" | "tag">;
    state: TagWrite | undefined;
  },
): number {
  const id = names.repository(target.registry, target.repository);
  const keys = { "repository_id": id, tag: target.tag || OVERFLOW_TAG };
  const set = write === undefined ? {} : stateOf(names, write);
  return upsertReturningId(database, { table: "tags", keys, add, move, set });
}

/** The digest is named only where it is new, for it has an index. */
function stateOf(names: Names, { state, hasMoved }: TagWrite): Values {
  const seen = { "state_at": state.at, "state_id": state.id };
  if (!hasMoved) return seen;
  const digest = state.digest === undefined ? null : names.digest(state.digest);
  return { ...seen, digest, "deleted_at": state.deletedAt ?? null };
}

function upsert(database: Database, row: Upsert): void {
  database.runShaped(shapeOf(row), () => renderUpsert(row), parametersOf(row));
}

function upsertReturningId(database: Database, row: Upsert): number {
  const render = (): string => `${renderUpsert(row)} RETURNING id`;
  return Number(database.getShaped(`${shapeOf(row)} id`, render, parametersOf(row))?.id);
}

/** Names the statement: there are few, for what a batch adds to a row varies little. */
function shapeOf({ table, add, move, set = {} }: Upsert): string {
  return `${table} ${Object.keys(add).join()} ${Object.keys(move).join()} ${
    Object.keys(set).join()
  }`;
}

function parametersOf({ keys, add, move, set = {} }: Upsert): SQLInputValue[] {
  return [
    ...Object.values(keys),
    ...Object.values(add),
    ...Object.values(move),
    ...Object.values(set),
  ];
}

/**
 * The statement of an upsert. Only the columns that change are named, because SQLite touches the
 * index of each column that is.
 */
function renderUpsert(row: Upsert): string {
  const keys = Object.keys(row.keys);
  const columns = [...keys, ...[row.add, row.move, row.set ?? {}].flatMap(Object.keys)];
  // A repository's row exists, for its id was asked for.
  if (row.table === "repositories") {
    const valueOf = (column: string): string => `?${columns.indexOf(column) + 1}`;
    return `UPDATE repositories SET ${updatesOf(row, valueOf).join(", ")} WHERE id = ?1`;
  }
  const updates = updatesOf(row, (column) => `excluded.${column}`);
  // An update of nothing, unlike DO NOTHING, still returns the row.
  const [first = ""] = keys;
  const doing = updates.length === 0 ? `${first} = ${first}` : updates.join(", ");
  return `INSERT INTO ${row.table} (${columns.join(", ")})
    VALUES (${columns.map(() => "?").join(", ")})
    ON CONFLICT (${keys.join(", ")}) DO UPDATE SET ${doing}`;
}

function updatesOf({ add, move, set = {} }: Upsert, valueOf: (column: string) => string): string[] {
  const moved = Object.keys(move).map((column) => {
    const pick = column.startsWith("first_") ? "min" : "max";
    return `${column} = ${pick}(ifnull(${column}, ${valueOf(column)}), ${valueOf(column)})`;
  });
  return [
    ...Object.keys(add).map((column) => `${column} = ${column} + ${valueOf(column)}`),
    ...moved,
    ...Object.keys(set).map((column) => `${column} = ${valueOf(column)}`),
  ];
}
