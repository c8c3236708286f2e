/**
 * Entries as they cross to the thread of the store: plain data.
 *
 * @module
 */

import type { Received } from "../../batch.ts";

/** {@linkcode Received}, its envelope written out. */
export interface PortableReceived extends Omit<Received, "envelope"> {
  readonly envelope: { readonly key: string; readonly excerpt: string; readonly bytes: number };
}

/**
 * Makes an entry ready for the other side.
 *
 * @param received The entry.
 * @returns The same as plain data.
 */
export function portable({ envelope, ...item }: Received): PortableReceived {
  const { bytes } = envelope;
  return { ...item, envelope: { key: envelope.key(), excerpt: envelope.excerpt(), bytes } };
}

/**
 * Makes an entry of what has crossed.
 *
 * @param portable From {@linkcode portable}.
 * @returns The entry.
 */
export function receivedFrom({ envelope, ...item }: PortableReceived): Received {
  const { key, excerpt, bytes } = envelope;
  return { ...item, envelope: { key: () => key, excerpt: () => excerpt, bytes } };
}
