/**
 * From request bodies to commits: a bounded queue, one batch in the store at a time, an answer when
 * the batch is durable.
 *
 * A batch takes all that waits, so that the busier it gets, the more events share a commit; no
 * answer ever waits for a timer. With an inbox, a batch is durable when it is there, and its events
 * are counted from the backlog; without one, when the store has counted them.
 *
 * @module
 */

import { setImmediate } from "node:timers";

import { Backlog } from "./backlog.ts";
import { MAX_BATCH_EVENTS, type Notification, type Received } from "./batch.ts";
import { AppError, BusyError } from "./errors.ts";
import type { Metrics } from "./metrics.ts";
import { isAboutLayer, outlineOf, receivedOf } from "./notification.ts";
import { Recorder, type RecorderOptions } from "./recorder.ts";
import type { Inbox } from "./store/inbox.ts";
import type { IgnoredCount } from "./store/store.ts";

/** What {@linkcode createCollector} is made with. */
export interface CollectorOptions extends RecorderOptions {
  /** How many events may wait. */
  readonly queueLimit: number;
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
  /** Waits until what has been answered so far can be read, unless the store does not answer. */
  settled(): Promise<void>;
  /**
   * Commits what has been taken in and refuses the rest.
   *
   * @returns How many notifications are left in the inbox, for the next process to count: none,
   *   unless the store does not answer.
   */
  stop(): Promise<number>;
}

/** The most bytes of bodies in a batch, unless one body alone has more. */
const MAX_BATCH_BYTES = 8 * 1024 * 1024;
/** Turns of the event loop that a batch waits in any case, some tens of microseconds. */
const MIN_TURNS = 1;
/** Turns that it waits for bodies on their way. */
const MAX_TURNS = 8;
/** How often what no batch has taken along is written, and an inbox that is not needed emptied. */
const TIDY_MS = 5000;

/** A body whose events wait together. */
interface Job {
  readonly notification: Notification;
  /** How many they are, or about how many. */
  readonly events: number;
  /** The events, where there is no inbox to be read from. */
  readonly received?: readonly Received[];
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
  readonly #metrics: Metrics;
  readonly #blobs: "ignore" | "count";
  readonly #queueLimit: number;
  readonly #recorder: Recorder;
  readonly #inbox: Inbox | undefined;
  readonly #backlog: Backlog | undefined;
  readonly #tidyTimer: ReturnType<typeof setInterval>;
  #queue: Job[] = [];
  #queuedEvents = 0;
  #running: Promise<void> | undefined;
  #expected = 0;
  #isStopping = false;

  constructor(options: CollectorOptions) {
    const { store: { inbox }, metrics, blobs, queueLimit } = options;
    this.#metrics = metrics;
    this.#blobs = blobs;
    this.#queueLimit = queueLimit;
    this.#recorder = new Recorder(options);
    this.#inbox = inbox;
    this.#backlog = inbox && new Backlog(this.#recorder, inbox);
    // What an earlier process took in, and was killed before it had counted it.
    this.#backlog?.add(this.#inbox?.takeFound() ?? []);
    this.#tidyTimer = setInterval(() => this.#tidyWhenIdle(), TIDY_MS);
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
    if (problem !== undefined) throw new BusyError(problem);
    this.#metrics.lastEvent.set(receivedAt / 1000, { registry });
    const isIgnoring = this.#blobs === "ignore";
    if (this.#inbox !== undefined) {
      // What goes in there is read when it is counted; here only what may not have to.
      const { events, mayBeLayers } = outlineOf(notification.body);
      if (!isIgnoring || !mayBeLayers) return await this.#enqueue({ notification, events });
    }
    const received = receivedOf(notification);
    const counted = isIgnoring ? received.filter((item) => !isAboutLayer(item)) : received;
    const events = counted.length;
    if (this.#inbox !== undefined && events > 0) {
      return await this.#enqueue({ notification, events });
    }
    if (events > 0) await this.#enqueue({ notification, events, received: counted });
    // Not before: what is refused comes again, and would be ignored a second time.
    this.#recorder.ignore({ registry, receivedAt, count: received.length - events });
  }

  unavailable(): string | undefined {
    if (this.#isStopping) return "The collector is stopping";
    return this.#recorder.isDown ? "The store does not answer" : undefined;
  }

  pendingIgnored(): IgnoredCount[] {
    return this.#recorder.pendingIgnored();
  }

  async settled(): Promise<void> {
    await this.#backlog?.settled();
  }

  async stop(): Promise<number> {
    this.#isStopping = true;
    clearInterval(this.#tidyTimer);
    while (this.#running !== undefined) await this.#running;
    // Those whom the last commit has answered add what they ignored.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#tidy();
    this.#recorder.stop();
    this.#backlog?.stop();
    return this.#backlog?.size ?? 0;
  }

  #enqueue(waiting: Omit<Job, "resolve" | "reject">): Promise<void> {
    const { events } = waiting;
    // A body larger than the queue passes while the queue is empty, else it never would.
    if (this.#queuedEvents > 0 && this.#queuedEvents + events > this.#queueLimit) {
      throw new BusyError("The queue is full");
    }
    this.#changeQueued(events);
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...waiting, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  #changeQueued(events: number): void {
    this.#queuedEvents += events;
    this.#metrics.queueEvents.set(this.#queuedEvents);
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
    const end = this.#queue.findIndex(({ events: more, notification }, index) => {
      events += more;
      bytes += notification.body.length;
      return index > 0 && (events > MAX_BATCH_EVENTS || bytes > MAX_BATCH_BYTES);
    });
    const taken = this.#queue.splice(0, end < 0 ? this.#queue.length : end);
    this.#changeQueued(-taken.reduce((sum, { events }) => sum + events, 0));
    return taken.filter((job) => this.#isStillWanted(job));
  }

  /** A sender that has given up sends again: to commit now would only make a duplicate. */
  #isStillWanted({ notification, reject }: Job): boolean {
    if (Date.now() <= notification.deadline && !this.#recorder.isDown) return true;
    reject(new BusyError(this.unavailable() ?? "The store is too slow"));
    return false;
  }

  async #commit(batch: readonly Job[]): Promise<void> {
    try {
      if (this.#inbox !== undefined) await this.#keep(this.#inbox, batch);
      else await this.#recorder.record(batch.flatMap(({ received = [] }) => received));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  /** Makes a batch durable in the inbox; its events are counted later. */
  async #keep(inbox: Inbox, batch: readonly Job[]): Promise<void> {
    const bytes = batch.reduce((sum, { notification }) => sum + notification.body.length, 0);
    await this.#backlog?.bounded(batch.length);
    if (!inbox.hasRoom(bytes)) await this.#clear(inbox, { wipe: false });
    const kept = await this.#trying(() => inbox.append(batch.map((job) => job.notification)));
    this.#backlog?.add([kept]);
  }

  async #clear(inbox: Inbox, { wipe }: { wipe: boolean }): Promise<void> {
    await this.settled();
    if (this.#backlog?.size !== 0) throw new AppError("unavailable", "The store does not answer");
    await this.#trying(() => inbox.clear({ wipe }));
  }

  /** The inbox is a part of the store: if it fails, the store does. */
  async #trying<T>(action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (error) {
      this.#recorder.fail(error);
      throw error;
    }
  }

  #tidyWhenIdle(): void {
    if (this.#recorder.isDown || this.#running !== undefined) return;
    this.#running = this.#tidy().then(() => this.#run());
  }

  /** Writes what no batch has taken along, and leaves no bodies in the inbox. */
  async #tidy(): Promise<void> {
    try {
      if (this.pendingIgnored().length > 0) await this.#recorder.record([]);
      if (this.#inbox?.isEmpty() === false) await this.#clear(this.#inbox, { wipe: true });
    } catch {
      // The recorder has told of it.
    }
  }
}
