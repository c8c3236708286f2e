/**
 * Long reads let others have their turn.
 *
 * @module
 */

/** How long a read may go on, in milliseconds, before others have their turn. */
const TURN_MS = 10;

/** The pace of one read, made of steps that are each shorter than a turn or little longer. */
export class Pace {
  #began = performance.now();

  /** @returns At once, or when others have had their turn: to be called between two steps. */
  async rest(): Promise<void> {
    if (performance.now() - this.#began < TURN_MS) return;
    // Messages of other threads wait for tens of milliseconds with `setImmediate`.
    await new Promise((resolve) => setTimeout(resolve));
    this.#began = performance.now();
  }
}
