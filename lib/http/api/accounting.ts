/**
 * What became of all events ever received.
 *
 * @module
 */

import type { Accounting, AccountingReport, IgnoredCount, Store } from "../../store/store.ts";
import { answerJson, type ApiHandler, parametersOf } from "./answer.ts";
import { accountingShape } from "./shapes.ts";

const NOTHING: Accounting = { received: 0, counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };

/**
 * `GET /api/v1/accounting`
 *
 * @param store Where statistics live.
 * @param pendingIgnored Counts that wait for the next commit.
 * @returns The handler.
 */
export function showAccounting(
  store: Store,
  pendingIgnored: () => readonly IgnoredCount[],
): ApiHandler {
  return async function showAccounting(c): Promise<Response> {
    parametersOf(c, []);
    // Nothing may come between the two, or a commit could be missed or seen twice.
    const [stored, pending] = [store.accounting(), pendingIgnored()];
    const { byRegistry, ...total } = addIgnored(await stored, pending);
    return answerJson(c, {
      ...accountingShape(total),
      byRegistry: byRegistry.map(({ registry, ...of }) => ({ registry, ...accountingShape(of) })),
    });
  };
}

/**
 * Adds ignored events to what is stored.
 *
 * @param report What is stored.
 * @param pending Counts that are not.
 * @returns A report that has both.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { addIgnored } from "./accounting.ts";
 *
 * const none = { received: 0, counted: 0, duplicate: 0, ignored: 0, quarantined: 0, byRegistry: [] };
 * const report = addIgnored(none, [{ registry: "main", receivedAt: 0, count: 2 }]);
 * assert.equal(report.received, 2);
 * assert.equal(report.byRegistry[0]?.ignored, 2);
 * ```
 */
export function addIgnored(
  report: AccountingReport,
  pending: readonly IgnoredCount[],
): AccountingReport {
  const { byRegistry, ...total } = report;
  const rows = new Map(byRegistry.map(({ registry, ...row }) => [registry, row]));
  for (const { registry, count } of pending) {
    rows.set(registry, withIgnored(rows.get(registry) ?? NOTHING, count));
  }
  const count = pending.reduce((sum, { count }) => sum + count, 0);
  const names = [...rows.keys()].sort();
  return {
    ...withIgnored(total, count),
    byRegistry: names.map((registry) => ({ registry, ...rows.get(registry) ?? NOTHING })),
  };
}

function withIgnored(row: Accounting, count: number): Accounting {
  return { ...row, received: row.received + count, ignored: row.ignored + count };
}
