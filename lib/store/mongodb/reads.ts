/**
 * Reading who, when and what: breakdowns, the event log, the accounting.
 *
 * @module
 */

import type { Filter } from "mongodb";

import type { Outcome } from "../../batch.ts";
import type {
  Accounting,
  AccountingReport,
  BreakdownDimension,
  BreakdownStatistics,
  EventRecord,
  Page,
  PageQuery,
  RepositoryRef,
} from "../store.ts";
import type { Database } from "./connection.ts";
import type { BreakdownDocument, EventDocument } from "./documents.ts";
import { filterAfter, pageOf, type SortKey, sortOf } from "./paging.ts";
import { countOf, timeOf } from "./values.ts";

const BREAKDOWN_KEYS: readonly SortKey[] = [
  { field: "numpulls", direction: -1 },
  { field: "name", direction: 1 },
  { field: "kind", direction: 1 },
];
const EVENT_KEYS: readonly SortKey[] = [
  { field: "receivedat", direction: -1, type: "time" },
  { field: "batch", direction: -1, type: "id" },
  { field: "position", direction: -1 },
];

/**
 * Lists the actors, clients or consumers of a repository.
 *
 * @param database Where.
 * @param of The repository.
 * @param query Which of the three, and which part.
 * @returns A page, most pulls first.
 */
export async function listBreakdown(
  database: Database,
  { registry, repository }: RepositoryRef,
  { dimension, limit, after }: PageQuery & { dimension: BreakdownDimension },
): Promise<Page<BreakdownStatistics>> {
  const filter = { registry, repositoryname: repository, dimension };
  const documents = await database.collection<BreakdownDocument>("breakdowns")
    .find(filterAfter(filter, BREAKDOWN_KEYS, after) as Filter<BreakdownDocument>)
    .sort(sortOf(BREAKDOWN_KEYS))
    .limit(limit + 1)
    .toArray();
  return pageOf(documents, BREAKDOWN_KEYS, { limit, read: breakdownOf });
}

function breakdownOf(document: BreakdownDocument): BreakdownStatistics {
  return {
    name: document.name,
    anonymous: document.kind === "anonymous",
    overflow: document.kind === "overflow",
    pulls: countOf(document.numpulls),
    pushes: countOf(document.numpushs),
    firstSeen: timeOf(document.firstseen),
    lastSeen: timeOf(document.lastseen),
  };
}

/**
 * Lists the latest events of a repository.
 *
 * @param database Where.
 * @param of The repository.
 * @param query Which part.
 * @returns A page, latest arrival first.
 */
export async function listEvents(
  database: Database,
  { registry, repository }: RepositoryRef,
  { limit, after }: PageQuery,
): Promise<Page<EventRecord>> {
  const filter = { registry, repositoryname: repository, kept: true };
  const documents = await database.collection<EventDocument>("events")
    .find(filterAfter(filter, EVENT_KEYS, after) as Filter<EventDocument>)
    .sort(sortOf(EVENT_KEYS))
    .limit(limit + 1)
    .toArray();
  return pageOf(documents, EVENT_KEYS, { limit, read: eventOf });
}

function eventOf(document: EventDocument): EventRecord {
  const { registry = "" } = document;
  return {
    id: document._id.slice(registry.length + 1),
    timestamp: timeOf(document.timestamp) ?? document.receivedat.getTime(),
    receivedAt: document.receivedat.getTime(),
    action: document.action ?? "",
    method: document.method ?? null,
    tag: document.tag ?? null,
    digest: document.digest ?? null,
    mediaType: document.mediatype ?? null,
    actor: document.actor ?? null,
    address: document.address ?? null,
    client: document.client ?? null,
    userAgent: document.useragent ?? null,
    outcome: (document.outcome ?? "counted") as Outcome,
    countedAs: document.countedas ?? "",
    row: countOf(document.row),
    countedTag: document.countedtag ?? document.tag ?? null,
    estimated: document.estimated === true,
  };
}

/**
 * Reads what became of all events.
 *
 * @param database Where.
 * @returns The sums, in all and by registry.
 */
export async function accounting(database: Database): Promise<AccountingReport> {
  const sums = await database.collection("registries")
    .aggregate<Record<string, unknown>>([{ $match: { namespace: null } }, {
      $group: {
        _id: "$registry",
        counted: { $sum: "$counted" },
        duplicate: { $sum: "$duplicate" },
        ignored: { $sum: "$ignored" },
        quarantined: { $sum: "$quarantined" },
      },
    }, { $sort: { _id: 1 } }])
    .toArray();
  const byRegistry = sums
    .map((sum) => ({ registry: String(sum._id), ...accountingOf(sum) }))
    // Layers are counted by the day they happened, which may be one when nothing arrived.
    .filter(({ received }) => received > 0);
  return { ...totalOf(byRegistry), byRegistry };
}

function accountingOf(sum: Readonly<Record<string, unknown>>): Accounting {
  const [counted, duplicate] = [countOf(sum.counted), countOf(sum.duplicate)];
  const [ignored, quarantined] = [countOf(sum.ignored), countOf(sum.quarantined)];
  const received = counted + duplicate + ignored + quarantined;
  return { received, counted, duplicate, ignored, quarantined };
}

function totalOf(parts: readonly Accounting[]): Accounting {
  const sumOf = (column: keyof Accounting): number =>
    parts.reduce((sum, part) => sum + part[column], 0);
  return {
    received: sumOf("received"),
    counted: sumOf("counted"),
    duplicate: sumOf("duplicate"),
    ignored: sumOf("ignored"),
    quarantined: sumOf("quarantined"),
  };
}
