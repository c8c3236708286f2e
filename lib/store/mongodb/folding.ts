/**
 * Adds days up to months when all of a month is older than days are kept. A step moves what it adds
 * up in one transaction: collectors that fold at the same time collide and one tries again, and so
 * does an event that is late for such a day.
 *
 * @module
 */

import type { Document, Long } from "mongodb";

import { DAY_MS, dayOfTime, monthOf } from "../../calendar.ts";
import { keyOf } from "../../facts.ts";
import type { Retention } from "../store.ts";
import type { Database } from "./connection.ts";
import { type CollectionName, COUNTERS, type DayDocument } from "./documents.ts";
import { runTransaction } from "./transaction.ts";
import { countOf, dateOfDay, longOf } from "./values.ts";

/** Documents of days that one step moves. */
const STEP = 500;
const TRANSACTION_MS = 10_000;

/**
 * Counts of a namespace, registry and consumer: on a day by one collector, or in a month by all.
 * They are beside the accounting, whose documents have no namespace.
 */
interface NamespaceDocument {
  readonly _id: string;
  readonly registry: string;
  /** A directory with its `/`, or `""` for the whole registry. */
  readonly namespace: string;
  readonly consumer: string;
  readonly day?: Date;
  readonly collector?: string;
  /** Its first day. */
  readonly month?: Date;
}

/** Where days come from, where they go to, and what tells the months apart. */
interface Fold {
  readonly days: CollectionName;
  readonly months: CollectionName;
  readonly filter: Document;
  /** The shard key of a month. */
  readonly of: (day: Document) => Document;
  /** What else a month has, and its `_id`, which is made of what precedes the month and follows. */
  readonly identity: (day: Document) => Document;
}

const ofRepository = ({ registry, repositoryname }: Document): Document => ({
  registry,
  repositoryname,
});

const TAGS: Fold = {
  days: "daily",
  months: "monthly",
  filter: { tag: { $exists: true } },
  of: ofRepository,
  identity: ({ tag }) => ({ tag }),
};
const CONSUMERS: Fold = {
  days: "daily",
  months: "monthly",
  filter: { consumer: { $exists: true } },
  of: ofRepository,
  identity: ({ consumer }) => ({ consumer }),
};
const NAMESPACES: Fold = {
  days: "registries",
  months: "registries",
  filter: { namespace: { $exists: true } },
  of: ({ registry }) => ({ registry }),
  identity: ({ namespace, consumer }) => ({ namespace, consumer }),
};

/**
 * Adds up a step of the days of tags.
 *
 * @param database Where.
 * @param retention How long days are kept.
 * @param now Milliseconds since 1970.
 * @returns True while there is more.
 */
export function foldTagDays(
  database: Database,
  { tagDays }: Retention,
  now: number,
): Promise<boolean> {
  return fold(database, TAGS, monthOf(dayOfTime(now - tagDays)));
}

/**
 * Adds up a step of the days of repositories. See {@linkcode foldTagDays}.
 */
export function foldDays(database: Database, { days }: Retention, now: number): Promise<boolean> {
  return fold(database, CONSUMERS, monthOf(dayOfTime(now - days)));
}

/**
 * Adds up a step of the days of namespaces. See {@linkcode foldTagDays}.
 */
export function foldNamespaceDays(
  database: Database,
  { days }: Retention,
  now: number,
): Promise<boolean> {
  return fold(database, NAMESPACES, monthOf(dayOfTime(now - days)));
}

function fold(database: Database, what: Fold, before: number): Promise<boolean> {
  const filter = { ...what.filter, day: { $lt: dateOfDay(before) } };
  return runTransaction(database.client, async ({ session }) => {
    const days = await database.decisive<DayDocument | NamespaceDocument>(what.days)
      .find(filter, { session })
      .sort({ day: 1 })
      .limit(STEP)
      .toArray();
    if (days.length === 0) return false;
    const months = Map.groupBy(days, (day) => idOfMonth(what, day));
    const upserts = [...months].map(([id, ofMonth]) => upsertOf(what, id, ofMonth));
    await database.decisive<Document & { _id: string }>(what.months)
      .bulkWrite(upserts, { session });
    await database.decisive<Document & { _id: string }>(what.days)
      .deleteMany({ _id: { $in: days.map(({ _id }) => _id) } }, { session });
    return days.length === STEP;
  }, { deadline: Date.now() + TRANSACTION_MS });
}

/** No day's `_id` has a month without its day. */
function idOfMonth({ of, identity }: Fold, day: Document): string {
  const parts = Object.entries(identity(day)).flat().map(String);
  return keyOf(...Object.values(of(day)).map(String), textOfMonth(day.day), ...parts);
}

function textOfMonth(date: Date): string {
  return date.toISOString().slice(0, 7);
}

function upsertOf({ of, identity }: Fold, id: string, days: readonly Document[]) {
  const [first = {}] = days;
  const month = dateOfDay(monthOf(first.day.getTime() / DAY_MS));
  const sums = Object.values(COUNTERS)
    .map((field): [string, number] => [field, sumOf(days, field)])
    .filter(([, sum]) => sum > 0)
    .map(([field, sum]): [string, Long] => [field, longOf(sum)]);
  return {
    updateOne: {
      filter: { _id: id, ...of(first) },
      update: {
        $setOnInsert: { ...identity(first), month },
        ...(sums.length === 0 ? {} : { $inc: Object.fromEntries(sums) }),
      },
      upsert: true,
    },
  };
}

function sumOf(days: readonly Document[], field: string): number {
  return days.reduce((sum, day) => sum + countOf(day[field]), 0);
}
