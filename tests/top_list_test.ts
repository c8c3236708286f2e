import assert from "node:assert/strict";

import fc from "fast-check";

import { compareRanked, type Ranked, TopList } from "../lib/top_list.ts";

const names = fc.constantFrom("a", "b", "B", "a/b", "\u{ffff}", "\u{10000}", "é", "aa");
const items = fc.array(
  fc.record({
    registry: fc.constantFrom("default", "other"),
    repository: names,
    value: fc.integer({ min: 0, max: 9 }),
  }, { noNullPrototype: true }), // Equal items are to be equal whichever of them has a place.
  { maxLength: 60 },
);

/** Text by its bytes in UTF-8, whose order is that of code points. */
const bytesOf = (text: string): string => new TextEncoder().encode(text).toHex();

function compareBytes(one: Ranked, other: Ranked): number {
  const [a, b] = [one, other].map(({ repository, registry }) =>
    `${bytesOf(repository)} ${bytesOf(registry)}`
  ) as [string, string];
  return other.value - one.value || (a < b ? -1 : a > b ? 1 : 0);
}

Deno.test("TopList is the beginning of all items in order, without zeros", () => {
  fc.assert(fc.property(items, fc.integer({ min: 1, max: 20 }), (items, size) => {
    const list = new TopList(size);
    for (const item of items) list.offer(item);
    const want = items.filter(({ value }) => value > 0).toSorted(compareBytes).slice(0, size);
    assert.deepEqual(list.finish(), want);
  }));
});

Deno.test("TopList.floor leaves out nothing that would have a place", () => {
  fc.assert(fc.property(items, fc.integer({ min: 1, max: 20 }), (items, size) => {
    const [all, some] = [new TopList(size), new TopList(size)];
    for (const item of items) {
      if (item.value >= some.floor) some.offer(item);
      all.offer(item);
    }
    assert.deepEqual(some.finish(), all.finish());
    assert.equal(some.floor, all.finish()[size - 1]?.value ?? 1);
  }));
});

Deno.test("compareRanked() orders by value, then by repository, then by registry", () => {
  const ranked: Ranked[] = [
    { registry: "b", repository: "z", value: 2 },
    { registry: "b", repository: "a", value: 1 },
    { registry: "c", repository: "a", value: 1 },
    { registry: "a", repository: "a/b", value: 1 },
    { registry: "a", repository: "\u{ffff}", value: 1 },
    { registry: "a", repository: "\u{10000}", value: 1 },
  ];
  assert.deepEqual(ranked.toReversed().sort(compareRanked), ranked);
});
