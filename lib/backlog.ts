/**
 * Notifications that are durable in the inbox and wait to be counted, a moment, for others: what
 * their events have in common is written once.
 *
 * @module
 */

import { setImmediate } from "node:timers";

import { pause } from "./patience.ts";
import type { Recorder } from "./recorder.ts";
import type { Inbox, Kept } from "./store/inbox.ts";

/** So many are counted without waiting for more; nearly all have one event. */
const BATCH_NOTIFICATIONS = 1000;
/** Or, if there are so many bytes of them, fewer. */
const BATCH_BYTES = 8 * 1024 * 1024;
/** While no more than these wait, more is taken in at once. */
const EASY_NOTIFICATIONS = BATCH_NOTIFICATIONS;
/** While more than these wait, none is; they take about a second to be counted. */
const MAX_NOTIFICATIONS = 4 * BATCH_NOTIFICATIONS;
const MAX_SLOWDOWN = 2;
/** Over how many batches the time that one takes is averaged. */
const SMOOTHING = 8;
/** How long one waits for others, in milliseconds. */
const WAIT_MS = 100;
/** How long to wait for a store that does not answer. */
const RETRY_MS = 250;

/** Counts in order; nothing leaves it uncounted. */
export class Backlog {
  readonly #recorder: Pick<Recorder, "isDown" | "count">;
  readonly #inbox: Pick<Inbox, "count">;
  readonly #pause: (ms: number) => Promise<void>;
  /** In order of their numbers. */
  #waiting: Kept[] = [];
  #counting: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #progress = new Progress();
  #isRunning = false;
  #isStopped = false;

  /**
   * @param recorder Counts.
   * @param inbox What is counted from.
   * @param options `pause`: waits; told how many milliseconds.
   */
  constructor(
    recorder: Pick<Recorder, "isDown" | "count">,
    inbox: Pick<Inbox, "count">,
    options: { pause?: (ms: number) => Promise<void> } = {},
  ) {
    this.#recorder = recorder;
    this.#inbox = inbox;
    this.#pause = options.pause ?? pause;
  }

  /** How many notifications wait. */
  get size(): number {
    return sizeOf(this.#waiting);
  }

  /** Takes in what is in the inbox. */
  add(kept: readonly Kept[]): void {
    for (const item of kept) this.#waiting.push(item);
    if (this.size >= BATCH_NOTIFICATIONS) void this.#run();
    else this.#runIn(WAIT_MS);
  }

  /**
   * Waits before more is taken in: not at all while little waits, as long as it takes to count as
   * many when a batch more does. So those who send faster than is counted are slowed down evenly.
   * If only whole batches made room, nobody would be answered before the end of one, and then all
   * at once; and each time the disk takes long, all would wait for it.
   *
   * @param more How many notifications.
   */
  async bounded(more: number): Promise<void> {
    const excess = this.size - this.#progress.done() - EASY_NOTIFICATIONS;
    const factor = Math.min(MAX_SLOWDOWN, excess / BATCH_NOTIFICATIONS);
    if (factor > 0) await this.#pause(this.#progress.msEach * more * factor);
    while (this.size > MAX_NOTIFICATIONS && await this.#countBatch());
  }

  /** Waits until all that is here now is counted, or the store does not answer. */
  async settled(): Promise<void> {
    const last = this.#waiting.at(-1)?.last ?? 0;
    while ((this.#waiting[0]?.first ?? Infinity) <= last) {
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
    } while (isAnswering && this.size >= BATCH_NOTIFICATIONS);
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
      this.#progress.begin(sizeOf(batch));
      const counted = await this.#recorder.count(this.#inbox, batch);
      const left = batch.findIndex(({ last }) => last > counted);
      this.#waiting.splice(0, left < 0 ? batch.length : left);
      return true;
    } catch {
      // The recorder has told of it.
      return false;
    } finally {
      this.#progress.end();
    }
  }

  #nextBatch(): Kept[] {
    let notifications = 0;
    let bytes = 0;
    const end = this.#waiting.findIndex((kept) => {
      const isFull = notifications >= BATCH_NOTIFICATIONS || bytes >= BATCH_BYTES;
      notifications += sizeOf([kept]);
      bytes += kept.records.length;
      return isFull;
    });
    return this.#waiting.slice(0, end < 0 ? this.#waiting.length : end);
  }
}

/** How many notifications they are. */
function sizeOf(kept: readonly Kept[]): number {
  const [first] = kept;
  return first === undefined ? 0 : (kept.at(-1)?.last ?? 0) - first.first + 1;
}

/** How far a batch probably is, judged by those before. */
class Progress {
  #size = 0;
  #start = 0;
  /** How long one took of late, in milliseconds. */
  msEach = 0;

  begin(size: number): void {
    this.#size = size;
    this.#start = performance.now();
  }

  end(): void {
    if (this.#size === 0) return;
    const msEach = (performance.now() - this.#start) / this.#size;
    this.msEach += (msEach - this.msEach) / (this.msEach === 0 ? 1 : SMOOTHING);
    this.#size = 0;
  }

  /** So many of those that are being counted. */
  done(): number {
    return Math.min(this.#size, (performance.now() - this.#start) / this.msEach);
  }
}
