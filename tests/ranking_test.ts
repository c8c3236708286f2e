import assert from "node:assert/strict";

import fc from "fast-check";

import { draftRanking, firstDayOf, MAX_PLACES, type Period, PERIODS } from "../lib/ranking.ts";
import { compareRanked } from "../lib/top_list.ts";

const today = 20_000;
const lengths: [Period, number][] = [["7d", 7], ["30d", 30], ["90d", 90], ["365d", 365]];

/** Days of a repository: how long ago, and how often. */
const days = fc.array(fc.tuple(fc.integer({ min: 0, max: 800 }), fc.integer({ min: 1, max: 9 })));

Deno.test("draftRanking() ranks as sorting all repositories would", () => {
  fc.assert(fc.property(fc.array(days, { maxLength: 30 }), (repositories) => {
    const draft = draftRanking("pulls", today);
    const known = repositories.map((days, at) => ({
      registry: "default",
      repository: `r${at}`,
      /** The sum of so many days, of which the last is so long ago. */
      sum: (ago: number, length: number): number =>
        days.filter(([day]) => day >= ago && day < ago + length)
          .reduce((sum, [, value]) => sum + value, 0),
    }));
    for (const { sum, ...of } of known) {
      const sums = draft.windows.map(({ from, to }) => sum(today - to, to - from + 1));
      draft.add({ ...of, total: sum(0, 801), sums });
    }
    for (const [period, length] of lengths) {
      const want = known
        .map(({ sum, ...of }) => ({ ...of, value: sum(0, length), previous: sum(length, length) }))
        .filter(({ value }) => value > 0)
        .sort(compareRanked);
      assert.deepEqual(draft.places(period), want);
    }
    const all = known.map(({ sum, ...of }) => ({ ...of, value: sum(0, 801), previous: null }))
      .filter(({ value }) => value > 0);
    assert.deepEqual(draft.places("all"), all.sort(compareRanked));
  }));
});

Deno.test("draftRanking() tells what a value must reach to come into each list", () => {
  const draft = draftRanking("pulls", today);
  assert.deepEqual(draft.starts, [today - 6, today - 29, today - 89, today - 364, null]);
  assert.deepEqual(draft.floors(), [1, 1, 1, 1, 1]);
  const add = (at: number) => {
    const sums = [at, 0, 2 * at, 0, 3 * at, 0, 4 * at, 0];
    draft.add({ registry: "default", repository: `r${at}`, total: 5 * at, sums });
  };
  for (let at = 0; at < MAX_PLACES; at++) add(at);
  assert.deepEqual(draft.floors(), [1, 1, 1, 1, 1], "one has no place, so one is free");
  for (let at = MAX_PLACES; at < 6000; at++) add(at);
  assert.deepEqual(draft.floors(), [5000, 10_000, 15_000, 20_000, 25_000]);
  assert.deepEqual(draft.floors(), PERIODS.map((period) => draft.places(period).at(-1)?.value));
});

Deno.test("draftRanking() has only all time for stars", () => {
  const draft = draftRanking("stars", today);
  assert.deepEqual([draft.windows, draft.starts], [[], [null]]);
  draft.add({ registry: "default", repository: "a", total: 3, sums: [] });
  assert.deepEqual(draft.places("all").map(({ value }) => value), [3]);
  assert.deepEqual(draft.places("7d"), []);
});

Deno.test("firstDayOf() counts today as a day", () => {
  assert.deepEqual(PERIODS.map((period) => firstDayOf(period, today)), [
    today - 6,
    today - 29,
    today - 89,
    today - 364,
    null,
  ]);
});
