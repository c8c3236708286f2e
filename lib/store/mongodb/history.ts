/**
 * Reading numbers over time: of a repository, a tag, a namespace.
 *
 * Days and months are read in one transaction, for a month that has just been added up must be seen
 * once: as days or as a month.
 *
 * @module
 */

import type { ClientSession, Document } from "mongodb";

import { DAY_MS, monthAfter, monthOf } from "../../calendar.ts";
import { EVERYTHING } from "../../namespace.ts";
import { type Metric, METRICS } from "../../statistics.ts";
import type {
  Census,
  CensusQuery,
  ConsumerFilter,
  DayValue,
  History,
  HistoryQuery,
  NamespaceRef,
  TotalsQuery,
} from "../history.ts";
import type { Database } from "./connection.ts";
import { type CollectionName, COUNTERS, type RepositoryDocument } from "./documents.ts";
import { rangeOf, registryFilter } from "./repositories.ts";
import { runTransaction } from "./transaction.ts";
import { countOf, dateOfDay, timeOf } from "./values.ts";

const READ_MS = 10_000;
/** The consumer of all that no rule fits. */
const OTHER = "other";

/** Whose documents, and where. */
interface Documents {
  readonly days: CollectionName;
  readonly months: CollectionName;
  readonly filter: Document;
}

/** @returns A number over time. */
export function history(database: Database, query: HistoryQuery): Promise<History> {
  const { metric, from, to } = query;
  const { days: daily, months: monthly, filter } = documentsOf(query);
  return runTransaction(database.client, async ({ session }) => {
    const read = (collection: CollectionName, time: string, first: number) =>
      readValues(database, session, {
        collection,
        filter: { ...filter, [time]: { $gte: dateOfDay(first), $lte: dateOfDay(to) } },
        time,
        metric,
      });
    const days = await read(daily, "day", from);
    const months = await read(monthly, "month", monthOf(from));
    if (months.length === 0) return { days, months, byDayFrom: null };
    const last = await database.decisive(monthly)
      .find({ ...filter, month: { $exists: true } }, { session })
      .sort({ month: -1 })
      .limit(1)
      .toArray();
    const month = dayOfDate(last[0]?.month ?? new Date(0));
    return { days, months, byDayFrom: monthAfter(month) };
  }, { deadline: Date.now() + READ_MS });
}

async function readValues(
  database: Database,
  session: ClientSession,
  { collection, filter, time, metric }: {
    collection: CollectionName;
    filter: Document;
    time: string;
    metric: Metric;
  },
): Promise<DayValue[]> {
  const values = await database.decisive(collection)
    .aggregate<{ _id: Date; value: unknown }>([
      { $match: filter },
      { $group: { _id: `$${time}`, value: { $sum: `$${COUNTERS[metric]}` } } },
      { $match: { value: { $gt: 0 } } },
      { $sort: { _id: 1 } },
    ], { session })
    .toArray();
  return values.map(({ _id, value }) => ({ day: dayOfDate(_id), value: countOf(value) }));
}

function documentsOf({ of, consumers }: Pick<HistoryQuery, "of" | "consumers">): Documents {
  if ("namespace" in of) {
    const filter = { ...namespaceFilter(of), ...consumerFilter(consumers) };
    return { days: "registries", months: "registries", filter };
  }
  const { registry, repository: repositoryname } = of;
  const tag = "tag" in of ? of.tag : null;
  const filter = { registry, repositoryname, tag, ...consumerFilter(consumers) };
  return { days: "daily", months: "monthly", filter };
}

/** Until namespaces had documents of their own, all of a registry was in its accounting. */
function namespaceFilter({ namespace, registry }: NamespaceRef): Document {
  return {
    namespace: namespace === EVERYTHING ? { $in: [namespace, null] } : namespace,
    ...(registry === undefined ? {} : { registry }),
  };
}

/** Those old numbers have no consumer, and count for `other`. */
function consumerFilter(consumers?: ConsumerFilter): Document {
  if (consumers === undefined) return {};
  const names = "only" in consumers ? consumers.only : consumers.except;
  const listed = names.includes(OTHER) ? [...names, null] : [...names];
  return { consumer: "only" in consumers ? { $in: listed } : { $nin: listed } };
}

/** @returns All numbers of a namespace. */
export async function totals(
  database: Database,
  { of, from, to }: TotalsQuery,
): Promise<Record<Metric, number>> {
  const range = { $gte: dateOfDay(from), $lte: dateOfDay(to) };
  const filter = namespaceFilter(of);
  const sums = METRICS.map((metric) => [metric, { $sum: `$${COUNTERS[metric]}` }]);
  const parts = await runTransaction(
    database.client,
    async ({ session }) => {
      const read = (time: string) =>
        database.decisive("registries").aggregate<Document>([
          { $match: { ...filter, [time]: range } },
          { $group: { _id: null, ...Object.fromEntries(sums) } },
        ], { session }).toArray();
      return [...await read("day"), ...await read("month")];
    },
    { deadline: Date.now() + READ_MS },
  );
  const totalOf = (metric: Metric): number =>
    parts.reduce((sum, part) => sum + countOf(part[metric]), 0);
  return Object.fromEntries(METRICS.map((metric) => [metric, totalOf(metric)])) as Record<
    Metric,
    number
  >;
}

/** @returns How many repositories there are in one part of their names. */
export async function census(
  database: Database,
  { of: { namespace, registry }, limit, after }: CensusQuery,
): Promise<Census> {
  const within: Document = namespace === EVERYTHING ? {} : rangeOf(namespace);
  const { $gte, ...end } = within;
  const begin = after === undefined ? { $gte: $gte ?? "" } : { $gt: after };
  const ofRegistry = registry === undefined ? {} : { registry: registryFilter(registry) };
  const repositories = database.collection<RepositoryDocument>("repositories");
  const [last] = await repositories.aggregate<{ repositoryname: string }>([
    { $match: { repositoryname: { ...begin, ...end } } },
    { $sort: { repositoryname: 1, registry: 1 } },
    { $skip: limit - 1 },
    { $limit: 1 },
    { $project: { repositoryname: 1 } },
  ]).toArray();
  // A name that several registries have is in one part.
  const part = last === undefined ? { ...begin, ...end } : { ...begin, $lte: last.repositoryname };
  const [sum] = await repositories.aggregate<Document>([
    { $match: { repositoryname: part, ...ofRegistry } },
    {
      $group: {
        _id: null,
        repositories: { $sum: 1 },
        tags: { $sum: "$numtags" },
        lastused: { $max: "$lastused" },
      },
    },
  ]).toArray();
  return {
    repositories: countOf(sum?.repositories),
    tags: countOf(sum?.tags),
    lastUsed: timeOf(sum?.lastused ?? undefined),
    next: last?.repositoryname ?? null,
  };
}

function dayOfDate(date: Date): number {
  return date.getTime() / DAY_MS;
}
