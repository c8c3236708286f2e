/**
 * Turns of the event loop.
 *
 * @module
 */

const NOTHING = new Uint8Array();

/**
 * Lets all that waits have its turn: requests, and messages of other threads. It takes 0.1 ms.
 *
 * That is an operation of the runtime, as good as any other. A timer would do, but takes 1 ms to
 * 2 ms; `setImmediate` would not, for messages wait for tens of milliseconds with it.
 */
export async function othersTurn(): Promise<void> {
  await crypto.subtle.digest("SHA-256", NOTHING);
}
