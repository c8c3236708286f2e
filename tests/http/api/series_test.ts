import assert from "node:assert/strict";

import { foldDays, type Interval } from "../../../lib/http/api/series.ts";
import { METRICS } from "../../../lib/statistics.ts";
import { openTestApp } from "../../support/app.ts";
import { recordEvents } from "../../support/store.ts";

const SERIES = "/api/v1/repositories/team/app/-/series";

interface Series {
  metric: string;
  interval: string;
  items: { start: string; value: number }[];
}

const dayOf = (text: string): number => Date.parse(`${text}T00:00:00Z`) / 86_400_000;

Deno.test("foldDays() adds days up to intervals", async (t) => {
  const days = [["2026-10-31", 1], ["2026-11-01", 2], ["2026-11-02", 4], [
    "2026-12-31",
    8,
  ]] as const;
  const values = days.map(([day, value]) => ({ day: dayOf(day), value }));
  const cases: [interval: Interval, from: string, to: string, want: Record<string, number>][] = [
    ["day", "2026-11-01", "2026-11-03", { "2026-11-01": 2, "2026-11-02": 4, "2026-11-03": 0 }],
    ["day", "2026-11-02", "2026-11-02", { "2026-11-02": 4 }],
    // 2 November 2026 is a Monday.
    ["week", "2026-10-31", "2026-11-03", { "2026-10-26": 3, "2026-11-02": 4 }],
    ["week", "2026-11-01", "2026-11-01", { "2026-10-26": 2 }],
    ["week", "2026-11-02", "2026-11-09", { "2026-11-02": 4, "2026-11-09": 0 }],
    ["week", "2026-12-28", "2027-01-04", { "2026-12-28": 8, "2027-01-04": 0 }],
    ["month", "2026-10-31", "2026-12-31", { "2026-10-01": 1, "2026-11-01": 6, "2026-12-01": 8 }],
    ["month", "2026-11-02", "2026-11-30", { "2026-11-01": 4 }],
    ["month", "2024-02-29", "2024-03-01", { "2024-02-01": 0, "2024-03-01": 0 }],
    ["week", "1969-12-31", "1970-01-01", { "1969-12-29": 0 }],
  ];
  for (const [interval, from, to, want] of cases) {
    await t.step(`${interval} ${from} ${to}`, () => {
      const items = foldDays(values, { from: dayOf(from), to: dayOf(to) }, interval);
      assert.deepEqual(items, Object.entries(want).map(([start, value]) => ({ start, value })));
    });
  }
});

Deno.test("GET /-/series has the last 30 days of pulls, today included, unless told", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { timestamp: "2026-11-20T23:59:59.999Z" },
    { timestamp: "2026-11-20T00:00:00Z" },
    { timestamp: "2026-11-20T00:30:00+01:00" },
    { timestamp: "2026-10-22T00:00:00Z" },
    { timestamp: "2026-10-21T23:59:59Z" },
  ]);
  const { metric, interval, items } = await app.get(SERIES) as Series;
  assert.deepEqual([metric, interval, items.length], ["pulls", "day", 30]);
  assert.deepEqual(items.filter(({ value }) => value > 0), [
    { start: "2026-10-22", value: 1 },
    { start: "2026-11-19", value: 1 },
    { start: "2026-11-20", value: 2 },
  ]);
  assert.equal(items.at(0)?.start, "2026-10-22");
  assert.equal(items.at(-1)?.start, "2026-11-20");
});

Deno.test("GET /-/series knows every metric", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { tag: "v1" },
    { tag: "v1", action: "push" },
    { tag: "v1", action: "push" },
    { method: "HEAD", tag: "v1" },
    { action: "delete", tag: "v1", digest: null },
    { action: "push", digest: "layer", mediaType: "application/octet-stream" },
    { digest: "layer", mediaType: "application/octet-stream" },
  ]);
  const counted: Record<string, number> = {
    pulls: 1,
    pushes: 2,
    unchangedPushes: 2,
    checks: 1,
    tagDeletes: 1,
    blobPushes: 1,
    blobPulls: 1,
  };
  for (const metric of METRICS) {
    await t.step(metric, async () => {
      const target = `${SERIES}?metric=${metric}&from=2026-11-20&to=2026-11-20`;
      const { text } = await app.ask(target);
      const items = [{ start: "2026-11-20", value: counted[metric] ?? 0 }];
      assert.equal(text, JSON.stringify({ metric, interval: "day", items }));
    });
  }
});

Deno.test("GET /-/series of a tag counts that tag alone", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ tag: "v1" }, { tag: "v1" }, { tag: "v2" }, {}]);
  const range = "from=2026-11-01&to=2026-11-30&interval=month";
  const valueOf = async (query: string) =>
    (await app.get(`${SERIES}?${range}${query}`) as Series).items[0]?.value;
  assert.equal(await valueOf("&tag=v1"), 2);
  assert.equal(await valueOf("&tag=v2"), 1);
  assert.equal(await valueOf(""), 4);
  assert.equal((await app.ask(`${SERIES}?tag=v3`)).status, 404);
});

Deno.test("GET /-/series counts from the end where only that is told", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}]);
  const rangeOf = async (query: string) => {
    const { items } = await app.get(`${SERIES}?${query}`) as Series;
    return [items.at(0)?.start, items.at(-1)?.start, items.length];
  };
  assert.deepEqual(await rangeOf("to=2026-03-30"), ["2026-03-01", "2026-03-30", 30]);
  assert.deepEqual(await rangeOf("from=2026-11-19"), ["2026-11-19", "2026-11-20", 2]);
  assert.deepEqual(await rangeOf("from=2026-11-20&to=2026-11-30"), [
    "2026-11-20",
    "2026-11-30",
    11,
  ]);
  const decade = "from=2016-11-13&to=2026-11-20&interval=month";
  assert.deepEqual(await rangeOf(decade), ["2016-11-01", "2026-11-01", 121]);
});

Deno.test("GET /-/series does not begin before 1970", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}]);
  const { items } = await app.get(`${SERIES}?to=1970-01-02`) as { items: unknown[] };
  assert.deepEqual(items, [{ start: "1970-01-01", value: 0 }, { start: "1970-01-02", value: 0 }]);
});

Deno.test("GET /-/series refuses what it does not understand", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}]);
  const cases: [query: string, detail: string][] = [
    ["metric=stars", `Parameter "metric" cannot be "stars": use one of ${METRICS.join(", ")}`],
    ["interval=year", 'Parameter "interval" cannot be "year": use one of day, week, month'],
    [
      "from=yesterday",
      'Parameter "from" cannot be "yesterday": use a day such as 2026-11-23, none before 1970-01-01',
    ],
    [
      "from=0000-01-01&to=0001-01-01&interval=week",
      'Parameter "to" cannot be "0001-01-01": use a day such as 2026-11-23, none before 1970-01-01',
    ],
    [
      "from=2026-11-21",
      '"from" 2026-11-21 is after "to" 2026-11-20: give the earlier day as `from`',
    ],
    ["from=2016-11-12", "The range has 3661 days: ask for at most 3660 at once"],
    [
      "limit=5",
      'Unknown parameter "limit": use metric, from, to, interval, tag, consumer, registry',
    ],
  ];
  for (const [query, detail] of cases) {
    await t.step(query, async () => {
      const { status, json } = await app.ask(`${SERIES}?${query}`);
      assert.equal(status, 400);
      assert.equal((json as { detail: string }).detail, detail);
    });
  }
});
