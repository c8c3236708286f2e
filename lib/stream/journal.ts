/**
 * What has been told on the live stream, and where in it a reader is.
 *
 * @module
 */

import { randomUUID } from "node:crypto";

import { keyOf } from "../facts.ts";
import type { RepositoryRef, RepositoryStatistics } from "../store/store.ts";
import { isWanted, type RepositoryMessage, type StreamFilter } from "./audience.ts";
import type { StreamLimits } from "./limits.ts";
import { encodeMessage, type MessageName, parseId, type Position } from "./message.ts";
import { Ring } from "./ring.ts";

/** What a journal is made from. */
export interface JournalOptions {
  readonly limits: Pick<StreamLimits, "maxAgeMs" | "maxMessages" | "maxBacklog">;
  /** What is told of a repository. */
  readonly render: (statistics: RepositoryStatistics) => unknown;
}

interface Message extends RepositoryMessage {
  readonly name: MessageName;
  readonly data: string;
}

/** The messages of one uninterrupted run after the other. */
export class Journal {
  readonly #options: JournalOptions;
  #ring: Ring<Message>;
  /** Not to be mixed up with one of another process, or of before. */
  #run = nameRun();

  /** @param options Its bounds, and how repositories are shown. */
  constructor(options: JournalOptions) {
    this.#options = options;
    this.#ring = new Ring(options.limits);
  }

  /** How far it has come. */
  get position(): Position {
    return { run: this.#run, number: this.#ring.last };
  }

  /** Begins a new run: whoever has seen the one before may have missed something. */
  reset(): void {
    this.#run = nameRun();
    this.#ring = new Ring(this.#options.limits);
  }

  /**
   * Lists what a reader has missed.
   *
   * @param lastEventId The id that it saw last.
   * @param filter What it wants to hear.
   * @param now Milliseconds.
   * @returns The messages; `undefined` if nobody knows, or if reading all anew costs less.
   */
  missed(lastEventId: string, filter: StreamFilter, now: number): RepositoryMessage[] | undefined {
    const last = parseId(lastEventId);
    if (last?.run !== this.#run) return undefined;
    const missed = this.#ring.after(last.number, now)?.filter(({ of }) => isWanted(of, filter));
    const size = missed?.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) ?? 0;
    return size > this.#options.limits.maxBacklog / 2 ? undefined : missed;
  }

  /**
   * Writes down what has become of repositories.
   *
   * @param of The repositories.
   * @param items Those of them that there are.
   * @param now Milliseconds.
   * @returns What there is to be told: not all that changes in a store is shown.
   */
  write(
    of: readonly RepositoryRef[],
    items: readonly RepositoryStatistics[],
    now: number,
  ): RepositoryMessage[] {
    const found = new Map(items.map((item) => [keyOf(item.registry, item.repository), item]));
    return of.flatMap((ref) => {
      const key = keyOf(ref.registry, ref.repository);
      const item = found.get(key);
      const name = item === undefined ? "removed" : "repository";
      const data = JSON.stringify(item === undefined ? ref : this.#options.render(item));
      const before = this.#ring.latest(key);
      if (before?.name === name && before.data === data) return [];
      return this.#ring.add(key, now, (number) => {
        const bytes = encodeMessage(name, { data, position: { run: this.#run, number } });
        return { of: ref, name, data, bytes };
      });
    });
  }
}

function nameRun(): string {
  return randomUUID().replaceAll("-", "").slice(0, 12);
}
