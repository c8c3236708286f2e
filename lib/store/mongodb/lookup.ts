/**
 * What a batch must know of the past, looked up in one round trip: a chain of `$lookup` that starts
 * at the one document which is always there. (`$unionWith` is not allowed in a transaction.)
 *
 * @module
 */

import type { ClientSession, Document, Filter } from "mongodb";

import { keyOf, type Named, type Questions } from "../../facts.ts";
import { type Candidate, MAX_TAGS } from "../../batch.ts";
import type { Database } from "./connection.ts";
import {
  type CollectionName,
  DEFAULT_REGISTRY,
  META_IDS,
  type MetaDocument,
  tombstoneId,
} from "./documents.ts";
import { spanKeys } from "./keys.ts";
import { countOf } from "./values.ts";

/** Documents of a collection whose field has one of the values, and what to make of them. */
interface Ask {
  readonly from: CollectionName;
  readonly field: string;
  readonly values: readonly string[];
  readonly pipeline: readonly Document[];
}

/** What can be asked. */
export type AskName =
  | "log"
  | "repositories"
  | "tombstones"
  | "tags"
  | "tagsOfDigests"
  | "manifests"
  | "parts"
  | "blobs"
  | "checks"
  | "requests"
  | "fetches"
  | "accounts";

/** The documents found, by what was asked; `undefined` where nothing was. */
export type Found = Partial<Record<AskName, Document[]>>;

/** What is to be looked up. */
export interface Asked {
  readonly candidates: readonly Candidate[];
  readonly questions: Questions;
  /** Documents of the accounting, to see which batch they hold. */
  readonly accounts: readonly string[];
}

/**
 * Looks up what a batch must know.
 *
 * @param database Where.
 * @param session The transaction.
 * @param asked What is to be looked up.
 * @returns The documents found.
 */
export async function lookUp(
  database: Database,
  session: ClientSession,
  asked: Asked,
): Promise<Found> {
  const asks = Object.entries(asksOf(asked))
    .filter(([_, ask]) => ask.values.length > 0);
  if (database.canJoinInTransaction) return await lookUpAtOnce(database, session, asks);
  const found = await lookUpInTurn(database, session, asks);
  const ids = tagsOfChecks(found, asked.questions.tags.size);
  if (ids.length === 0) return found;
  const more = await answer(database, session, ask("tags", "_id", ids, [{ $project: TAG_STATE }]));
  return { ...found, tags: [...found.tags ?? [], ...more] };
}

/**
 * At the bound of tags, whether a checked tag has a row of its own decides where a pull counts. The
 * batch itself may reach the bound.
 */
function tagsOfChecks({ repositories = [], checks = [] }: Found, newTags: number): string[] {
  const full = repositories.filter(({ numtagrows }) => countOf(numtagrows) + newTags >= MAX_TAGS);
  const keys = new Set(full.map((document) => keyIn(document, "")));
  return checks.filter((check) => keys.has(keyIn(check, "")))
    .map((check) => keyIn(check, check.tag));
}

async function lookUpInTurn(
  database: Database,
  session: ClientSession,
  asks: readonly [string, Ask][],
): Promise<Found> {
  const found: Found = {};
  for (const [name, ask] of asks) found[name as AskName] = await answer(database, session, ask);
  return found;
}

function answer(
  database: Database,
  session: ClientSession,
  { from, field, values, pipeline }: Ask,
): Promise<Document[]> {
  const filter: Filter<Document> = { [field]: { $in: values } };
  return aggregate(database, from, { session, pipeline: [{ $match: filter }, ...pipeline] });
}

async function lookUpAtOnce(
  database: Database,
  session: ClientSession,
  asks: readonly [string, Ask][],
): Promise<Found> {
  const values = asks.map(([name, ask]) => [name, { $literal: ask.values }]);
  const filter: Filter<MetaDocument> = { _id: META_IDS.schema };
  const pipeline = [
    { $match: filter },
    { $project: { _id: 1, ...Object.fromEntries(values) } },
    ...asks.map(([name, { from, field, pipeline }]) => ({
      $lookup: {
        from: database.nameOf(from),
        localField: name,
        foreignField: field,
        pipeline: name === "checks" ? [...pipeline, ...tagOfCheck(database)] : pipeline,
        as: name,
      },
    })),
  ];
  const [found] = await aggregate(database, "meta", { session, pipeline });
  // Without that document every event would look new.
  if (found === undefined) throw new Error("the schema version is missing");
  const tagsOfChecks = (found.checks ?? []).flatMap((check: Document) => check.tagrow ?? []);
  return { ...found, tags: [...found.tags ?? [], ...tagsOfChecks] };
}

function aggregate(
  database: Database,
  from: CollectionName,
  { session, pipeline }: { session: ClientSession; pipeline: Document[] },
): Promise<Document[]> {
  const options = { session, readPreference: "primary", batchSize: 100_000 } as const;
  return database.collection(from).aggregate(pipeline, options).toArray();
}

function asksOf({ candidates, questions, accounts }: Asked): Record<AskName, Ask> {
  const { repositories, tags, manifests, parts, deleted, actors, checks } = questions;
  const digests = digestsOf(parts);
  const actorNames = unique([...actors.values()].map(({ name }) => name));
  return {
    log: ask("events", "_id", candidates.map(({ key }) => key), [{
      $project: { batch: 1, outcome: 1 },
    }]),
    repositories: ask(
      "repositories",
      "repositoryname",
      [...repositories.values()].map(({ repository }) => repository),
      [{ $project: stateOfRepository(actorNames) }],
    ),
    tombstones: ask("meta", "_id", [...repositories.values()].map(tombstoneId), [
      { $project: { at: 1, remains: 1 } },
    ]),
    tags: ask("tags", "_id", [...tags.keys()], [{ $project: TAG_STATE }]),
    tagsOfDigests: ask("tags", "digest", digestsOf(deleted), [
      { $match: { ...withinOf(deleted), deletedat: { $exists: false } } },
      { $project: TAG_STATE },
    ]),
    manifests: ask("manifests", "_id", [...manifests.keys()], [
      { $project: { kind: 1, hasreferences: 1, mediatype: 1 } },
    ]),
    parts: ask("manifests", "references.digest", digests, [
      { $match: withinOf(parts) },
      { $unwind: "$references" },
      { $match: { "references.digest": { $in: digests } } },
      {
        $project: {
          _id: 0,
          ...{ registry: 1, repositoryname: 1, isindex: 1 },
          digest: "$references.digest",
          mediatype: "$references.mediatype",
        },
      },
    ]),
    blobs: ask("events", "blob", [...deleted.keys()], [
      { $group: { _id: "$blob", at: { $max: "$at" } } },
    ]),
    checks: ask("events", "check", checks.flatMap(spanKeys), [
      { $match: { claimedby: { $exists: false } } },
      { $project: { ...DEED, digest: 1, tag: 1 } },
    ]),
    requests: ask("events", "request", [...questions.requests.keys()], [
      { $project: { request: 1, at: 1 } },
    ]),
    fetches: ask("events", "fetch", questions.indexFetches.flatMap(spanKeys), [
      { $project: DEED },
    ]),
    accounts: ask("registries", "_id", accounts, [{ $project: { batch: 1 } }]),
  };
}

function ask(
  from: CollectionName,
  field: string,
  values: readonly string[],
  pipeline: Document[],
): Ask {
  return { from, field, values: unique(values), pipeline };
}

const TAG_STATE = { registry: 1, repositoryname: 1, tag: 1, digest: 1, deletedat: 1, at: 1, id: 1 };
const DEED = { registry: 1, repositoryname: 1, fingerprint: 1, at: 1 };

/** At the bound of tags, whether a checked tag has a row of its own decides where a pull counts. */
function tagOfCheck(database: Database): Document[] {
  const id = { $concat: ["$registry", "\n", "$repositoryname", "\n", "$tag"] };
  return [{ $set: { tagid: id } }, {
    $lookup: {
      from: database.nameOf("tags"),
      localField: "tagid",
      foreignField: "_id",
      pipeline: [{ $project: TAG_STATE }],
      as: "tagrow",
    },
  }];
}

/** Of up to 1,000 actors, only how many there are and which of the batch's are among them. */
function stateOfRepository(actorNames: readonly string[]): Document {
  const actors = { $cond: [{ $isArray: "$actors" }, "$actors", []] };
  const isAsked = { $in: ["$$actor", { $literal: actorNames }] };
  return {
    ...{
      registry: 1,
      repositoryname: 1,
      deletedat: 1,
      deletedmicros: 1,
      lastpushed: 1,
      numtagrows: 1,
    },
    actorcount: { $size: actors },
    actors: { $filter: { input: actors, as: "actor", cond: isAsked } },
  };
}

function digestsOf(named: ReadonlyMap<string, Named>): string[] {
  return unique([...named.values()].map(({ name }) => name));
}

/** A digest may be in any number of repositories: what matters is those of the batch. */
function withinOf(named: ReadonlyMap<string, Named>): Document {
  const of = [...named.values()];
  return {
    registry: { $in: unique(of.map(({ registry }) => registry)) },
    repositoryname: { $in: unique(of.map(({ repository }) => repository)) },
  };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}

/**
 * Names the row of a tag, a manifest or a digest.
 *
 * @param document Any document of a repository.
 * @param name What it is called there.
 * @returns The key that questions and answers use.
 */
export function keyIn(document: Document, name: string): string {
  const { registry = DEFAULT_REGISTRY, repositoryname } = document;
  return keyOf(registry, repositoryname, name);
}
