/**
 * How entries wait for their counting, and cross to the thread that counts them: as text. A text is
 * one piece of memory, where an event that has been read is dozens, which V8 would move about while
 * they wait.
 *
 * @module
 */

import type { Envelope, Received } from "../../batch.ts";
import type { EnvelopeEntry } from "../../event.ts";
import { whyNotUnderstood } from "../../mapping.ts";

/** {@linkcode Received} as JSON; of its envelope only what the quarantine will need. */
interface Portable extends Omit<Received, "envelope" | "isSkewed"> {
  readonly envelope?: { readonly key: string; readonly excerpt: string; readonly bytes: number };
}

/** An entry that can be read again from its text. */
export class PackedReceived implements Received {
  readonly registry: string;
  readonly receivedAt: number;
  readonly envelope: Envelope;
  readonly number?: number;
  readonly isSkewed?: true;
  readonly text: string;

  /** @param received The entry. */
  constructor(received: Received) {
    this.registry = received.registry;
    this.receivedAt = received.receivedAt;
    this.envelope = received.envelope;
    if (received.number !== undefined) this.number = received.number;
    if (received.isSkewed) this.isSkewed = true;
    this.text = textOf(received);
  }

  /** Read anew each time. */
  get entry(): EnvelopeEntry {
    const { entry }: Portable = JSON.parse(this.text);
    return entry;
  }
}

/**
 * Writes an entry, unless it has been written.
 *
 * @param received The entry.
 * @returns Its text.
 */
export function packed(received: Received): string {
  return received instanceof PackedReceived ? received.text : textOf(received);
}

/**
 * Reads an entry.
 *
 * @param text From {@linkcode packed}.
 * @returns The entry. Only what is for the quarantine has an envelope.
 */
export function unpacked(text: string): Received {
  const { envelope, ...item }: Portable = JSON.parse(text);
  const { key = "", excerpt = "", bytes = 0 } = envelope ?? {};
  return { ...item, envelope: { key: () => key, excerpt: () => excerpt, bytes } };
}

function textOf({ registry, receivedAt, entry, envelope, number }: Received): string {
  const isUnderstood = "event" in entry && whyNotUnderstood(entry.event) === undefined;
  const portable: Portable = {
    registry,
    receivedAt,
    entry,
    ...(number === undefined ? {} : { number }),
    ...(isUnderstood ? {} : {
      envelope: { key: envelope.key(), excerpt: envelope.excerpt(), bytes: envelope.bytes },
    }),
  };
  return JSON.stringify(portable);
}
