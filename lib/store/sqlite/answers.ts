/**
 * Answers the questions that mapping asks about the past.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import {
  addTo,
  type Answers,
  type ClientQuestion,
  createAnswers,
  keyOf,
  type ManifestState,
  type Named,
  type Questions,
  type RepositoryState,
  type TagCheck,
  type TagState,
} from "../../facts.ts";
import type { Database, Row } from "./database.ts";
import type { RowsStatement } from "./rows.ts";
import { decodeDigest, decodeId, encodeId } from "./encoding.ts";
import type { Names } from "./names.ts";

/** Looks up rows for many questions at once; `n` says which of them a row answers. */
function lookup(columns: string, table: string, condition: string): RowsStatement {
  return {
    key: `look up ${table} ${columns}`,
    // CROSS JOIN keeps the order: each question finds its rows by an index.
    render: (values) =>
      `SELECT DISTINCT asked.column1 AS n, ${columns} FROM (VALUES ${values}) AS asked
        CROSS JOIN ${table} WHERE ${condition}`,
  };
}

const TAG_STATE = "tag, digest, deleted_at, state_at, state_id";
const LOOKUPS = {
  repository: lookup(
    "listed, tombstone, deleted_at, last_pushed, actor_count, tag_rows",
    "repositories",
    "id = asked.column2",
  ),
  tag: lookup(TAG_STATE, "tags", "repository_id = asked.column2 AND tag = asked.column3"),
  manifest: lookup(
    "kind, has_references, media_type IS NOT NULL AS has_media_type",
    "manifests",
    "repository_id = asked.column2 AND digest = asked.column3",
  ),
  part: lookup(
    "of_index",
    "manifest_references",
    "repository_id = asked.column2 AND child = asked.column3",
  ),
  actor: lookup(
    "1",
    "breakdowns",
    "repository_id = asked.column2 AND dimension = 'actor' AND name = asked.column3",
  ),
} as const;

const SQL = {
  tag: `SELECT ${TAG_STATE} FROM tags WHERE repository_id = ? AND tag = ?`,
  tagsAt: `SELECT ${TAG_STATE} FROM tags WHERE repository_id = ? AND digest = ?`,
  blob: `SELECT 1 FROM events
    WHERE repository_id = ? AND digest = ? AND meaning_row IN (7, 10, 11) AND at > ? LIMIT 1`,
  checks: `SELECT id, tag, at FROM events
    WHERE repository_id = ? AND fingerprint = ? AND at BETWEEN ? AND ?
      AND digest = ? AND meaning_row = 6 AND claimed_by IS NULL`,
  request: `SELECT at FROM events
    WHERE repository_id = ? AND fingerprint = ? AND at BETWEEN ? AND ? AND request_id = ?`,
  indexFetches: `SELECT at FROM events
    WHERE repository_id = ? AND fingerprint = ? AND at BETWEEN ? AND ? AND unknown_index = 1`,
} as const;

/**
 * Answers the questions about a batch.
 *
 * @param database Inside the transaction that will record the batch.
 * @param names Ids of names.
 * @param questions From `questionsOf()`.
 * @returns What is known.
 */
export function answer(database: Database, names: Names, questions: Questions): Answers {
  const known = createAnswers();
  const idOf = ({ registry, repository }: Omit<Named, "name">): number =>
    names.repository(registry, repository);

  /** Looks up an answer to each question, and tells of each row which question it answers. */
  const lookUp = <Question extends Omit<Named, "name">>(
    statement: RowsStatement,
    asked: ReadonlyMap<string, Question>,
    { by, found }: {
      by?: (question: Question) => SQLInputValue;
      found: (key: string, row: Row) => void;
    },
  ): void => {
    const keys = [...asked.keys()];
    const rows = Array.from(asked.values(), (question, n) => {
      const id = idOf(question);
      return by === undefined ? [n, id] : [n, id, by(question)];
    });
    for (const row of database.allRows(statement, rows)) found(keys[Number(row.n)] ?? "", row);
  };
  const byName = ({ name }: Named): string => name;
  const byDigest = ({ name }: Named): Uint8Array => names.digest(name);

  lookUp(LOOKUPS.repository, questions.repositories, {
    found: (key, row) => known.repositories.set(key, repositoryStateOf(row)),
  });
  lookUp(LOOKUPS.tag, questions.tags, {
    by: byName,
    found: (key, row) => known.tags.set(key, tagStateOf(row)),
  });
  lookUp(LOOKUPS.manifest, questions.manifests, {
    by: byDigest,
    found: (key, row) => known.manifests.set(key, manifestStateOf(row)),
  });
  lookUp(LOOKUPS.part, questions.parts, {
    by: byDigest,
    found: (key, row) => (row.of_index === 1 ? known.childrenOfIndexes : known.layers).add(key),
  });
  lookUp(LOOKUPS.actor, questions.actors, {
    by: byName,
    found: (key) => known.actors.add(key),
  });
  for (const [key, deleted] of questions.deleted) {
    answerDeleted(database, known, {
      key,
      deleted,
      id: idOf(deleted),
      digest: names.digest(deleted.name),
    });
  }
  for (const question of questions.checks) {
    const key = keyOf(question.registry, question.repository, question.name, question.fingerprint);
    const found = checksOf(database, names, question);
    known.checks.set(key, [...known.checks.get(key) ?? [], ...found]);
    // At the bound of tags it matters whether the tag of a claimed check has a row of its own.
    for (const tag of new Set(found.map(({ tag }) => tag))) {
      const tagKey = keyOf(question.registry, question.repository, tag);
      const row = known.tags.has(tagKey) ? undefined : database.get(SQL.tag, idOf(question), tag);
      if (row !== undefined) known.tags.set(tagKey, tagStateOf(row));
    }
  }
  for (const [key, request] of questions.requests) {
    const id = encodeId(request.name);
    const rows = database.all(SQL.request, idOf(request), ...spanOf(request), id);
    for (const row of rows) addTo(known.requests, key, Number(row.at));
  }
  for (const question of questions.indexFetches) {
    const key = keyOf(question.registry, question.repository, question.fingerprint);
    const rows = database.all(SQL.indexFetches, idOf(question), ...spanOf(question));
    for (const row of rows) addTo(known.indexFetches, key, Number(row.at));
  }
  return known;
}

function answerDeleted(
  database: Database,
  known: Answers,
  { key, deleted, id, digest }: { key: string; deleted: Named; id: number; digest: Uint8Array },
): void {
  // What came before the repository's delete went with it, though the log still tells.
  const { tombstone = -1 } = known.repositories.get(keyOf(deleted.registry, deleted.repository)) ??
    {};
  if (database.get(SQL.blob, id, digest, tombstone) !== undefined) known.blobs.add(key);
  for (const row of database.all(SQL.tagsAt, id, digest)) {
    const tag = keyOf(deleted.registry, deleted.repository, String(row.tag));
    known.tags.set(tag, tagStateOf(row));
  }
}

function checksOf(
  database: Database,
  names: Names,
  question: Questions["checks"][number],
): TagCheck[] {
  const id = names.repository(question.registry, question.repository);
  const rows = database.all(SQL.checks, id, ...spanOf(question), names.digest(question.name));
  return rows.map((row) => ({
    id: decodeId(row.id),
    tag: String(row.tag),
    at: Number(row.at),
  }));
}

function spanOf({ fingerprint, from, to }: ClientQuestion): [string, number, number] {
  return [fingerprint, from, to];
}

function repositoryStateOf(row: Row): RepositoryState {
  return {
    isListed: row.listed === 1,
    ...(row.tombstone === null ? {} : { tombstone: Number(row.tombstone) }),
    ...(row.deleted_at === null ? {} : { deletedAt: Number(row.deleted_at) }),
    ...(row.last_pushed === null ? {} : { lastPushed: Number(row.last_pushed) }),
    actorCount: Number(row.actor_count),
    tagRows: Number(row.tag_rows),
  };
}

function manifestStateOf(row: Row): ManifestState {
  return {
    kind: String(row.kind),
    hasReferences: row.has_references === 1,
    hasMediaType: row.has_media_type === 1,
  };
}

function tagStateOf(row: Row): TagState {
  const digest = decodeDigest(row.digest);
  return {
    ...(digest === null ? {} : { digest }),
    ...(row.deleted_at === null ? {} : { deletedAt: Number(row.deleted_at) }),
    at: Number(row.state_at),
    id: String(row.state_id),
  };
}
