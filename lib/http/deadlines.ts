/**
 * Many deadlines, one timer: a timer for each request costs more than its routing.
 *
 * @module
 */

/** Deadlines are kept to this many milliseconds. */
const TICK_MS = 25;

interface Deadline {
  readonly at: number;
  /** Absent when what was waited for is there. */
  pass?: (() => void) | undefined;
}

/** Waits for things, but not for ever. */
export class Deadlines {
  /**
   * A list that is cleaned now and then, not a `Set`: one that grows and shrinks leaves a chain of
   * tables behind, of which V8 frees none before it has looked through its whole memory.
   */
  #waiting: Deadline[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Waits for a promise until a deadline.
   *
   * @param promise What to wait for; if it comes late, nobody hears of it.
   * @param at Milliseconds since 1970.
   * @param onPassed Makes the error for the case that it is late; may also stop what is going on.
   * @returns What the promise gives.
   * @throws What `onPassed` makes.
   */
  within<T>(promise: Promise<T>, at: number, onPassed: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline: Deadline = { at, pass: () => reject(onPassed()) };
      this.#waiting.push(deadline);
      this.#timer ??= setTimeout(() => this.#tick(), TICK_MS);
      promise.then((value) => {
        deadline.pass = undefined;
        resolve(value);
      }, (error) => {
        deadline.pass = undefined;
        reject(error);
      });
    });
  }

  #tick(): void {
    const now = Date.now();
    const waiting = this.#waiting.filter(({ pass }) => pass !== undefined);
    // Before anybody is told: they may wait for something else at once.
    this.#waiting = waiting.filter(({ at }) => at > now);
    for (const { at, pass } of waiting) {
      if (at <= now) pass?.();
    }
    this.#timer = this.#waiting.length === 0 ? undefined : setTimeout(() => this.#tick(), TICK_MS);
  }
}
