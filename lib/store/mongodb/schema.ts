/**
 * Collections and indexes. They exist before the store is ready: a collection that appears within a
 * transaction would make it collide with every other.
 *
 * @module
 */

import type { IndexDescription } from "mongodb";

import { AppError } from "../../errors.ts";
import type { Retention } from "../store.ts";
import type { Database } from "./connection.ts";
import { type CollectionName, META_IDS, type MetaDocument, SUFFIXES } from "./documents.ts";
import { hasCode } from "./errors.ts";

/** Of the documents; a later version of DREC that changes their shape counts on. */
const SCHEMA_VERSION = 1;

const NAMESPACE_EXISTS = 48;
const DUPLICATE_KEY = 11000;

/** The fields that the list of repositories can be sorted by, the greatest first. */
const SORT_FIELDS = [
  "numpulls",
  "numpushs",
  "numstars",
  "lastpulled",
  "lastpushed",
  "lastused",
] as const;

/** The indexes beside that on `_id`, for every query there is. */
export const INDEXES: Readonly<Partial<Record<CollectionName, readonly IndexDescription[]>>> = {
  repositories: [
    { key: { registry: 1, repositoryname: 1 }, unique: true },
    { key: { repositoryname: 1, registry: 1 } },
    ...SORT_FIELDS.flatMap((field) => [
      { key: { [field]: -1, repositoryname: 1, registry: 1 } } as const,
      { key: { registry: 1, [field]: -1, repositoryname: 1 } } as const,
    ]),
  ],
  tags: [
    { key: { registry: 1, repositoryname: 1, tag: 1 } },
    { key: { digest: 1, registry: 1, repositoryname: 1 } },
    { key: { deletedat: 1 }, sparse: true },
    { key: { usedday: 1, _id: 1 } },
    { key: { registry: 1, usedday: 1, _id: 1 } },
  ],
  manifests: [
    { key: { registry: 1, repositoryname: 1, digest: 1 } },
    { key: { "references.digest": 1, registry: 1, repositoryname: 1 } },
    { key: { deletedat: 1 }, sparse: true },
  ],
  daily: [
    { key: { registry: 1, repositoryname: 1, tag: 1, day: 1 } },
    { key: { day: 1 }, partialFilterExpression: { tag: { $exists: true } } },
    { key: { day: 1, consumer: 1 }, partialFilterExpression: { consumer: { $exists: true } } },
  ],
  monthly: [{ key: { registry: 1, repositoryname: 1, tag: 1, month: 1 } }],
  // Accounting has no namespace; only instances have been heard.
  registries: [
    { key: { namespace: 1, day: 1 } },
    { key: { namespace: 1, month: 1 } },
    { key: { day: 1 }, partialFilterExpression: { namespace: { $exists: true } } },
    {
      key: { firstat: -1, registry: 1 },
      partialFilterExpression: { firstat: { $exists: true } },
    },
    { key: { aside: 1 }, sparse: true },
  ],
  meta: [{ key: { remains: 1 }, sparse: true }],
  breakdowns: [
    { key: { registry: 1, repositoryname: 1, dimension: 1, numpulls: -1, name: 1, kind: 1 } },
  ],
  stars: [{ key: { registry: 1, repositoryname: 1, user: 1 } }],
  events: [
    {
      key: { registry: 1, repositoryname: 1, receivedat: -1, batch: -1, position: -1 },
      partialFilterExpression: { kept: true },
    },
    { key: { kept: 1, receivedat: 1 }, partialFilterExpression: { kept: true } },
    { key: { check: 1 }, sparse: true },
    { key: { fetch: 1 }, sparse: true },
    { key: { request: 1 }, sparse: true },
    { key: { blob: 1 }, sparse: true },
  ],
};

/** A TTL index takes no more. */
const MAX_TTL_S = 2_147_483_647;
const TTL_INDEX = "ttl";

/**
 * Makes the collections that are missing.
 *
 * @param database Where.
 */
export async function createCollections({ primary, nameOf }: Database): Promise<void> {
  const listed = await primary.listCollections({}, { nameOnly: true }).toArray();
  const present = new Set(listed.map(({ name }) => name));
  for (const collection of Object.keys(SUFFIXES) as CollectionName[]) {
    if (present.has(nameOf(collection))) continue;
    await primary.createCollection(nameOf(collection)).catch((error) => {
      // Another collector was faster.
      if (!hasCode(error, NAMESPACE_EXISTS)) throw error;
    });
  }
}

/**
 * Makes the indexes that are missing, and adapts those that the server drops old documents by.
 *
 * @param database Where.
 * @param retention How long they are kept.
 */
export async function createIndexes(database: Database, retention: Retention): Promise<void> {
  for (const [name, indexes] of Object.entries(INDEXES)) {
    await database.decisive(name as CollectionName).createIndexes([...indexes]);
  }
  await createTtlIndex(database, "events", retention.ids);
  await createTtlIndex(database, "quarantine", retention.quarantine);
}

async function createTtlIndex(
  { primary, nameOf, decisive }: Database,
  name: CollectionName,
  retentionMs: number,
): Promise<void> {
  const expireAfterSeconds = Math.min(Math.ceil(retentionMs / 1000), MAX_TTL_S);
  const present = (await decisive(name).indexes()).find((index) => index.name === TTL_INDEX);
  if (present === undefined) {
    await decisive(name).createIndex({ receivedat: 1 }, { name: TTL_INDEX, expireAfterSeconds });
  } else if (present.expireAfterSeconds !== expireAfterSeconds) {
    const index = { name: TTL_INDEX, expireAfterSeconds };
    await primary.command({ collMod: nameOf(name), index });
  }
}

/**
 * Notes the version of the documents; the note is also what lookups start from.
 *
 * @param database Where.
 * @throws {AppError} `unsupported` if a later DREC has been here.
 */
export async function noteVersion(database: Database): Promise<void> {
  const meta = database.decisive<MetaDocument>("meta");
  await meta.updateOne(
    { _id: META_IDS.schema },
    { $setOnInsert: { version: SCHEMA_VERSION } },
    { upsert: true },
  ).catch((error) => {
    if (!hasCode(error, DUPLICATE_KEY)) throw error;
  });
  const noted = await meta.findOne({ _id: META_IDS.schema });
  if ((noted?.version ?? SCHEMA_VERSION) <= SCHEMA_VERSION) return;
  const message = `Cannot use database "${database.name}": a later version of DREC has changed it`;
  throw new AppError("unsupported", message, { hint: "run that version, or a newer one" });
}
