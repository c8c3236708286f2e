/**
 * Everything in a few numbers.
 *
 * @module
 */

import type { NamespaceRef } from "../../store/history.ts";
import type { Store } from "../../store/store.ts";
import { answerJson, type ApiHandler, parametersOf } from "./answer.ts";
import { namespaceOf } from "./days.ts";
import { renderTime, type Shape } from "./shapes.ts";
import { computeSummary, type Summary } from "./summary_numbers.ts";

/** An answer that is younger is given as it is. */
const FRESH_MS = 60_000;
/** None that is older is given. */
const MAX_AGE_MS = 300_000;
/** Answers that are kept, one for each prefix and registry. */
const MAX_KEPT = 100;

/** The last answer of its kind, and the next one while it is made. */
interface Kept {
  last?: Summary;
  next?: Promise<Summary>;
}

/**
 * `GET /api/v1/summary?prefix=&registry=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler. It answers with what it has for up to five minutes, and makes a new answer
 *   beside that when it is older than one.
 */
export function showSummary(store: Store, now: () => number): ApiHandler {
  const kept = new Map<string, Kept>();

  async function summaryOf(of: NamespaceRef): Promise<Summary> {
    const entry = entryOf(kept, JSON.stringify([of.namespace, of.registry]));
    const age = now() - (entry.last?.computedAt ?? -Infinity);
    if (entry.last !== undefined && age < FRESH_MS) return entry.last;
    entry.next ??= renew(entry, computeSummary(store, of, { now: now() }));
    if (entry.last === undefined || age >= MAX_AGE_MS) return await entry.next;
    // Whoever has to wait for it is told of its failure.
    entry.next.catch(() => {});
    return entry.last;
  }

  return async function showSummary(c): Promise<Response> {
    const of = namespaceOf(parametersOf(c, ["prefix", "registry"]));
    return answerJson(c, summaryShape(of, await summaryOf(of)));
  };
}

/** The least lately asked for makes room. */
function entryOf(kept: Map<string, Kept>, key: string): Kept {
  const entry = kept.get(key) ?? {};
  kept.delete(key);
  kept.set(key, entry);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return entry;
}

async function renew(entry: Kept, computed: Promise<Summary>): Promise<Summary> {
  try {
    return entry.last = await computed;
  } finally {
    delete entry.next;
  }
}

function summaryShape({ namespace, registry }: NamespaceRef, summary: Summary): Shape {
  const { repositories, tags, lastUsed, totals, periods, computedAt } = summary;
  return {
    prefix: namespace,
    registry: registry ?? null,
    repositories,
    tags,
    lastUsed: renderTime(lastUsed),
    totals,
    periods,
    computedAt: renderTime(computedAt),
  };
}
