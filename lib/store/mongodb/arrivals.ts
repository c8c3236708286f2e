/**
 * When events arrived.
 *
 * @module
 */

import { LATEST_EVENTS } from "../history.ts";
import type { Database } from "./connection.ts";
import type { EventDocument } from "./documents.ts";
import { timeOf } from "./values.ts";

/** @returns See `HistoryStore.lastArrival()`. */
export async function lastArrival(database: Database, registry?: string): Promise<number | null> {
  const latest = registry === undefined ? 1 : LATEST_EVENTS;
  const [last] = await database.collection<EventDocument>("events")
    .aggregate<Pick<EventDocument, "receivedat">>([
      { $match: { kept: true } },
      { $sort: { receivedat: -1 } },
      { $limit: latest },
      ...(registry === undefined ? [] : [{ $match: { registry } }, { $limit: 1 }]),
      { $project: { _id: 0, receivedat: 1 } },
    ])
    .toArray();
  return timeOf(last?.receivedat);
}
