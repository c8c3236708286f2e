/**
 * Sums of days of all repositories, a few hundred repositories a step.
 *
 * @module
 */

import type { ClientSession, Collection, Document, Filter } from "mongodb";

import { type DaySums, type DaySumsQuery, isInRepository, isUse } from "../day_sums.ts";
import type { DayWindow, SummedMetric } from "../day_sums.ts";
import type { Cursor, Page } from "../store.ts";
import type { Database } from "./connection.ts";
import { COUNTERS, DEFAULT_REGISTRY } from "./documents.ts";
import type { RepositoryDocument } from "./documents.ts";
import { pageOf, type SortKey, sortOf } from "./paging.ts";
import { rangeOf, registryFilter } from "./repositories.ts";
import { runTransaction } from "./transaction.ts";
import { onlyRepositories } from "./unnamed.ts";
import { countOf, dateOfDay, starsOf } from "./values.ts";

/** Repositories whose days are summed up by one command. */
const STEP = 250;
const KEYS: readonly SortKey[] = [
  { field: "repositoryname", direction: 1 },
  { field: "registry", direction: 1 },
];
/** How long days and months of a step may take. */
const READ_MS = 10_000;
/** As far as dates of events go. */
const EVER: DayWindow = { from: 0, to: 1_000_000 };

/**
 * Sums up days of the repositories of a step.
 *
 * @param database Where.
 * @param query Which sums of which repositories.
 * @returns The step.
 */
export async function sumDays(database: Database, query: DaySumsQuery): Promise<Page<DaySums>> {
  const field = fieldOf(query.metric);
  const read = query.metric === "stars" ? starsOf : countOf;
  const documents = await database.collection<RepositoryDocument>("repositories")
    .find(filterOf(query) as Filter<RepositoryDocument>)
    .project<RepositoryDocument>({ registry: 1, repositoryname: 1, [field]: 1 })
    .sort(sortOf(KEYS))
    // The index of the number would find them, too, and then all of them had to be sorted.
    .hint(sortOf(KEYS))
    .limit(STEP + 1)
    .toArray();
  const page = pageOf(documents, KEYS, { limit: STEP, read: (document) => document });
  const repositories = await onlyRepositories(database, page.items);
  const items = repositories.map((document): DaySums => ({
    registry: document.registry ?? DEFAULT_REGISTRY,
    repository: document.repositoryname,
    total: read((document as Document)[field]),
    sums: query.windows.map(() => 0),
  }));
  return { ...page, items: await withDays(database, query, items) };
}

/** Stars have no days; every other number is called the same everywhere. */
function fieldOf(metric: SummedMetric): string {
  return metric === "stars" ? "numstars" : COUNTERS[metric];
}

function filterOf(query: DaySumsQuery): Document {
  const { registry, prefix = "", after } = query;
  const conditions = [
    { repositoryname: rangeOf(prefix) },
    ...(registry === undefined ? [] : [{ registry: registryFilter(registry) }]),
    ...boundsOf(query),
    { deletedat: null },
    ...(after === undefined ? [] : conditionsAfter(after)),
  ];
  return { $and: conditions };
}

function boundsOf({ metric, bounds }: DaySumsQuery): Document[] {
  if (!isInRepository(metric)) return [];
  const ways = bounds.map(({ from, atLeast }) => ({
    [fieldOf(metric)]: { $gte: atLeast },
    ...(from === null || !isUse(metric) ? {} : { lastused: { $gte: dateOfDay(from) } }),
  }));
  return [{ $or: ways }];
}

/** The first alone is a range of the index; the second leaves out what that has twice. */
function conditionsAfter([repository, registry]: Cursor): Document[] {
  const rest = registry === null ? { $ne: null } : { $gt: registry };
  return [
    { repositoryname: { $gte: repository } },
    { $or: [{ repositoryname: { $gt: repository } }, { registry: rest }] },
  ];
}

async function withDays(
  database: Database,
  query: DaySumsQuery,
  items: readonly DaySums[],
): Promise<DaySums[]> {
  const isTotalOfDays = !isInRepository(query.metric) || query.consumers !== undefined;
  const windows = isTotalOfDays ? [...query.windows, EVER] : query.windows;
  if (windows.length === 0) return [...items];
  const found: DaySums[] = [];
  for (const [registry, those] of Map.groupBy(items, (item) => item.registry)) {
    const names = those.map(({ repository }) => repository);
    const of = { registry, names, windows };
    const { days, months } = await (isTotalOfDays ? everOf : daysOf)(database, query, of);
    const none = windows.map(() => 0);
    for (const item of those) {
      const all = days.get(item.repository) ?? none;
      const ever = (all.at(-1) ?? 0) + (months.get(item.repository) ?? 0);
      const total = isTotalOfDays ? ever : item.total;
      found.push({ ...item, total, sums: all.slice(0, query.windows.length) });
    }
  }
  return found;
}

/** Some repositories of a registry. */
interface Some {
  readonly registry: string;
  readonly names: readonly string[];
  readonly windows: readonly DayWindow[];
}

/** By the name of the repository. */
interface Sums {
  /** Of each window. */
  readonly days: ReadonlyMap<string, readonly number[]>;
  readonly months: ReadonlyMap<string, number>;
}

/** At one moment, for a month that has just been added up must be seen once. */
function everOf(database: Database, query: DaySumsQuery, of: Some): Promise<Sums> {
  return runTransaction(database.client, async ({ session }) => ({
    days: await sumWindows(database.decisive("daily"), query, { ...of, session }),
    months: await sumMonths(database.decisive("monthly"), query, { ...of, session }),
  }), { deadline: Date.now() + READ_MS });
}

async function daysOf(database: Database, query: DaySumsQuery, of: Some): Promise<Sums> {
  return { days: await sumWindows(database.collection("daily"), query, of), months: new Map() };
}

/** What is summed up of the days, or months, of some repositories. */
function matchOf({ consumers }: DaySumsQuery, { registry, names }: Some): Document {
  return {
    registry,
    repositoryname: { $in: names },
    tag: null,
    ...(consumers === undefined ? {} : { consumer: consumersOf(consumers) }),
  };
}

async function sumWindows(
  daily: Collection,
  query: DaySumsQuery,
  { session, ...of }: Some & { session?: ClientSession },
): Promise<Map<string, number[]>> {
  const { windows } = of;
  const from = dateOfDay(Math.min(...windows.map((window) => window.from)));
  const to = dateOfDay(Math.max(...windows.map((window) => window.to)));
  const fields = windows.map((_, at) => `w${at}`);
  const sums = windows.map((window, at) => [fields[at], sumOf(window, fieldOf(query.metric))]);
  const found = await daily
    .aggregate<Document>([
      { $match: { ...matchOf(query, of), day: { $gte: from, $lte: to } } },
      { $group: { _id: "$repositoryname", ...Object.fromEntries(sums) } },
    ], {
      hint: { registry: 1, repositoryname: 1, tag: 1, day: 1 },
      ...(session === undefined ? {} : { session }),
    })
    .toArray();
  return new Map(
    found.map((sum) => [String(sum._id), fields.map((field) => countOf(sum[field]))]),
  );
}

async function sumMonths(
  monthly: Collection,
  query: DaySumsQuery,
  { session, ...of }: Some & { session: ClientSession },
): Promise<Map<string, number>> {
  const found = await monthly
    .aggregate<Document>([
      { $match: matchOf(query, of) },
      { $group: { _id: "$repositoryname", sum: { $sum: `$${fieldOf(query.metric)}` } } },
    ], { hint: { registry: 1, repositoryname: 1, tag: 1, month: 1 }, session })
    .toArray();
  return new Map(found.map(({ _id, sum }) => [String(_id), countOf(sum)]));
}

function consumersOf(consumers: NonNullable<DaySumsQuery["consumers"]>): Document {
  return "only" in consumers ? { $in: consumers.only } : { $nin: consumers.except };
}

function sumOf({ from, to }: DayWindow, field: string): Document {
  const isWithin = {
    $and: [{ $gte: ["$day", dateOfDay(from)] }, { $lte: ["$day", dateOfDay(to)] }],
  };
  return { $sum: { $cond: [isWithin, `$${field}`, 0] } };
}
