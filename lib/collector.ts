/**
 * From request bodies to commits: a bounded queue, one batch in the store at a time, an answer
 * after the commit.
 *
 * A batch takes all that waits, so that the busier it gets, the more events share a commit; nothing
 * ever waits for a timer.
 *
 * @module
 */

import { setImmediate } from "node:timers";

import { AppError } from "./errors.ts";
import type { Metrics } from "./metrics.ts";
import type { Outcome, Received } from "./batch.ts";
import {
  isUnderstoodBlob,
  type Notification,
  quarantined,
  receivedOf,
  rejectionOf,
} from "./notification.ts";
import { EventFault, type IgnoredCount, type Store } from "./store/store.ts";

/** What {@linkcode createCollector} is made with. */
export interface CollectorOptions {
  readonly store: Store;
  readonly metrics: Metrics;
  /** Whether events about layers are counted. */
  readonly blobs: "ignore" | "count";
  /** How many events may wait. */
  readonly queueLimit: number;
  /** Told when the store stops and starts to answer; not told the same twice in a row. */
  readonly onStoreChange: (error: unknown) => void;
  /** Told of each entry that went into the quarantine. */
  readonly onQuarantined?: (entry: { registry: string; id: string; reason: string }) => void;
}

/** Takes notifications in; see {@linkcode createCollector}. */
export interface Collector {
  /**
   * Announces a body that is on its way, so that the next commit waits a moment for it.
   *
   * @returns To be called when it has arrived, or never will.
   */
  expect(): () => void;
  /**
   * Counts the events of a body.
   *
   * @param notification The body.
   * @returns Settled when all its events are durable.
   * @throws {AppError} `unavailable`: the sender must keep the body and try again.
   */
  collect(notification: Notification): Promise<void>;
  /** Why nothing is taken in at the moment: `undefined` where it is. */
  unavailable(): string | undefined;
  /** Ignored events that no commit has taken to the store yet. */
  pendingIgnored(): IgnoredCount[];
  /** Commits what has been taken in and refuses the rest. */
  stop(): Promise<void>;
}

/** The most events in a batch. */
const MAX_BATCH_EVENTS = 500;
/** The most bytes of bodies in a batch, unless one body alone has more. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Turns of the event loop that a batch waits in any case, some tens of microseconds. */
const MIN_TURNS = 3;
/** Turns that it waits for bodies on their way. */
const MAX_TURNS = 8;
const IGNORED_FLUSH_MS = 5000;
const PROBE_MS = 250;
const RECORD_BUDGET_MS = 2000;

type Timer = ReturnType<typeof setTimeout>;

/** Entries of one body that wait together. */
interface Job {
  readonly received: readonly Received[];
  readonly bytes: number;
  readonly deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Makes a collector.
 *
 * @param options The store to count in, and the limits.
 * @returns The collector, at work until it is stopped.
 */
export function createCollector(options: CollectorOptions): Collector {
  return new QueueingCollector(options);
}

class QueueingCollector implements Collector {
  readonly #options: CollectorOptions;
  readonly #ignored = new Map<string, IgnoredCount>();
  readonly #flushTimer: Timer;
  #queue: Job[] = [];
  #queuedEvents = 0;
  #running: Promise<void> | undefined;
  #probeTimer: Timer | undefined;
  #expected = 0;
  #isStoreDown = false;
  #isStopping = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#flushTimer = setInterval(() => this.#flushIgnored(), IGNORED_FLUSH_MS);
  }

  expect(): () => void {
    this.#expected++;
    return () => {
      this.#expected--;
    };
  }

  async collect(notification: Notification): Promise<void> {
    const { registry, receivedAt } = notification;
    const problem = this.unavailable();
    if (problem !== undefined) throw new AppError("unavailable", problem);
    const received = receivedOf(notification);
    const counted = received.filter((item) => !this.#isIgnored(item));
    this.#options.metrics.lastEvent.set(receivedAt / 1000, { registry });
    if (counted.length > 0) await this.#enqueue(counted, notification);
    // Not before: what is refused comes again, and would be ignored a second time.
    this.#ignore({ registry, receivedAt, count: received.length - counted.length });
  }

  unavailable(): string | undefined {
    if (this.#isStopping) return "The collector is stopping";
    return this.#isStoreDown ? "The store does not answer" : undefined;
  }

  pendingIgnored(): IgnoredCount[] {
    return [...this.#ignored.values()];
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    clearInterval(this.#flushTimer);
    while (this.#running !== undefined) await this.#running;
    // Those whom the last commit has answered add what they ignored.
    await new Promise((resolve) => setImmediate(resolve));
    clearTimeout(this.#probeTimer);
    if (this.#ignored.size === 0) return;
    try {
      await this.#record([], Date.now() + RECORD_BUDGET_MS);
    } catch (error) {
      this.#options.onStoreChange(error);
    }
  }

  /** Whether it is about a layer, and these are not counted. */
  #isIgnored({ entry }: Received): boolean {
    return this.#options.blobs === "ignore" && "event" in entry && isUnderstoodBlob(entry.event);
  }

  #ignore({ registry, receivedAt, count }: IgnoredCount): void {
    if (count === 0) return;
    const present = this.#ignored.get(registry)?.count ?? 0;
    this.#ignored.set(registry, { registry, receivedAt, count: present + count });
    this.#options.metrics.events.add(count, { registry, outcome: "ignored" });
  }

  /** Waits in as many pieces as a batch can take; the last commit settles the body. */
  async #enqueue(received: readonly Received[], notification: Notification): Promise<void> {
    // A body larger than the queue passes while the queue is empty, else it never would.
    if (this.#queuedEvents > 0 && this.#queuedEvents + received.length > this.#options.queueLimit) {
      throw new AppError("unavailable", "The queue is full");
    }
    const pieces: Promise<void>[] = [];
    for (let start = 0; start < received.length; start += MAX_BATCH_EVENTS) {
      const piece = received.slice(start, start + MAX_BATCH_EVENTS);
      pieces.push(
        new Promise((resolve, reject) => {
          this.#queue.push({
            received: piece,
            bytes: start === 0 ? notification.body.length : 0,
            deadline: notification.deadline,
            resolve,
            reject,
          });
        }),
      );
    }
    this.#queuedEvents += received.length;
    this.#options.metrics.queueEvents.set(this.#queuedEvents);
    this.#running ??= this.#run();
    await Promise.all(pieces);
  }

  /** Commits batch after batch until nothing waits. */
  async #run(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      const batch = this.#takeBatch();
      if (batch.length > 0) await this.#commit(batch);
    }
    this.#running = undefined;
  }

  /**
   * Lets in what has arrived at this machine meanwhile: a commit of many events costs little more
   * than one of a few. Turns of the event loop are no waiting for a timer, and they are counted,
   * for a sender may stop in the middle of its body.
   */
  async #gather(): Promise<void> {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      if (this.#queuedEvents >= MAX_BATCH_EVENTS) return;
      if (turn >= MIN_TURNS && this.#expected === 0) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #takeBatch(): Job[] {
    let events = 0;
    let bytes = 0;
    const end = this.#queue.findIndex((job, index) => {
      events += job.received.length;
      bytes += job.bytes;
      return index > 0 && (events > MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES);
    });
    const taken = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    this.#queuedEvents -= taken.reduce((sum, job) => sum + job.received.length, 0);
    this.#options.metrics.queueEvents.set(this.#queuedEvents);
    return taken.filter((job) => this.#isStillWanted(job));
  }

  /** A sender that has given up sends again: to commit now would only make a duplicate. */
  #isStillWanted(job: Job): boolean {
    if (Date.now() <= job.deadline && !this.#isStoreDown) return true;
    job.reject(new AppError("unavailable", this.unavailable() ?? "The store is too slow"));
    return false;
  }

  async #commit(batch: readonly Job[]): Promise<void> {
    try {
      const received = batch.flatMap((job) => job.received);
      const outcomes = await this.#record(received, Date.now() + RECORD_BUDGET_MS);
      this.#observe(received, outcomes);
      for (const job of batch) job.resolve();
    } catch (error) {
      this.#options.metrics.storeErrors.add(1);
      this.#markDown(error);
      for (const job of batch) job.reject(error);
    }
  }

  /** Records entries; one that is at fault is found by halving, and quarantined. */
  async #record(received: readonly Received[], deadline: number): Promise<Outcome[]> {
    const ignored = this.pendingIgnored();
    this.#ignored.clear();
    try {
      const start = performance.now();
      const outcomes = await this.#options.store.record(received, { ignored, deadline });
      this.#options.metrics.commitDuration.observe((performance.now() - start) / 1000);
      this.#options.metrics.batchEvents.observe(received.length);
      return outcomes;
    } catch (error) {
      for (const count of ignored) this.#restoreIgnored(count);
      if (!(error instanceof EventFault)) throw error;
      return await this.#split(received, { deadline, fault: error });
    }
  }

  async #split(
    received: readonly Received[],
    { deadline, fault }: { deadline: number; fault: EventFault },
  ): Promise<Outcome[]> {
    const [first, ...rest] = received;
    if (first === undefined) throw fault;
    if (rest.length === 0) return await this.#record([quarantined(first, fault)], deadline);
    const half = Math.ceil(received.length / 2);
    const before = await this.#record(received.slice(0, half), deadline);
    return [...before, ...await this.#record(received.slice(half), deadline)];
  }

  #restoreIgnored({ registry, receivedAt, count }: IgnoredCount): void {
    const present = this.#ignored.get(registry)?.count ?? 0;
    this.#ignored.set(registry, { registry, receivedAt, count: present + count });
  }

  #observe(received: readonly Received[], outcomes: readonly Outcome[]): void {
    const { metrics } = this.#options;
    const counts = new Map<string, number>();
    for (const [index, { registry, entry }] of received.entries()) {
      const key = `${registry}\n${outcomes[index]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
      const isNew = outcomes[index] === "counted";
      if (isNew && "event" in entry && entry.event.clockSkewed) metrics.clockSkewed.add(1);
      if (outcomes[index] === "quarantined") {
        this.#options.onQuarantined?.({ registry, ...rejectionOf(entry) });
      }
    }
    for (const [key, count] of counts) {
      const [registry = "", outcome = ""] = key.split("\n");
      metrics.events.add(count, { registry, outcome });
    }
  }

  /** From now on everything is refused at once, until a probe finds the store again. */
  #markDown(error: unknown): void {
    if (!this.#isStoreDown) this.#options.onStoreChange(error);
    this.#isStoreDown = true;
    clearTimeout(this.#probeTimer);
    this.#probeTimer = setTimeout(() => this.#probe(), PROBE_MS);
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.store.ping();
      this.#isStoreDown = false;
      this.#options.onStoreChange(undefined);
    } catch (error) {
      if (!this.#isStopping) this.#markDown(error);
    }
  }

  #flushIgnored(): void {
    if (this.#ignored.size === 0 || this.#isStoreDown || this.#running !== undefined) return;
    this.#running = this.#commit([]).then(() => this.#run());
  }
}
