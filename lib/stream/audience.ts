/**
 * The readers of the live stream, by what they want to hear: those who want the same are sent the
 * same bytes.
 *
 * @module
 */

import type { RepositoryRef } from "../store/store.ts";
import { joinMessages } from "./message.ts";
import type { Reader } from "./reader.ts";

/** Which repositories a reader wants to hear of; what is absent does not matter. */
export interface StreamFilter {
  readonly registry?: string;
  /** The name, exactly. */
  readonly repository?: string;
  /** What the name begins with, exactly. */
  readonly prefix?: string;
}

/** A message about a repository, as it is sent. */
export interface RepositoryMessage {
  readonly of: RepositoryRef;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface Group {
  readonly filter: StreamFilter;
  readonly readers: Set<Reader>;
}

/** All readers. */
export class Audience {
  readonly #groups = new Map<string, Group>();
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** Lets a reader in. */
  add(reader: Reader, filter: StreamFilter): void {
    const key = keyOf(filter);
    const group = this.#groups.get(key) ?? { filter, readers: new Set() };
    this.#groups.set(key, group);
    group.readers.add(reader);
    this.#size++;
  }

  /** Lets a reader go. */
  remove(reader: Reader, filter: StreamFilter): void {
    const key = keyOf(filter);
    const group = this.#groups.get(key);
    if (group?.readers.delete(reader) !== true) return;
    this.#size--;
    if (group.readers.size === 0) this.#groups.delete(key);
  }

  /** Sends messages to whom they concern, and all of them at once. */
  tell(messages: readonly RepositoryMessage[]): void {
    for (const { filter, readers } of [...this.#groups.values()]) {
      const parts = messages.filter(({ of }) => isWanted(of, filter)).map(({ bytes }) => bytes);
      if (parts.length > 0) sendAll(readers, joinMessages(parts));
    }
  }

  /** Sends the same to all. */
  broadcast(bytes: Uint8Array<ArrayBuffer>): void {
    for (const { readers } of [...this.#groups.values()]) sendAll(readers, bytes);
  }

  /** Ends all. */
  stop(): void {
    for (const { readers } of [...this.#groups.values()]) {
      for (const reader of [...readers]) reader.stop();
    }
  }
}

/**
 * Says whether a reader wants to hear of a repository.
 *
 * @param of The repository.
 * @param filter What the reader wants.
 * @returns True if all that it names fits.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { isWanted } from "./audience.ts";
 *
 * const of = { registry: "default", repository: "team/app" };
 * assert.ok(isWanted(of, { prefix: "team/" }));
 * assert.ok(!isWanted(of, { prefix: "team/", registry: "main" }));
 * ```
 */
export function isWanted(of: RepositoryRef, filter: StreamFilter): boolean {
  const { registry = of.registry, repository = of.repository, prefix = "" } = filter;
  return of.registry === registry && of.repository === repository &&
    of.repository.startsWith(prefix);
}

/** A reader that is dropped leaves the set meanwhile, which a set allows. */
function sendAll(readers: ReadonlySet<Reader>, bytes: Uint8Array<ArrayBuffer>): void {
  for (const reader of readers) reader.send(bytes);
}

function keyOf({ registry, repository, prefix }: StreamFilter): string {
  return JSON.stringify([registry, repository, prefix]);
}
