/**
 * Merging many lists that are in the same order.
 *
 * @module
 */

import assert from "node:assert/strict";

import { type Source, takeFirst } from "../../lib/store/sqlite/merge.ts";

/** A list of numbers, read in parts. */
function sourceOf(numbers: readonly number[]): Source<number> {
  return {
    read: ({ some }, after) => {
      const from = after === undefined ? 0 : numbers.indexOf(after) + 1;
      return { items: numbers.slice(from, from + some), isLast: from + some >= numbers.length };
    },
  };
}

Deno.test("takeFirst() takes what sorting everything gives", async (t) => {
  const cases: [name: string, lists: number[][]][] = [
    ["no list", []],
    ["nothing in it", [[], []]],
    ["one list", [[1, 2, 3]]],
    ["one after another", [[4, 5, 6], [1, 2, 3], []]],
    ["in turns", [[1, 4, 7], [2, 5, 8], [3, 6, 9]]],
    ["much in one, in many parts", [
      Array.from({ length: 100 }, (_, i) => 2 * i),
      [7],
      [9, 301],
    ]],
  ];
  for (const [name, lists] of cases) {
    await t.step(name, async () => {
      const all = lists.flat().sort((one, other) => one - other);
      for (const count of [1, 2, 50, 1_000]) {
        const compare = (one: number, other: number): number => one - other;
        const first = await takeFirst(lists.map(sourceOf), count, { compare });
        assert.deepEqual(first, all.slice(0, count));
      }
    });
  }
});

Deno.test("takeFirst() does not look at all lists for each item", async () => {
  const [lists, count] = [300, 1_000];
  const sources = Array.from({ length: lists }, (_, list) => {
    return sourceOf(Array.from({ length: 10 }, (_, i) => i * lists + list));
  });
  let comparisons = 0;
  const compare = (one: number, other: number): number => {
    comparisons++;
    return one - other;
  };
  const first = await takeFirst(sources, count, { compare });
  assert.deepEqual(first, Array.from({ length: count }, (_, i) => i));
  assert.ok(comparisons < 20 * count, `${comparisons} comparisons`);
});
