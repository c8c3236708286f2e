/**
 * What a list of unused things says of each.
 *
 * @module
 */

import type { Document } from "mongodb";

import { DAY_MS } from "../../calendar.ts";
import { keyOf } from "../../facts.ts";
import {
  MAX_NESTING,
  MAX_PROTECTORS,
  MAX_SIZED_REFERENCES,
  type Protector,
  type UnusedItem,
} from "../unused.ts";
import type { Database } from "./connection.ts";
import type { BreakdownDocument, DayDocument, ManifestDocument, TagDocument } from "./documents.ts";
import { findManifest } from "./manifests.ts";
import { countOf } from "./values.ts";

/** Items that are described at the same time. */
const STEP = 20;
/** Indexes that are looked at above a manifest. */
const MAX_ABOVE = 1000;
/** What `isChildType()` of an index's reference says no to. */
const LAYER_TYPE = { $exists: true, $not: { $regex: "manifest|index" } };
const USES = ["numpulls", "numchildpulls", "numchecks", "numpushs", "numdigestpushs"] as const;

async function describeAll(
  items: readonly UnusedItem[],
  describe: (item: UnusedItem) => Promise<UnusedItem>,
): Promise<UnusedItem[]> {
  const described: UnusedItem[] = [];
  for (let from = 0; from < items.length; from += STEP) {
    described.push(...await Promise.all(items.slice(from, from + STEP).map(describe)));
  }
  return described;
}

/** @returns The repositories with size and last consumer. */
export function describeRepositories(
  database: Database,
  items: readonly UnusedItem[],
): Promise<UnusedItem[]> {
  return describeAll(items, async (item) => {
    const { registry, repository: repositoryname } = item;
    const [last] = await database.collection<BreakdownDocument>("breakdowns")
      .find({ registry, repositoryname, dimension: "consumer" })
      .sort({ lastseen: -1, name: 1 })
      .limit(1)
      .toArray();
    const size = await sizeOfRepository(database, { registry, repositoryname });
    return { ...item, size, lastConsumer: last?.name ?? null };
  });
}

/** Different layers and configurations, each once. */
async function sizeOfRepository(database: Database, of: Document): Promise<number | null> {
  const rows = await database.collection<ManifestDocument>("manifests")
    .aggregate<{ _id: string; size: unknown; parts: number }>([
      { $match: of },
      { $unwind: "$references" },
      { $match: { $or: [{ isindex: false }, { "references.mediatype": LAYER_TYPE }] } },
      { $limit: MAX_SIZED_REFERENCES + 1 },
      {
        $group: {
          _id: "$references.digest",
          size: { $max: "$references.size" },
          parts: { $sum: 1 },
        },
      },
    ])
    .toArray();
  const parts = rows.reduce((sum, row) => sum + countOf(row.parts), 0);
  const sizes = rows.flatMap(({ size }) =>
    size === null || size === undefined ? [] : countOf(size)
  );
  if (parts > MAX_SIZED_REFERENCES || sizes.length === 0) return null;
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** @returns The tags with size, last consumer and protectors. */
export function describeTags(
  database: Database,
  items: readonly UnusedItem[],
  before: number,
): Promise<UnusedItem[]> {
  return describeAll(items, async (item) => {
    const [size, lastConsumer, protectedBy] = await Promise.all([
      sizeOf(database, item),
      consumerOfDay(database, item),
      protectorsOf(database, item, before),
    ]);
    return { ...item, size, lastConsumer, protectedBy };
  });
}

async function sizeOf(database: Database, item: UnusedItem): Promise<number | null> {
  if (item.digest === null) return null;
  return (await findManifest(database, item, item.digest))?.size ?? null;
}

/** Consumers are kept by day: where only one used the repository on that day, it was that one. */
async function consumerOfDay(
  database: Database,
  { registry, repository, lastUsed }: UnusedItem,
): Promise<string | null> {
  const day = new Date(Math.floor((lastUsed ?? 0) / DAY_MS) * DAY_MS);
  const days = await database.collection<DayDocument>("daily")
    .find({ registry, repositoryname: repository, tag: null, day } as Document)
    .toArray();
  const users = days.filter((row) => USES.some((use) => countOf(row[use]) > 0));
  return users.length === 1 ? users[0]?.consumer ?? null : null;
}

async function protectorsOf(
  database: Database,
  { registry, repository, tag, digest }: UnusedItem,
  before: number,
): Promise<Protector[]> {
  if (digest === null) return [];
  const of = { registry, repositoryname: repository };
  const since = new Date(before);
  const tags = await usedTags(database, { ...of, digest }, since);
  const above = await indexesAbove(database, of, digest);
  const indexes = await usedIndexes(database, { of, since, above });
  const others = tags.map((row) => row.tag).filter((name) => name !== tag).sort();
  return [
    ...others.slice(0, MAX_PROTECTORS).map((tag) => ({ tag })),
    ...indexes.slice(0, MAX_PROTECTORS).map((digest) => ({ digest })),
  ];
}

async function usedTags(
  database: Database,
  filter: Document,
  since: Date,
): Promise<TagDocument[]> {
  const tags = await database.collection<TagDocument>("tags")
    .find(filter)
    .limit(MAX_ABOVE)
    .toArray();
  return tags.filter(({ lastused, deletedat }) =>
    deletedat === undefined && lastused !== undefined && lastused >= since
  );
}

/** Indexes that a digest belongs to, however deep. */
async function indexesAbove(
  database: Database,
  of: Document,
  digest: string,
): Promise<string[]> {
  const above = new Set<string>();
  let level = [digest];
  for (let depth = 0; depth < MAX_NESTING && level.length > 0; depth++) {
    const parents = await database.collection<ManifestDocument>("manifests")
      .find({ ...of, "references.digest": { $in: level } })
      .project<Pick<ManifestDocument, "digest" | "isindex">>({ digest: 1, isindex: 1 })
      .limit(MAX_ABOVE)
      .toArray();
    level = parents
      .filter((parent) => parent.isindex && !above.has(parent.digest))
      .map((parent) => parent.digest);
    for (const parent of level) above.add(parent);
  }
  return [...above];
}

async function usedIndexes(
  database: Database,
  { of, since, above }: { of: Document; since: Date; above: readonly string[] },
): Promise<string[]> {
  if (above.length === 0) return [];
  const ids = above.map((digest) => keyOf(of.registry, of.repositoryname, digest));
  const [manifests, tags] = await Promise.all([
    database.collection<ManifestDocument>("manifests").find({ _id: { $in: ids } }).toArray(),
    usedTags(database, { ...of, digest: { $in: above } }, since),
  ]);
  const tagged = new Set(tags.map(({ digest }) => digest));
  const isUsed = ({ digest, lastused, deletedat }: ManifestDocument): boolean => {
    if (deletedat !== undefined && (lastused === undefined || deletedat >= lastused)) return false;
    return tagged.has(digest) || (lastused !== undefined && lastused >= since);
  };
  return manifests.filter(isUsed).map(({ digest }) => digest).sort();
}
