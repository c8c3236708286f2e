/**
 * The changes of a batch, merged as they come.
 *
 * Who sends much sends much of the same: the same actor pulls the same tag of the same repository
 * with the same client. Such events change the same rows by the same numbers and differ in their
 * times alone, so that the rows are found once for all of them.
 *
 * @module
 */

import { keyOf } from "./facts.ts";
import type { Meaning } from "./mapping.ts";
import {
  addChange,
  addCounts,
  addTime,
  type Change,
  changesOf,
  type Circumstances,
  dayOf,
  type Times,
} from "./statistics.ts";

/** A row that an event changes, and how. */
interface Touch {
  readonly row: Change;
  readonly change: Change;
}

/** Changes by row. */
export class ChangeSet {
  readonly #rows = new Map<string, Change>();
  /** What events that are alike do. */
  readonly #touches = new Map<string, readonly Touch[]>();

  /**
   * Adds what one event changes.
   *
   * @param meaning What it means.
   * @param circumstances Who and when.
   */
  add(meaning: Meaning, circumstances: Circumstances): void {
    const likeness = likenessOf(meaning, circumstances);
    const touches = this.#touches.get(likeness);
    if (touches === undefined) this.#touches.set(likeness, this.#addNew(meaning, circumstances));
    else for (const touch of touches) repeat(touch, Math.floor(circumstances.at / 1000));
  }

  /** Forgets what was planned for a repository whose keys begin so. */
  drop(prefix: string): void {
    for (const key of this.#rows.keys()) {
      if (key.startsWith(prefix)) this.#rows.delete(key);
    }
    this.#touches.clear();
  }

  /** @returns One change a row. */
  changes(): Change[] {
    return [...this.#rows.values()];
  }

  #addNew(meaning: Meaning, circumstances: Circumstances): Touch[] {
    return changesOf(meaning, circumstances).map((change) => ({
      row: addChange(this.#rows, change),
      change,
    }));
  }
}

/** All that `changesOf()` looks at, but the time of the day. */
function likenessOf(meaning: Meaning, circumstances: Circumstances): string {
  const { registry, repository, tag, actor, client, consumer, at, size } = circumstances;
  const digest = "digest" in meaning ? meaning.digest : "";
  const isUnchanged = meaning.type === "push" && meaning.unchanged;
  const what = `${meaning.type} ${isUnchanged} ${dayOf(at)} ${size} ${tag === undefined}`;
  // Only the last of them may have any character.
  const who = keyOf(client, consumer, actor.dimension, actor.name);
  return keyOf(registry, repository, what, tag ?? "", digest, who);
}

/** Adds the same numbers again, and another time. */
function repeat({ row, change: { counts, times } }: Touch, time: number): void {
  addCounts(row.counts, counts);
  for (const name in times) addTime(row.times, name as keyof Times, time);
}
