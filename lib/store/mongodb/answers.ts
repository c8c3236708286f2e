/**
 * From the documents that a lookup found to the answers that mapping needs.
 *
 * @module
 */

import type { Document, ObjectId } from "mongodb";

import { addTo, type Answers, createAnswers, keyOf, type TagState } from "../../facts.ts";
import type { Candidate, Outcome } from "../../batch.ts";
import { isChildType } from "../../event.ts";
import { DEFAULT_REGISTRY } from "./documents.ts";
import { type Found, keyIn } from "./lookup.ts";
import { isUnnamed, preferNamed } from "./unnamed.ts";
import { countOf } from "./values.ts";

/** What a batch knows of the past. */
export interface Knowledge {
  /** Ids that the log has already. */
  readonly duplicates: ReadonlySet<string>;
  readonly answers: Answers;
  /** Repositories ({@linkcode keyOf}) whose document names no registry. */
  readonly unnamed: ReadonlySet<string>;
}

/**
 * Reads what was found.
 *
 * @param found The documents.
 * @returns What the batch knows of the past.
 */
export function knowledgeOf(found: Found): Knowledge {
  const answers = createAnswers();
  const unnamed = readRepositories(found, answers);
  readTags(found, answers);
  readManifests(found, answers);
  readDeeds(found, answers);
  const duplicates = new Set((found.log ?? []).map(({ _id }) => String(_id)));
  return { duplicates, answers, unnamed };
}

/**
 * Recognises a batch that has been recorded, because a commit succeeded although it failed.
 *
 * @param found The documents.
 * @param batch The id of the batch.
 * @returns True if the log or the accounting has it.
 */
export function isOwnBatch({ log = [], accounts = [] }: Found, batch: ObjectId): boolean {
  return [...log, ...accounts].some((document) => batch.equals(document.batch));
}

/**
 * Says what became of the entries of a batch that has been recorded.
 *
 * @param found The documents.
 * @param candidates The batch.
 * @param batch Its id.
 * @returns The outcomes of that time.
 */
export function outcomesOfOwnBatch(
  { log = [] }: Found,
  candidates: readonly Candidate[],
  batch: ObjectId,
): Outcome[] {
  const own = log.filter((row) => batch.equals(row.batch));
  const outcomes = new Map<string, Outcome>(own.map(({ _id, outcome }) => [String(_id), outcome]));
  return candidates.map(({ key }) => {
    const outcome = outcomes.get(key) ?? "duplicate";
    // The second of the same id in one batch was a duplicate of the first.
    outcomes.delete(key);
    return outcome;
  });
}

function readRepositories(found: Found, answers: Answers): Set<string> {
  const tombstones = (found.tombstones ?? []).map(({ _id, at }) => {
    const [_, ...names] = String(_id).split("\n");
    return [keyOf(...names), countOf(at)] as const;
  });
  for (const [key, tombstone] of tombstones) {
    answers.repositories.set(key, { tombstone, actorCount: 0, tagRows: 0 });
  }
  const documents = preferNamed(found.repositories ?? []);
  const unnamed = documents.filter(isUnnamed)
    .map((document) => ({ ...document, registry: DEFAULT_REGISTRY }));
  const named = documents.filter((document) => !isUnnamed(document));
  for (const document of [...named, ...unnamed]) readRepository(document, answers);
  return new Set(unnamed.map((document) => repositoryKey(document)));
}

function readRepository(document: Document, answers: Answers): void {
  const { deletedat, deletedmicros, lastpushed, actorcount, numtagrows, actors = [] } = document;
  const key = repositoryKey(document);
  const deletedAt = deletedmicros ??
    (deletedat instanceof Date ? deletedat.getTime() * 1000 : undefined);
  answers.repositories.set(key, {
    ...answers.repositories.get(key),
    isListed: true,
    ...(deletedAt === undefined ? {} : { deletedAt: countOf(deletedAt) }),
    ...(lastpushed instanceof Date ? { lastPushed: lastpushed.getTime() } : {}),
    actorCount: countOf(actorcount),
    tagRows: countOf(numtagrows),
  });
  for (const actor of actors) answers.actors.add(keyIn(document, actor));
}

function readTags(found: Found, answers: Answers): void {
  for (const document of [...found.tags ?? [], ...found.tagsOfDigests ?? []]) {
    const { tag, digest, deletedat, at, id } = document;
    // A row that only counts says nothing of where the tag points.
    if (at === undefined || id === undefined) continue;
    const state: TagState = {
      at: countOf(at),
      id,
      ...(digest === undefined ? {} : { digest }),
      ...(deletedat === undefined ? {} : { deletedAt: countOf(at) }),
    };
    answers.tags.set(keyIn(document, tag), state);
  }
}

function readManifests(found: Found, answers: Answers): void {
  for (const { _id, kind = "unknown", hasreferences, mediatype } of found.manifests ?? []) {
    answers.manifests.set(String(_id), {
      kind,
      hasReferences: hasreferences === true,
      hasMediaType: mediatype !== undefined,
    });
  }
  for (const document of found.parts ?? []) {
    const isChild = document.isindex && isChildType(document.mediatype);
    (isChild ? answers.childrenOfIndexes : answers.layers).add(keyIn(document, document.digest));
  }
}

function readDeeds(found: Found, answers: Answers): void {
  for (const { _id, at } of found.blobs ?? []) {
    const [registry = "", repository = ""] = String(_id).split("\n");
    const tombstone = answers.repositories.get(keyOf(registry, repository))?.tombstone ?? -1;
    // What came before the repository's delete went with it, though the log still tells.
    if (countOf(at) > tombstone) answers.blobs.add(String(_id));
  }
  for (const document of found.checks ?? []) {
    const key = keyOf(keyIn(document, document.digest), document.fingerprint);
    const id = String(document._id).slice(String(document.registry).length + 1);
    addTo(answers.checks, key, { id, tag: document.tag, at: countOf(document.at) });
  }
  for (const document of found.fetches ?? []) {
    addTo(answers.indexFetches, keyIn(document, document.fingerprint), countOf(document.at));
  }
  for (const { request, at } of found.requests ?? []) {
    addTo(answers.requests, String(request), countOf(at));
  }
}

function repositoryKey(document: Document): string {
  return keyOf(String(document.registry), String(document.repositoryname));
}
