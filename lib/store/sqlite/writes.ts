/**
 * Applies the plan of a batch.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import {
  type BatchPlan,
  type Claim,
  type LogEntry,
  type ManifestWrite,
  MAX_REASONS,
  type QuarantineWrite,
  type Removal,
  type RepositoryWrite,
} from "../../batch.ts";
import { isChildType } from "../../event.ts";
import { dayOf } from "../../statistics.ts";
import type { IgnoredCount } from "../store.ts";
import { addAccounting, applyChanges, type Context } from "./changes.ts";
import { encodeId } from "./encoding.ts";
import type { RowsStatement } from "./rows.ts";
import type { Names } from "./names.ts";

/**
 * Writes a batch.
 *
 * @param context Inside the transaction.
 * @param plan What to write.
 */
export function applyPlan(context: Context, plan: BatchPlan): void {
  for (const removal of plan.removals) removeRepository(context, removal);
  for (const write of plan.repositories) writeRepository(context, write);
  applyChanges(context, plan);
  for (const write of plan.manifests) writeManifest(context, write);
  for (const claim of plan.claims) writeClaim(context, claim);
  writeLog(context, plan.log);
  for (const entry of plan.quarantine) writeQuarantine(context, entry);
}

/**
 * Adds events that were ignored before they reached the store to the accounting.
 *
 * @param context Inside the transaction.
 * @param counts By registry.
 */
export function addIgnored(context: Context, counts: readonly IgnoredCount[]): void {
  for (const { registry, receivedAt, count } of counts) {
    const day = dayOf(receivedAt * 1000);
    addAccounting(context, {
      registry,
      day,
      counted: 0,
      duplicate: 0,
      ignored: count,
      quarantined: 0,
    });
  }
}

/** The tables that hold a repository's statistics by its id. */
const TABLES_OF_REPOSITORY = [
  "tags",
  "manifests",
  "days",
  "months",
  "breakdowns",
  "stars",
] as const;
/** The columns that a deleted repository's row is set back to. */
const NUMBERS = `pulls = 0, pushes = 0, stars = 0, checks = 0, child_pulls = 0, digest_pushes = 0,
  unchanged_pushes = 0, tag_deletes = 0, manifest_deletes = 0, blob_deletes = 0,
  unknown_deletes = 0, first_pulled = NULL, last_pulled = NULL, first_pushed = NULL,
  last_pushed = NULL, last_checked = NULL, last_used = NULL, actor_count = 0, tag_count = 0,
  tag_rows = 0, deleted_at = NULL`;

function removeRepository({ database, names }: Context, removal: Removal): void {
  const id = names.repository(removal.registry, removal.repository);
  for (const table of ["tag_days", "tag_months"]) {
    const tags = "SELECT id FROM tags WHERE repository_id = ?";
    database.run(`DELETE FROM ${table} WHERE tag_id IN (${tags})`, id);
  }
  const parents = "SELECT id FROM manifests WHERE repository_id = ?";
  database.run(`DELETE FROM manifest_references WHERE parent_id IN (${parents})`, id);
  for (const table of TABLES_OF_REPOSITORY) {
    database.run(`DELETE FROM ${table} WHERE repository_id = ?`, id);
  }
  database.run(
    `UPDATE repositories SET listed = 0, ${NUMBERS}, tombstone = max(ifnull(tombstone, 0), ?)
      WHERE id = ?`,
    removal.at,
    id,
  );
}

function writeRepository({ database, names }: Context, write: RepositoryWrite): void {
  const id = names.repository(write.registry, write.repository);
  database.run(
    `UPDATE repositories SET listed = 1, actor_count = ?, tag_rows = ?, tag_count = tag_count + ?
      WHERE id = ?`,
    write.actorCount,
    write.tagRows,
    write.tagCountChange,
    id,
  );
  if (write.tombstone !== undefined) {
    database.run("UPDATE repositories SET tombstone = ? WHERE id = ?", write.tombstone, id);
  }
  if (write.deletedAt === undefined) return;
  database.run("UPDATE repositories SET deleted_at = ? WHERE id = ?", write.deletedAt, id);
}

const INSERT_REFERENCES: RowsStatement = {
  key: "insert references",
  render: (values) =>
    `INSERT OR IGNORE INTO manifest_references (parent_id, child, repository_id, of_index,
      media_type, size, platform, attestation, artifact_type) VALUES ${values}`,
};

function writeManifest({ database, names }: Context, write: ManifestWrite): void {
  const repositoryId = names.repository(write.registry, write.repository);
  const row = database.get(
    `UPDATE manifests SET media_type = ifnull(?, media_type), kind = ?, size = ifnull(?, size),
        has_references = max(has_references, ?), references_cut = max(references_cut, ?)
      WHERE repository_id = ? AND digest = ? RETURNING id`,
    write.mediaType ?? null,
    write.kind,
    write.size ?? null,
    Number(write.references !== undefined),
    Number(write.referencesCut === true),
    repositoryId,
    names.digest(write.digest),
  );
  const rows = (write.references ?? []).map((reference) => [
    Number(row?.id),
    names.digest(reference.digest),
    repositoryId,
    Number(write.isIndex && isChildType(reference.mediaType)),
    reference.mediaType ?? null,
    reference.size ?? null,
    reference.platform ?? null,
    Number(reference.attestation === true),
    reference.artifactType ?? null,
  ]);
  database.runRows(INSERT_REFERENCES, rows);
}

/** A claimed HEAD leaves the index of those that a GET may belong to. */
function writeClaim({ database, ids }: Context, claim: Claim): void {
  database.run(
    "UPDATE events SET claimed_by = ?, fingerprint = NULL WHERE seq = ?",
    encodeId(claim.by),
    ids.seqOf(claim),
  );
}

// OR FAIL: an error ends the whole transaction in any case. To undo one statement of many rows,
// SQLite would first copy each page that it changes into a temporary file.
const INSERT_EVENTS: RowsStatement = {
  key: "insert events",
  render: (values) =>
    `INSERT OR FAIL INTO events (seq, registry_id, id, received_at, outcome_text, meaning_text, meaning_row,
      repository_id, at, action_text, method_text, tag, counted_tag, digest, media_type_text,
      actor_text, address_text, user_agent_text, instance_text, request_id, fingerprint,
      unknown_index, estimated, claimed_by) VALUES ${values}`,
};
function writeLog({ database, names, ids }: Context, log: readonly LogEntry[]): void {
  const first = ids.nextSeq;
  database.runRows(INSERT_EVENTS, log.map((entry, n) => [first + n, ...rowOf(names, entry)]));
  ids.indexMany(log.length);
}

function rowOf(names: Names, entry: LogEntry): SQLInputValue[] {
  const { event, meaning } = entry;
  const requestId = isManifestGet(entry) ? event?.requestId : undefined;
  const countedTag = "tag" in meaning && meaning.tag !== event?.tag ? meaning.tag : undefined;
  return [
    names.registry(entry.registry),
    encodeId(entry.id),
    entry.receivedAt,
    names.text(entry.outcome),
    names.text(meaning.type),
    meaning.row,
    event === undefined ? null : names.repository(entry.registry, event.repository),
    event?.at ?? null,
    names.text(event?.action),
    names.text(event?.method),
    event?.tag ?? null,
    countedTag ?? null,
    event?.digest === undefined ? null : names.digest(event.digest),
    names.text(event?.mediaType),
    names.text(entry.actor),
    names.text(entry.address),
    names.text(event?.userAgent),
    names.text(event?.instance),
    requestId === undefined ? null : encodeId(requestId),
    fingerprintOf(entry),
    entry.isUnknownIndexFetch === true ? 1 : null,
    "estimated" in meaning && meaning.estimated ? 1 : null,
    entry.claimedBy === undefined ? null : encodeId(entry.claimedBy),
  ];
}

/** Only what a later GET may belong to: an unclaimed HEAD of a tag, another GET. */
function fingerprintOf(entry: LogEntry): string | null {
  const { meaning, fingerprint, claimedBy } = entry;
  const isOpenCheck = meaning.type === "check" && meaning.tag !== undefined &&
    claimedBy === undefined;
  const isWanted = isOpenCheck || isManifestGet(entry);
  return isWanted && fingerprint !== undefined ? fingerprint : null;
}

function isManifestGet({ meaning }: LogEntry): boolean {
  return meaning.type === "pull" || meaning.type === "childPull";
}

function writeQuarantine({ database, names }: Context, entry: QuarantineWrite): void {
  const registryId = names.registry(entry.registry);
  const present = database.get(
    "SELECT reasons FROM quarantine WHERE registry_id = ? AND envelope = ?",
    registryId,
    entry.envelope,
  );
  const before: string[] = present === undefined ? [] : JSON.parse(String(present.reasons));
  const reasons = [...new Set([...before, ...entry.reasons])].slice(0, MAX_REASONS);
  database.run(
    `INSERT INTO quarantine (registry_id, envelope, received_at, reasons, events, bytes, body)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (registry_id, envelope)
      DO UPDATE SET reasons = excluded.reasons, events = events + excluded.events`,
    registryId,
    entry.envelope,
    entry.receivedAt,
    JSON.stringify(reasons),
    entry.events,
    entry.bytes,
    entry.excerpt,
  );
}
