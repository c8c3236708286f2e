/**
 * Waiting: for what is being computed, but not for long; and for nothing.
 *
 * @module
 */

/** Whoever has something to show waits so long for something newer. */
const HURRY_MS = 250;

/**
 * Waits for something newer than what there is, if that is worth it.
 *
 * @param next What is being computed.
 * @param last What there is.
 * @param options `tookMs`: how long it took last, in milliseconds.
 * @returns The first, or the second where the first takes long or fails.
 */
export async function nextOrLast<T>(
  next: Promise<T>,
  last: T,
  { tookMs }: { tookMs: number },
): Promise<T> {
  const careless = next.catch(() => last);
  return tookMs > HURRY_MS ? last : await within(careless, HURRY_MS) ?? last;
}

/**
 * Waits for something, but not for long.
 *
 * @param promised What is waited for.
 * @param ms Milliseconds.
 * @returns What it came to, or `undefined` where it takes longer.
 */
export async function within<T>(promised: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promised, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits.
 *
 * @param ms Milliseconds.
 */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
