/**
 * Notifications that are durable in the inbox and wait to be counted, a moment, for others: what
 * their events have in common is written once.
 *
 * @module
 */

import { setImmediate } from "node:timers";

import type { Recorder } from "./recorder.ts";
import type { Inbox, Kept } from "./store/inbox.ts";

/** So many are counted without waiting for more; nearly all have one event. */
const BATCH_NOTIFICATIONS = 500;
/** No more bytes than these are counted at once, unless a single notification has more. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** Before more is taken in, one waits until no more than these wait. */
const MAX_NOTIFICATIONS = 2 * BATCH_NOTIFICATIONS;
/** How long one waits for others, in milliseconds. */
const WAIT_MS = 100;
/** How long to wait for a store that does not answer. */
const RETRY_MS = 250;

/** Counts in order; nothing leaves it uncounted. */
export class Backlog {
  readonly #recorder: Recorder;
  readonly #inbox: Inbox;
  /** In order of their numbers. */
  #waiting: Kept[] = [];
  #counting: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isStopped = false;

  constructor(recorder: Recorder, inbox: Inbox) {
    this.#recorder = recorder;
    this.#inbox = inbox;
  }

  /** How many notifications wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Takes in what is in the inbox. */
  add(kept: readonly Kept[]): void {
    for (const item of kept) this.#waiting.push(item);
    if (this.#waiting.length >= BATCH_NOTIFICATIONS) void this.#run();
    else this.#runIn(WAIT_MS);
  }

  /** Waits until it is not too much that waits, or the store does not answer. */
  async bounded(): Promise<void> {
    while (this.#waiting.length > MAX_NOTIFICATIONS && await this.#countBatch());
  }

  /** Waits until all that is here now is counted, or the store does not answer. */
  async settled(): Promise<void> {
    const last = this.#waiting.at(-1)?.number ?? 0;
    while ((this.#waiting[0]?.number ?? Infinity) <= last) {
      if (!await this.#countBatch()) return;
    }
  }

  /** Leaves what waits to the next process. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #runIn(ms: number): void {
    if (!this.#isStopped && !this.#isRunning) this.#timer ??= setTimeout(() => this.#run(), ms);
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let isAnswering: boolean;
    do {
      // Answers go out and requests are read in between.
      await new Promise((resolve) => setImmediate(resolve));
      isAnswering = await this.#countBatch();
    } while (isAnswering && this.#waiting.length >= BATCH_NOTIFICATIONS);
    this.#isRunning = false;
    if (this.#waiting.length > 0) this.#runIn(isAnswering ? WAIT_MS : RETRY_MS);
  }

  /** @returns False if the store does not answer. */
  #countBatch(): Promise<boolean> {
    this.#counting ??= this.#tryBatch().finally(() => {
      this.#counting = undefined;
    });
    return this.#counting;
  }

  async #tryBatch(): Promise<boolean> {
    // The recorder asks for it; each attempt here would hold up those who are to be refused.
    if (this.#recorder.isDown) return false;
    try {
      const batch = this.#nextBatch();
      if (batch.length === 0) return true;
      const last = await this.#recorder.count(this.#inbox, batch);
      const left = batch.findIndex(({ number }) => number > last);
      this.#waiting.splice(0, left < 0 ? batch.length : left);
      return true;
    } catch {
      // The recorder has told of it.
      return false;
    }
  }

  #nextBatch(): Kept[] {
    const batch = this.#waiting.slice(0, BATCH_NOTIFICATIONS);
    let bytes = 0;
    const end = batch.findIndex(({ record }, index) => {
      bytes += record.length;
      return index > 0 && bytes > BATCH_BYTES;
    });
    return end < 0 ? batch : batch.slice(0, end);
  }
}
