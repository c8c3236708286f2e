/**
 * The live stream of the running program.
 *
 * @module
 */

import { repositoryItem } from "../http/api/shapes.ts";
import { createLogThrottle, type Log } from "../log.ts";
import type { Metrics } from "../metrics.ts";
import type { Store } from "../store/store.ts";
import { createStreamHub, type StreamHub } from "../stream/hub.ts";

/** What could not be told is tried again every second, and logged less often. */
const LOG_MS = 10_000;

/**
 * Makes the live stream.
 *
 * @param store Whose changes are told.
 * @param options `log` is told where the store does not answer, `metrics` of the readers.
 * @returns The stream; it shows repositories as the list does.
 */
export function createLiveStream(
  store: Store,
  { log, metrics }: { log: Pick<Log, "warning">; metrics: Metrics },
): StreamHub {
  const mayLog = createLogThrottle(LOG_MS);
  return createStreamHub({
    store,
    render: repositoryItem,
    // Never set back, as the clock on the wall may be.
    now: () => performance.now(),
    metrics,
    onFailure(error) {
      const allowed = mayLog("stream");
      if (allowed === undefined) return;
      const { suppressed } = allowed;
      log.warning("cannot read what to tell on the stream", { error, suppressed });
    },
  });
}
