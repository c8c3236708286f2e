/**
 * Many deadlines, one timer: a timer for each request costs more than its routing.
 *
 * @module
 */

/** Deadlines are kept to this many milliseconds. */
const TICK_MS = 25;

interface Deadline {
  readonly at: number;
  readonly pass: () => void;
}

/** Waits for things, but not for ever. */
export class Deadlines {
  readonly #waiting = new Set<Deadline>();
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
      const deadline = { at, pass: () => reject(onPassed()) };
      this.#waiting.add(deadline);
      this.#timer ??= setTimeout(() => this.#tick(), TICK_MS);
      promise.then((value) => {
        this.#waiting.delete(deadline);
        resolve(value);
      }, (error) => {
        this.#waiting.delete(deadline);
        reject(error);
      });
    });
  }

  #tick(): void {
    const now = Date.now();
    for (const deadline of this.#waiting) {
      if (deadline.at > now) continue;
      this.#waiting.delete(deadline);
      deadline.pass();
    }
    this.#timer = this.#waiting.size === 0 ? undefined : setTimeout(() => this.#tick(), TICK_MS);
  }
}
