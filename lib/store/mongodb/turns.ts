/**
 * One after another within this process, for what would only collide in the database.
 *
 * Transactions that change one document at once abort each other, and of many that start again some
 * never come through.
 *
 * @module
 */

/** Queues, one a key. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /**
   * Does something after all that was asked for before under the same key.
   *
   * @param key What must not be changed at once.
   * @param action What to do, whatever became of those before.
   * @returns What the action gave.
   */
  async take<T>(key: string, action: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const own = before.then(action, action);
    this.#last.set(key, own);
    try {
      return await own;
    } finally {
      if (this.#last.get(key) === own) this.#last.delete(key);
    }
  }
}
