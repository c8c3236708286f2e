/**
 * What became of each entry of a batch: the accounting, and the quarantine.
 *
 * @module
 */

import {
  type AccountingWrite,
  MAX_REASONS,
  type Outcome,
  type PlanOptions,
  type QuarantineWrite,
  type Received,
} from "./batch.ts";
import { keyOf } from "./facts.ts";
import { redactBody } from "./privacy.ts";
import { dayOf } from "./statistics.ts";

/** The accounts of a batch. */
export class Accounts {
  readonly #options: PlanOptions;
  readonly #quarantine = new Map<string, QuarantineWrite>();
  readonly #accounting = new Map<
    string,
    { -readonly [K in keyof AccountingWrite]: AccountingWrite[K] }
  >();

  constructor(options: PlanOptions) {
    this.#options = options;
  }

  /** Puts an entry that cannot be understood into the quarantine, with its envelope. */
  reject({ registry, receivedAt, envelope }: Received, reason: string): void {
    const key = keyOf(registry, envelope.key());
    const { reasons = [], events = 0 } = this.#quarantine.get(key) ?? {};
    this.#quarantine.set(key, {
      registry,
      envelope: envelope.key(),
      receivedAt,
      reasons: reasons.includes(reason) ? reasons : [...reasons, reason].slice(0, MAX_REASONS),
      events: events + 1,
      bytes: envelope.bytes,
      excerpt: redactBody(envelope.excerpt(), this.#options.privacy, this.#options.key),
    });
  }

  /** Every entry is in exactly one column of its registry and day of arrival. */
  account({ registry, receivedAt }: Received, outcome: Outcome): void {
    const day = dayOf(receivedAt * 1000);
    const key = keyOf(registry, String(day));
    let row = this.#accounting.get(key);
    if (row === undefined) {
      row = { registry, day, counted: 0, duplicate: 0, ignored: 0, quarantined: 0 };
      this.#accounting.set(key, row);
    }
    row[outcome]++;
  }

  quarantine(): QuarantineWrite[] {
    return [...this.#quarantine.values()];
  }

  accounting(): AccountingWrite[] {
    return [...this.#accounting.values()];
  }
}
