/**
 * What a running DREC does by itself: dropping what is older than its retention.
 *
 * @module
 */

import type { Log } from "../log.ts";
import type { Store } from "../store/store.ts";

const INTERVAL_MS = 60_000;
/** Between two steps events have their turn. */
const PAUSE_MS = 50;

/**
 * Starts to drop what is due, a step at a time.
 *
 * @param store Where statistics live.
 * @param log Told of failures; the next round tries again.
 * @returns Stops it.
 */
export function startUpkeep(store: Store, log: Log): () => void {
  let isStopped = false;
  let timer = setTimeout(round, PAUSE_MS);

  async function round(): Promise<void> {
    let hasMore = false;
    try {
      hasMore = await store.expire(Date.now());
    } catch (error) {
      log.warning("cannot drop what is older than its retention", { error });
    }
    if (!isStopped) timer = setTimeout(round, hasMore ? PAUSE_MS : INTERVAL_MS);
  }

  return function stop(): void {
    isStopped = true;
    clearTimeout(timer);
  };
}
