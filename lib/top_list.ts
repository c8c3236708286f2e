/**
 * The greatest of many, in memory for no more than are asked for.
 *
 * @module
 */

import { compareCodePoints } from "./code_points.ts";

/** Something that can be in a list. */
export interface Ranked {
  readonly registry: string;
  readonly repository: string;
  readonly value: number;
}

/** The first so many by value, then by repository, then by registry; nothing is ranked by zero. */
export class TopList<T extends Ranked> {
  readonly #size: number;
  /** A heap: an item comes after both that follow it at twice its place, so the last is first. */
  readonly #items: T[] = [];

  /** @param size At most so many, from 1 on. */
  constructor(size: number) {
    this.#size = size;
  }

  /** What a value must reach to have a place; that alone may not be enough. */
  get floor(): number {
    return this.#items.length < this.#size ? 1 : this.#items[0]?.value ?? 1;
  }

  /** @param item Takes a place if it belongs there. */
  offer(item: T): void {
    const items = this.#items;
    if (item.value < this.floor) return;
    if (items.length < this.#size) {
      items.push(item);
      this.#rise(items.length - 1);
    } else if (compareRanked(item, items[0] as T) < 0) {
      items[0] = item;
      this.#sink();
    }
  }

  /** @returns The items in order. */
  finish(): T[] {
    return this.#items.toSorted(compareRanked);
  }

  #rise(from: number): void {
    for (let at = from; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfAfter(at, parent)) return;
      at = parent;
    }
  }

  #sink(): void {
    for (let at = 0;;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      const child = this.#isAfter(right, left) ? right : left;
      if (!this.#swapIfAfter(child, at)) return;
      at = child;
    }
  }

  #isAfter(at: number, other: number): boolean {
    const [one, two] = [this.#items[at], this.#items[other]];
    return one !== undefined && two !== undefined && compareRanked(one, two) > 0;
  }

  #swapIfAfter(at: number, parent: number): boolean {
    if (!this.#isAfter(at, parent)) return false;
    const items = this.#items;
    [items[at], items[parent]] = [items[parent] as T, items[at] as T];
    return true;
  }
}

/**
 * Orders ranked items: the greatest value first, ties by repository, then by registry.
 *
 * @param one An item.
 * @param other Another.
 * @returns Below 0 if the first comes first.
 */
export function compareRanked(one: Ranked, other: Ranked): number {
  return other.value - one.value ||
    compareCodePoints(one.repository, other.repository) ||
    compareCodePoints(one.registry, other.registry);
}
