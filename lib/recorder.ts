/**
 * Hands events to the store, directly or from the inbox, and what became of them to the metrics.
 * Knows whether the store answers.
 *
 * @module
 */

import { type IgnoredCount, MAX_BATCH_EVENTS, type Received, type Tally } from "./batch.ts";
import type { Metrics } from "./metrics.ts";
import { recordBeginning } from "./split_on_fault.ts";
import type { Inbox, Kept } from "./store/inbox.ts";
import type { Store } from "./store/store.ts";

/** What a {@linkcode Recorder} is made with. */
export interface RecorderOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  /** Whether events about layers are counted. */
  readonly blobs: "ignore" | "count";
  /** Told when the store stops and starts to answer; not told the same twice in a row. */
  readonly onStoreChange: (error: unknown) => void;
  /** Told of each entry that went into the quarantine. */
  readonly onQuarantined?: (entry: { registry: string; id: string; reason: string }) => void;
}

const PROBE_MS = 250;
const RECORD_BUDGET_MS = 2000;

/** Counts events in a store. */
export class Recorder {
  readonly #options: RecorderOptions;
  #ignored = new Map<string, IgnoredCount>();
  #probeTimer: ReturnType<typeof setTimeout> | undefined;
  #isDown = false;
  #isStopped = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Whether the store did not answer when it was last asked. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** Ignored events that no commit has taken to the store yet. */
  pendingIgnored(): IgnoredCount[] {
    return [...this.#ignored.values()];
  }

  /** Accounts for events that are ignored, with the next batch. */
  ignore({ registry, receivedAt, count }: IgnoredCount): void {
    if (count === 0) return;
    this.#addIgnored({ registry, receivedAt, count });
    this.#options.metrics.events.add(count, { registry, outcome: "ignored" });
  }

  /**
   * Records entries, as many batches as it takes.
   *
   * @param received The entries, in order; none, to account for what was ignored.
   * @throws {AppError} `unavailable`: some may have been recorded, others not.
   */
  async record(received: readonly Received[]): Promise<void> {
    let rest = received;
    do {
      const { length } = await this.#commit(async (ignored) => {
        const options = { ignored, deadline: Date.now() + RECORD_BUDGET_MS };
        const record = (part: readonly Received[]) => this.#options.store.record(part, options);
        const recorded = await recordBeginning(rest.slice(0, MAX_BATCH_EVENTS), record);
        return { ...recorded, tallies: [recorded.tally] };
      });
      rest = rest.slice(length);
    } while (rest.length > 0);
  }

  /**
   * Counts notifications that are in an inbox.
   *
   * @param inbox The inbox.
   * @param kept The notifications, in order.
   * @returns The number of the last of which all is counted.
   * @throws {AppError} `unavailable`: some may have been counted, others not.
   */
  async count(inbox: Pick<Inbox, "count">, kept: readonly Kept[]): Promise<number> {
    const { blobs } = this.#options;
    const { last } = await this.#commit((ignored) => inbox.count(kept, { blobs, ignored }));
    return last;
  }

  /**
   * From now on the store is down, until a probe finds it again.
   *
   * @param error What it said.
   */
  fail(error: unknown): void {
    this.#options.metrics.storeErrors.add(1);
    this.#markDown(error);
  }

  /** Asks no more whether a store that is down is back. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#probeTimer);
  }

  /** Takes what was ignored along, and tells what was done. */
  async #commit<T extends { readonly tallies: readonly Tally[] }>(
    commit: (ignored: readonly IgnoredCount[]) => Promise<T>,
  ): Promise<T> {
    const ignored = this.pendingIgnored();
    this.#ignored = new Map();
    try {
      const done = await commit(ignored);
      for (const tally of done.tallies) this.#observe(tally);
      return done;
    } catch (error) {
      for (const count of ignored) this.#addIgnored(count);
      this.fail(error);
      throw error;
    }
  }

  #addIgnored({ registry, receivedAt, count }: IgnoredCount): void {
    const present = this.#ignored.get(registry)?.count ?? 0;
    this.#ignored.set(registry, { registry, receivedAt, count: present + count });
  }

  #observe({ events, seconds, outcomes, clockSkewed, quarantined }: Tally): void {
    const { metrics, onQuarantined } = this.#options;
    metrics.commitDuration.observe(seconds);
    metrics.batchEvents.observe(events);
    metrics.clockSkewed.add(clockSkewed);
    for (const { registry, outcome, count } of outcomes) {
      metrics.events.add(count, { registry, outcome });
    }
    for (const entry of quarantined) onQuarantined?.(entry);
  }

  #markDown(error: unknown): void {
    if (!this.#isDown) this.#options.onStoreChange(error);
    this.#isDown = true;
    clearTimeout(this.#probeTimer);
    if (!this.#isStopped) this.#probeTimer = setTimeout(() => this.#probe(), PROBE_MS);
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.store.ping();
      this.#isDown = false;
      this.#options.onStoreChange(undefined);
    } catch (error) {
      this.#markDown(error);
    }
  }
}
