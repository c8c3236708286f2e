/**
 * How entries of the quarantine join: parts of one body, and what was put aside.
 *
 * @module
 */

import type { Document } from "mongodb";

import { MAX_REASONS, type QuarantineWrite } from "../../batch.ts";
import { longOf } from "./values.ts";

/**
 * Makes the update that joins what earlier parts of the same body left.
 *
 * @param write The entry.
 * @param marks Fields to set beside it.
 * @returns A pipeline, in which a reason may begin with `$`: all is literal.
 */
export function quarantineUpdateOf(write: QuarantineWrite, marks: Document = {}): Document[] {
  const { registry, receivedAt, reasons, events, bytes, excerpt } = write;
  const known = { $ifNull: ["$reasons", []] };
  const isNew = { $not: [{ $in: ["$$reason", known] }] };
  const news = { $filter: { input: { $literal: reasons }, as: "reason", cond: isNew } };
  return [{
    $set: {
      ...marks,
      registry: { $literal: registry },
      receivedat: { $ifNull: ["$receivedat", new Date(receivedAt)] },
      reasons: { $slice: [{ $concatArrays: [known, news] }, MAX_REASONS] },
      events: { $add: [{ $ifNull: ["$events", longOf(0)] }, longOf(events)] },
      bytes: longOf(bytes),
      excerpt: { $literal: excerpt },
    },
  }];
}
