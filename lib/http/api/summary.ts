/**
 * Everything in a few numbers.
 *
 * @module
 */

import { freshMs } from "../../freshness.ts";
import { nextOrLast } from "../../patience.ts";
import type { NamespaceRef } from "../../store/history.ts";
import type { Store } from "../../store/store.ts";
import { answerJson, type ApiHandler, parametersOf } from "./answer.ts";
import { namespaceOf } from "./days.ts";
import { renderTime, type Shape } from "./shapes.ts";
import { computeSummary, type Summary } from "./summary_numbers.ts";

/** An answer that is older is made anew, however long that takes. */
const STALE_MS = 60_000;
/** None that is older is given. */
const MAX_AGE_MS = 300_000;
/** Answers that are kept, one for each prefix and registry. */
const MAX_KEPT = 100;

/** The last answer of its kind, and the next one while it is made. */
interface Kept {
  last?: Summary;
  /** How long it took, in milliseconds. */
  tookMs: number;
  next?: Promise<Summary>;
}

/**
 * `GET /api/v1/summary?prefix=&registry=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler. What takes little is made anew for whoever asks (see `freshness.ts`); where
 *   it takes long, the handler answers with what it has for up to five minutes, and makes a new
 *   answer beside that when it is older than one.
 */
export function showSummary(store: Store, now: () => number): ApiHandler {
  const kept = new Map<string, Kept>();

  async function summaryOf(of: NamespaceRef): Promise<Summary> {
    const entry = entryOf(kept, JSON.stringify([of.namespace, of.registry]));
    const { last } = entry;
    const age = now() - (last?.computedAt ?? -Infinity);
    const tookMs = [...kept.values()].reduce((sum, { tookMs }) => sum + tookMs, 0);
    if (last !== undefined && age < Math.min(STALE_MS, freshMs(tookMs))) return last;
    entry.next ??= renew(entry, { store, of, now });
    if (last === undefined || age >= MAX_AGE_MS) return await entry.next;
    return await nextOrLast(entry.next, last, entry);
  }

  return async function showSummary(c): Promise<Response> {
    const of = namespaceOf(parametersOf(c, ["prefix", "registry"]));
    return answerJson(c, summaryShape(of, await summaryOf(of)));
  };
}

/** The least lately asked for makes room. */
function entryOf(kept: Map<string, Kept>, key: string): Kept {
  const entry = kept.get(key) ?? { tookMs: 0 };
  kept.delete(key);
  kept.set(key, entry);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return entry;
}

async function renew(
  entry: Kept,
  { store, of, now }: { store: Store; of: NamespaceRef; now: () => number },
): Promise<Summary> {
  const began = now();
  try {
    return entry.last = await computeSummary(store, of, { now: began });
  } finally {
    entry.tookMs = Math.max(0, now() - began);
    delete entry.next;
  }
}

function summaryShape({ namespace, registry }: NamespaceRef, summary: Summary): Shape {
  const { repositories, tags, lastUsed, lastEventAt, totals, periods, computedAt } = summary;
  return {
    prefix: namespace,
    registry: registry ?? null,
    repositories,
    tags,
    lastUsed: renderTime(lastUsed),
    lastEventAt: renderTime(lastEventAt),
    totals,
    periods,
    computedAt: renderTime(computedAt),
  };
}
