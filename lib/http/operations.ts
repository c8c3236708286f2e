/**
 * What an orchestrator and Prometheus ask for: liveness, readiness, metrics.
 *
 * @module
 */

import { type Metrics, METRICS_TYPE } from "../metrics.ts";
import type { Store } from "../store/store.ts";
import type { ApiHandler } from "./api/answer.ts";

/** Whether this process takes events: not yet, yes, no longer. */
export type Readiness = "starting" | "ready" | "draining";

/** A probe waits for a second as a rule; the store has less. */
const PING_MS = 800;

/**
 * `GET /-/healthy`: the process runs.
 *
 * @returns The handler; answers 200 always.
 */
export function healthy(): ApiHandler {
  return (c) => c.text("ok\n", 200, { "Cache-Control": "no-store" });
}

/**
 * `GET /-/ready`: events would be accepted.
 *
 * @param store Where statistics live.
 * @param readiness Whether this process takes events.
 * @returns The handler; answers 200, or 503 with `starting`, `draining` or `store`.
 */
export function ready(store: Store, readiness: () => Readiness): ApiHandler {
  return async function ready(c): Promise<Response> {
    const state = readiness();
    const reason = state !== "ready" ? state : await answers(store) ? undefined : "store";
    const headers = { "Cache-Control": "no-store" };
    return reason === undefined
      ? c.text("ok\n", 200, headers)
      : c.text(`${reason}\n`, 503, headers);
  };
}

/**
 * `GET /metrics`: this process.
 *
 * @param metrics The instruments.
 * @returns The handler.
 */
export function showMetrics(metrics: Metrics): ApiHandler {
  return (c) =>
    c.body(metrics.render(), 200, { "Content-Type": METRICS_TYPE, "Cache-Control": "no-store" });
}

async function answers(store: Store): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), PING_MS);
  const pinged = store.ping().then(() => true, () => false);
  try {
    return await Promise.race([pinged, late]);
  } finally {
    clearTimeout(timer);
  }
}
