/**
 * Which events of a batch have been heard before.
 *
 * @module
 */

import type { Candidate } from "../../batch.ts";
import type { Context } from "./changes.ts";
import { encodeId } from "./encoding.ts";
import type { RowsStatement } from "./rows.ts";

/** Which of many ids the log has; `n` is their number in the list. */
const KNOWN_IDS: RowsStatement = {
  key: "known ids",
  render: (values) =>
    `SELECT asked.column1 AS n FROM (VALUES ${values}) AS asked CROSS JOIN event_ids
      WHERE registry_id = asked.column2 AND id = asked.column3`,
};

/**
 * Finds the events whose ids the log has.
 *
 * @param context Inside the transaction.
 * @param candidates The events of a batch.
 * @returns The keys of those candidates.
 */
export function duplicatesOf(
  { database, names }: Context,
  candidates: readonly Candidate[],
): Set<string> {
  const rows = candidates.map(({ received, id }, n) =>
    [n, names.registry(received.registry), encodeId(id)] as const
  );
  return new Set(
    database.allRows(KNOWN_IDS, rows).flatMap(({ n }) => {
      const candidate = candidates[Number(n)];
      return candidate === undefined ? [] : [candidate.key];
    }),
  );
}
