/**
 * Hands events to the store: in batches of a bounded size, those at fault apart, and what became of
 * them into the metrics. Knows whether the store answers.
 *
 * @module
 */

import type { Outcome, Received } from "./batch.ts";
import type { Metrics } from "./metrics.ts";
import { quarantined, rejectionOf } from "./notification.ts";
import { EventFault, type IgnoredCount, type Store } from "./store/store.ts";

/** What a {@linkcode Recorder} is made with. */
export interface RecorderOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  /** Told when the store stops and starts to answer; not told the same twice in a row. */
  readonly onStoreChange: (error: unknown) => void;
  /** Told of each entry that went into the quarantine. */
  readonly onQuarantined?: (entry: { registry: string; id: string; reason: string }) => void;
}

/** The most events in a batch. */
export const MAX_BATCH_EVENTS = 500;
const PROBE_MS = 250;
const RECORD_BUDGET_MS = 2000;

/** Counts events in a store. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #ignored = new Map<string, IgnoredCount>();
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
    try {
      let start = 0;
      do {
        const batch = received.slice(start, start + MAX_BATCH_EVENTS);
        await this.#record(batch, Date.now() + RECORD_BUDGET_MS);
        start += MAX_BATCH_EVENTS;
      } while (start < received.length);
    } catch (error) {
      this.fail(error);
      throw error;
    }
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

  /** One transaction; an entry that is at fault is found by halving, and quarantined. */
  async #record(received: readonly Received[], deadline: number): Promise<void> {
    const { store, metrics } = this.#options;
    const ignored = this.pendingIgnored();
    this.#ignored.clear();
    try {
      const start = performance.now();
      const outcomes = await store.record(received, { ignored, deadline });
      metrics.commitDuration.observe((performance.now() - start) / 1000);
      metrics.batchEvents.observe(received.length);
      this.#observe(received, outcomes);
    } catch (error) {
      for (const count of ignored) this.#addIgnored(count);
      if (!(error instanceof EventFault)) throw error;
      await this.#split(received, { deadline, fault: error });
    }
  }

  async #split(
    received: readonly Received[],
    { deadline, fault }: { deadline: number; fault: EventFault },
  ): Promise<void> {
    const [first, ...rest] = received;
    if (first === undefined) throw fault;
    if (rest.length === 0) return await this.#record([quarantined(first, fault)], deadline);
    const half = Math.ceil(received.length / 2);
    await this.#record(received.slice(0, half), deadline);
    await this.#record(received.slice(half), deadline);
  }

  #addIgnored({ registry, receivedAt, count }: IgnoredCount): void {
    const present = this.#ignored.get(registry)?.count ?? 0;
    this.#ignored.set(registry, { registry, receivedAt, count: present + count });
  }

  #observe(received: readonly Received[], outcomes: readonly Outcome[]): void {
    const { metrics } = this.#options;
    const counts = new Map<string, number>();
    for (const [index, item] of received.entries()) {
      const { registry } = item;
      const key = `${registry}\n${outcomes[index]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (outcomes[index] === "counted" && item.isSkewed) metrics.clockSkewed.add(1);
      if (outcomes[index] === "quarantined") {
        this.#options.onQuarantined?.({ registry, ...rejectionOf(item.entry) });
      }
    }
    for (const [key, count] of counts) {
      const [registry = "", outcome = ""] = key.split("\n");
      metrics.events.add(count, { registry, outcome });
    }
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
