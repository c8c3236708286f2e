/**
 * Events that are durable in the inbox and wait to be counted, a moment, for others: what they have
 * in common is written once.
 *
 * @module
 */

import { setImmediate } from "node:timers";

import type { Received } from "./batch.ts";
import type { Recorder } from "./recorder.ts";
import type { Inbox } from "./store/inbox.ts";

/** So many are counted without waiting for more; it also bounds how long a commit takes. */
const BATCH_EVENTS = 500;
/** Before more is taken in, one waits until no more than these wait. */
const MAX_EVENTS = 2 * BATCH_EVENTS;
/** How long one waits for others, in milliseconds. */
const WAIT_MS = 100;
/** How long to wait for a store that does not answer. */
const RETRY_MS = 250;

/** Counts in order; nothing leaves it uncounted. */
export class Backlog {
  readonly #recorder: Recorder;
  readonly #inbox: Inbox;
  /** In order of their numbers. */
  #waiting: Received[] = [];
  #counting: Promise<boolean> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isRunning = false;
  #isStopped = false;
  /** After an error it is not known which have been counted. */
  #isUnsure = false;

  constructor(recorder: Recorder, inbox: Inbox) {
    this.#recorder = recorder;
    this.#inbox = inbox;
  }

  /** How many events wait. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Takes in events that are in the inbox, with their numbers. */
  add(received: readonly Received[]): void {
    for (const item of received) this.#waiting.push(item);
    if (this.#waiting.length >= BATCH_EVENTS) void this.#run();
    else this.#runIn(WAIT_MS);
  }

  /** Waits until it is not too much that waits, or the store does not answer. */
  async bounded(): Promise<void> {
    while (this.#waiting.length > MAX_EVENTS && await this.#countBatch());
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
    } while (isAnswering && this.#waiting.length >= BATCH_EVENTS);
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
      if (this.#isUnsure) await this.#dropCounted();
      const batch = this.#waiting.slice(0, BATCH_EVENTS);
      if (batch.length > 0) await this.#recorder.record(batch);
      this.#waiting.splice(0, batch.length);
      return true;
    } catch {
      // The recorder has told of it.
      this.#isUnsure = true;
      return false;
    }
  }

  async #dropCounted(): Promise<void> {
    const counted = await this.#inbox.counted();
    this.#waiting = this.#waiting.filter(({ number = 0 }) => number > counted);
    this.#isUnsure = false;
  }
}
