/**
 * Answers the API's questions about one repository. Lists are paged by key, so that no read holds
 * the event loop for long.
 *
 * @module
 */

import { clientFamilyOf } from "../../client.ts";
import type {
  AccountingReport,
  BreakdownDimension,
  BreakdownStatistics,
  EventRecord,
  Page,
  PageQuery,
  RepositoryRef,
  TagStatistics,
} from "../store.ts";
import type { Outcome } from "../../batch.ts";
import type { Database, Row } from "./database.ts";
import { decodeDigest, decodeId } from "./encoding.ts";
import { OVERFLOW_TAG } from "./schema.ts";
import { deletedOf, numberOrNull } from "./values.ts";

/** A repository's numbers are found by this id. */
const REPOSITORY_ID = `SELECT id FROM repositories
  WHERE repository = ? AND registry = ? AND listed = 1`;

/** @returns The id of a listed repository. */
export function repositoryIdOf(database: Database, of: RepositoryRef): number | undefined {
  return database.get(REPOSITORY_ID, of.repository, of.registry)?.id as number | undefined;
}

/** Cuts a page out of one row more than it may have. */
export function pageOf<T>(
  rows: readonly Row[],
  limit: number,
  { render, cursor }: { render: (row: Row) => T; cursor: (row: Row) => (string | number | null)[] },
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? cursor(last) : null;
  return { items: shown.map(render), next };
}

const TAGS = `SELECT tags.*, max(ifnull(tags.last_used, 0), ifnull(manifests.last_used, 0)) AS used
  FROM tags LEFT JOIN manifests
    ON manifests.repository_id = tags.repository_id AND manifests.digest = tags.digest
  WHERE tags.repository_id = ?`;

/** @returns A page of tags in their order; the row beyond the bound sorts last. */
export function listTags(
  database: Database,
  of: RepositoryRef,
  { limit, after }: PageQuery,
): Page<TagStatistics> {
  const id = repositoryIdOf(database, of);
  if (id === undefined) return { items: [], next: null };
  const from = String(after?.[0] ?? "");
  const sql = `${TAGS} AND tags.tag > ? ORDER BY tags.tag LIMIT ?`;
  const rows = database.all(sql, id, from, limit + 1);
  return pageOf(rows, limit, { render: tagOf, cursor: (row) => [String(row.tag)] });
}

/** @returns One tag. */
export function findTag(
  database: Database,
  of: RepositoryRef,
  tag: string,
): TagStatistics | undefined {
  const id = repositoryIdOf(database, of);
  if (id === undefined || tag === OVERFLOW_TAG) return undefined;
  const row = database.get(`${TAGS} AND tags.tag = ?`, id, tag);
  return row === undefined ? undefined : tagOf(row);
}

function tagOf(row: Row): TagStatistics {
  const overflow = row.tag === OVERFLOW_TAG;
  return {
    tag: overflow ? "(overflow)" : String(row.tag),
    overflow,
    digest: decodeDigest(row.digest),
    pulls: Number(row.pulls),
    pushes: Number(row.pushes),
    unchangedPushes: Number(row.unchanged_pushes),
    checks: Number(row.checks),
    firstPulled: numberOrNull(row.first_pulled),
    lastPulled: numberOrNull(row.last_pulled),
    firstPushed: numberOrNull(row.first_pushed),
    lastPushed: numberOrNull(row.last_pushed),
    lastChecked: numberOrNull(row.last_checked),
    lastUsed: row.used === 0 ? null : numberOrNull(row.used),
    deleted: deletedOf(row.deleted_at),
  };
}

const DIMENSIONS: Readonly<Record<BreakdownDimension, string>> = {
  actor: "'actor', 'anonymous', 'overflow'",
  client: "'client'",
  consumer: "'consumer'",
};

/** Ties go by the name that is shown, in every store. */
const SHOWN = `CASE WHEN dimension IN ('anonymous', 'overflow') THEN '(' || dimension || ')'
  ELSE name END`;

/** @returns A page of actors, client families or consumers, most pulls first. */
export function listBreakdown(
  database: Database,
  of: RepositoryRef,
  { dimension, limit, after }: PageQuery & { dimension: BreakdownDimension },
): Page<BreakdownStatistics> {
  const id = repositoryIdOf(database, of);
  if (id === undefined) return { items: [], next: null };
  const [pulls = Number.MAX_SAFE_INTEGER, name = "", kind = ""] = after ?? [];
  const sql = `SELECT *, ${SHOWN} AS shown FROM breakdowns
    WHERE repository_id = ? AND dimension IN (${DIMENSIONS[dimension]})
      AND (-pulls, ${SHOWN}, dimension) > (?, ?, ?)
    ORDER BY -pulls, ${SHOWN}, dimension LIMIT ?`;
  const rows = database.all(sql, id, -Number(pulls), name, kind, limit + 1);
  return pageOf(rows, limit, {
    render: breakdownOf,
    cursor: (row) => [Number(row.pulls), String(row.shown), String(row.dimension)],
  });
}

function breakdownOf(row: Row): BreakdownStatistics {
  return {
    name: String(row.shown),
    anonymous: row.dimension === "anonymous",
    overflow: row.dimension === "overflow",
    pulls: Number(row.pulls),
    pushes: Number(row.pushes),
    firstSeen: numberOrNull(row.first_seen),
    lastSeen: numberOrNull(row.last_seen),
  };
}

const TEXTS = [
  "outcome",
  "meaning",
  "action",
  "method",
  "media_type",
  "actor",
  "address",
  "user_agent",
];
const EVENTS = `SELECT seq, id, received_at, at, tag, counted_tag, digest, meaning_row, estimated,
  ${
  TEXTS
    .map((name) => `(SELECT text FROM texts WHERE id = ${name}_text) AS ${name}`)
    .join(",\n  ")
}
  FROM events WHERE repository_id = ? AND seq < ? ORDER BY seq DESC LIMIT ?`;

/** @returns A page of the event log, latest arrival first. */
export function listEvents(
  database: Database,
  of: RepositoryRef,
  { limit, after }: PageQuery,
): Page<EventRecord> {
  const id = repositoryIdOf(database, of);
  if (id === undefined) return { items: [], next: null };
  const before = after?.[0] ?? Number.MAX_SAFE_INTEGER;
  const rows = database.all(EVENTS, id, before, limit + 1);
  return pageOf(rows, limit, { render: eventOf, cursor: (row) => [Number(row.seq)] });
}

function eventOf(row: Row): EventRecord {
  const text = (value: unknown): string | null => typeof value === "string" ? value : null;
  const tag = text(row.tag);
  return {
    id: decodeId(row.id),
    timestamp: Math.floor(Number(row.at) / 1000),
    receivedAt: Number(row.received_at),
    action: String(row.action),
    method: text(row.method),
    tag,
    digest: decodeDigest(row.digest),
    mediaType: text(row.media_type),
    actor: text(row.actor),
    address: text(row.address),
    client: clientFamilyOf(text(row.user_agent) ?? undefined),
    userAgent: text(row.user_agent),
    outcome: String(row.outcome) as Outcome,
    countedAs: String(row.meaning),
    row: Number(row.meaning_row),
    countedTag: text(row.counted_tag) ?? tag,
    estimated: row.estimated === 1,
  };
}

/** @returns What became of all events. */
export function accounting(database: Database): AccountingReport {
  const rows = database.all(`SELECT name AS registry, sum(counted) AS counted,
      sum(duplicate) AS duplicate, sum(ignored) AS ignored, sum(quarantined) AS quarantined
    FROM registry_days JOIN registries ON registries.id = registry_id GROUP BY name ORDER BY name`);
  const byRegistry = rows.map((row) => {
    const of = (name: string): number => Number(row[name]);
    const parts = {
      counted: of("counted"),
      duplicate: of("duplicate"),
      ignored: of("ignored"),
      quarantined: of("quarantined"),
    };
    const received = parts.counted + parts.duplicate + parts.ignored + parts.quarantined;
    return { registry: String(row.registry), received, ...parts };
  });
  const total = (name: "received" | Outcome): number =>
    byRegistry.reduce((sum, row) => sum + row[name], 0);
  return {
    received: total("received"),
    counted: total("counted"),
    duplicate: total("duplicate"),
    ignored: total("ignored"),
    quarantined: total("quarantined"),
    byRegistry,
  };
}
