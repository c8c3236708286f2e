import assert from "node:assert/strict";

import {
  type Interval,
  monthAfter,
  monthOf,
  parseDay,
  renderDay,
  startOf,
} from "../lib/calendar.ts";

const dayOf = (text: string): number => parseDay(text) ?? assert.fail(text);

Deno.test("monthOf() and monthAfter() know where months begin", async (t) => {
  const cases: [day: string, month: string, next: string][] = [
    ["2026-11-01", "2026-11-01", "2026-12-01"],
    ["2026-11-30", "2026-11-01", "2026-12-01"],
    ["2026-12-31", "2026-12-01", "2027-01-01"],
    ["2027-01-31", "2027-01-01", "2027-02-01"],
    ["2024-02-29", "2024-02-01", "2024-03-01"],
    ["1970-01-01", "1970-01-01", "1970-02-01"],
  ];
  for (const [day, month, next] of cases) {
    await t.step(day, () => {
      assert.equal(renderDay(monthOf(dayOf(day))), month);
      assert.equal(renderDay(monthAfter(dayOf(day))), next);
    });
  }
});

Deno.test("startOf() finds the Monday of a week", async (t) => {
  const cases: [day: string, interval: Interval, want: string][] = [
    ["2026-11-23", "week", "2026-11-23"],
    ["2026-11-29", "week", "2026-11-23"],
    ["2027-01-01", "week", "2026-12-28"],
    ["2026-11-25", "day", "2026-11-25"],
    ["2026-11-25", "month", "2026-11-01"],
  ];
  for (const [day, interval, want] of cases) {
    await t.step(`${interval} ${day}`, () => {
      assert.equal(renderDay(startOf(dayOf(day), interval)), want);
    });
  }
});

Deno.test("monthOf() and startOf() know the days before 1970", () => {
  assert.equal(renderDay(monthOf(-1)), "1969-12-01");
  assert.equal(renderDay(monthAfter(-1)), "1970-01-01");
  assert.equal(renderDay(startOf(0, "week")), "1969-12-29");
});

Deno.test("parseDay() takes days that exist from 1970 on, and nothing else", () => {
  assert.equal(parseDay("1970-01-01"), 0);
  for (const text of ["1969-12-31", "0001-01-01", "0000-01-01"]) {
    assert.equal(parseDay(text), undefined, text);
  }
  for (const text of ["2026-02-30", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-01T00", ""]) {
    assert.equal(parseDay(text), undefined, text);
  }
  assert.equal(renderDay(dayOf("2024-02-29")), "2024-02-29");
});
