/**
 * At most one a second for each: which of many things that keep changing are due.
 *
 * The first change is due at once, later ones when the interval since the last time is over, so
 * that the last state is never left out. All times are those of the caller's clock.
 *
 * @module
 */

/** Things by their keys. */
export class Throttle {
  readonly #intervalMs: number;
  readonly #due = new Set<string>();
  /** When each was taken within the last interval, the earliest first; has it changed since? */
  readonly #taken = new Map<string, { readonly at: number; hasChanged: boolean }>();
  #waiting = 0;

  /** @param intervalMs Between two times that the same thing is due. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Things that have changed and were not taken since. */
  get size(): number {
    return this.#due.size + this.#waiting;
  }

  /**
   * Notes a change.
   *
   * @param key What has changed.
   */
  touch(key: string): void {
    const taken = this.#taken.get(key);
    if (taken === undefined) this.#due.add(key);
    else if (!taken.hasChanged) {
      taken.hasChanged = true;
      this.#waiting++;
    }
  }

  /**
   * Takes what is due. What changes from now on is due again an interval later.
   *
   * @param now Milliseconds.
   * @param limit At most this many.
   * @returns Their keys.
   */
  take(now: number, limit: number): string[] {
    this.#release(now);
    const keys: string[] = [];
    for (const key of this.#due) {
      if (keys.length >= limit) break;
      this.#due.delete(key);
      this.#taken.set(key, { at: now, hasChanged: false });
      keys.push(key);
    }
    return keys;
  }

  /**
   * Says when there is something to take.
   *
   * @param now Milliseconds.
   * @returns When to look again, or `undefined` while nothing has changed.
   */
  nextAt(now: number): number | undefined {
    if (this.#due.size > 0) return now;
    if (this.#waiting === 0) return undefined;
    const [first] = this.#taken.values();
    return Math.max(now, (first?.at ?? now) + this.#intervalMs);
  }

  /** Forgets all changes. */
  clear(): void {
    this.#due.clear();
    this.#taken.clear();
    this.#waiting = 0;
  }

  #release(now: number): void {
    for (const [key, { at, hasChanged }] of this.#taken) {
      if (at + this.#intervalMs > now) return;
      this.#taken.delete(key);
      if (!hasChanged) continue;
      this.#waiting--;
      this.#due.add(key);
    }
  }
}
