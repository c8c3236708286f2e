/**
 * The changes of a batch, merged as they come.
 *
 * Who sends much sends much of the same: the same actor pulls the same tag of the same repository
 * with the same client. Such events change the same rows by the same numbers and differ in their
 * times alone, so that the rows are found once for all of them.
 *
 * @module
 */

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

/** An event, and what all do that are like it. */
interface Example {
  readonly meaning: Meaning;
  readonly circumstances: Circumstances;
  readonly touches: readonly Touch[];
}

/** Examples of an actor in a repository that an event is compared with; what is beyond adds up, too. */
const MAX_EXAMPLES = 32;

/** Changes by row. */
export class ChangeSet {
  readonly #rows = new Map<string, Change>();
  /** By names of repository and actor. */
  #examples = new Map<string, Map<string, Example[]>>();

  /**
   * Adds what one event changes.
   *
   * @param meaning What it means.
   * @param circumstances Who and when.
   */
  add(meaning: Meaning, circumstances: Circumstances): void {
    const { at } = circumstances;
    const examples = this.#examplesOf(circumstances);
    const example = examples.find((one) => isLike(one, meaning, circumstances));
    if (example !== undefined) {
      for (const touch of example.touches) repeat(touch, Math.floor(at / 1000));
      return;
    }
    const touches = this.#addNew(meaning, circumstances);
    if (examples.length < MAX_EXAMPLES) examples.push({ meaning, circumstances, touches });
  }

  /** Forgets what was planned for a repository whose keys begin so. */
  drop(prefix: string): void {
    for (const key of this.#rows.keys()) {
      if (key.startsWith(prefix)) this.#rows.delete(key);
    }
    this.#examples = new Map();
  }

  /** @returns One change a row. */
  changes(): Change[] {
    return [...this.#rows.values()];
  }

  #examplesOf({ repository, actor: { name } }: Circumstances): Example[] {
    let ofRepository = this.#examples.get(repository);
    if (ofRepository === undefined) this.#examples.set(repository, ofRepository = new Map());
    let examples = ofRepository.get(name);
    if (examples === undefined) ofRepository.set(name, examples = []);
    return examples;
  }

  #addNew(meaning: Meaning, circumstances: Circumstances): Touch[] {
    return changesOf(meaning, circumstances).map((change) => ({
      row: addChange(this.#rows, change),
      change,
    }));
  }
}

/**
 * Whether all is the same that `changesOf()` looks at, but the time of the day; the names of
 * repository and actor are.
 */
function isLike(example: Example, meaning: Meaning, circumstances: Circumstances): boolean {
  const { meaning: known, circumstances: of } = example;
  return known.type === meaning.type && digestOf(known) === digestOf(meaning) &&
    isUnchanged(known) === isUnchanged(meaning) &&
    of.tag === circumstances.tag && of.size === circumstances.size &&
    of.registry === circumstances.registry &&
    of.actor.dimension === circumstances.actor.dimension &&
    of.client === circumstances.client && of.consumer === circumstances.consumer &&
    dayOf(of.at) === dayOf(circumstances.at);
}

function digestOf(meaning: Meaning): string | undefined {
  return "digest" in meaning ? meaning.digest : undefined;
}

function isUnchanged(meaning: Meaning): boolean {
  return meaning.type === "push" && meaning.unchanged;
}

/** Adds the same numbers again, and another time. */
function repeat({ row, change: { counts, times } }: Touch, time: number): void {
  addCounts(row.counts, counts);
  for (const name in times) addTime(row.times, name as keyof Times, time);
}
