/**
 * The latest messages, so that a reader who was away can go on where it stopped: of each thing the
 * last one, for a limited time, and a limited number of them.
 *
 * @module
 */

/** A message and its number. */
export interface RingEntry<T> {
  readonly number: number;
  readonly key: string;
  readonly message: T;
  readonly at: number;
}

/** How much a ring keeps. */
export interface RingLimits {
  readonly maxAgeMs: number;
  readonly maxMessages: number;
}

/** Messages, numbered from 1 on in the order in which they were added. */
export class Ring<T> {
  readonly #limits: RingLimits;
  readonly #entries = new Map<string, RingEntry<T>>();
  #last = 0;
  /** The greatest number that is gone without a later message of the same thing. */
  #forgotten = 0;

  /** @param limits How much to keep. */
  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** The number of the last message; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /**
   * Finds the last message of a thing.
   *
   * @param key The thing.
   * @returns The message, as long as it is kept.
   */
  latest(key: string): T | undefined {
    return this.#entries.get(key)?.message;
  }

  /**
   * Adds a message.
   *
   * @param key What it is of: an earlier one of the same is not needed any more.
   * @param now Milliseconds.
   * @param make Makes the message, given its number.
   * @returns The message.
   */
  add(key: string, now: number, make: (number: number) => T): T {
    const entry = { number: ++this.#last, key, message: make(this.#last), at: now };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    this.#trim(now);
    return entry.message;
  }

  /**
   * Lists what came after a message.
   *
   * @param number Its number.
   * @param now Milliseconds.
   * @returns The messages, in order; `undefined` if some are gone, or there is no such number.
   */
  after(number: number, now: number): T[] | undefined {
    this.#trim(now);
    if (number > this.#last || number < this.#forgotten) return undefined;
    const later = [...this.#entries.values()].filter((entry) => entry.number > number);
    return later.map(({ message }) => message);
  }

  #trim(now: number): void {
    const { maxAgeMs, maxMessages } = this.#limits;
    for (const { key, number, at } of this.#entries.values()) {
      if (this.#entries.size <= maxMessages && at + maxAgeMs > now) return;
      this.#entries.delete(key);
      this.#forgotten = number;
    }
  }
}
