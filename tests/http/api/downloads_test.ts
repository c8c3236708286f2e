import assert from "node:assert/strict";

import { parseNames, parsePeriod } from "../../../lib/http/api/downloads_query.ts";
import { openTestApp } from "../../support/app.ts";
import { openTestStore, recordEvents } from "../../support/store.ts";

const POINT = "/api/v1/downloads/point";
const RANGE = "/api/v1/downloads/range";

Deno.test("parsePeriod() knows npm's periods, and ends them yesterday", () => {
  assert.deepEqual(parsePeriod("last-day", 100), { from: 99, to: 99 });
  assert.deepEqual(parsePeriod("last-week", 100), { from: 93, to: 99 });
  assert.deepEqual(parsePeriod("last-month", 100), { from: 70, to: 99 });
  assert.deepEqual(parsePeriod("last-year", 1000), { from: 635, to: 999 });
  assert.deepEqual(parsePeriod("1970-01-03", 100), { from: 2, to: 2 });
  assert.deepEqual(parsePeriod("1970-01-03:1970-01-03", 100), { from: 2, to: 2 });
  const bad = [
    "",
    "yesterday",
    "1970-01-03:",
    ":",
    "1970-02-30",
    "toString",
    "1970-01-01:1970-01-02:1970-01-03",
  ];
  for (const text of bad) assert.throws(() => parsePeriod(text, 100), /invalid period/, text);
  assert.throws(() => parsePeriod("1970-01-03:1970-01-02", 100), /end date is before start date/);
});

Deno.test("parseNames() splits at commas that are not encoded", () => {
  assert.deepEqual(parseNames("a,team%2Fb,a"), ["a", "team/b"]);
  assert.deepEqual(parseNames("a%2Cb"), ["a,b"]);
  assert.throws(() => parseNames("a,,b"), /a name is empty/);
  assert.throws(() => parseNames("%ff"), /cannot decode/);
  const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}`).join();
  assert.equal(parseNames(names(128)).length, 128);
  assert.throws(() => parseNames(names(129)), /129 names are too many/);
  assert.throws(() => parseNames(`${names(128)},n0`), /129 names are too many/);
});

Deno.test("GET /downloads/point has npm's shapes", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { timestamp: "2026-11-19T12:00:00Z" },
    { timestamp: "2026-11-13T12:00:00Z" },
    { timestamp: "2026-11-12T12:00:00Z" },
    { timestamp: "2026-11-20T01:00:00Z" },
    { timestamp: "2026-11-19T12:00:00Z", repository: "app" },
    { timestamp: "2026-11-19T12:00:00Z", registry: "other" },
    { timestamp: "2026-11-19T12:00:00Z", repository: "__proto__" },
    { timestamp: "2026-11-19T12:00:00Z", repository: "a,b" },
    // No pulls.
    { timestamp: "2026-11-19T12:00:00Z", action: "push", tag: "v1" },
    { timestamp: "2026-11-19T12:00:00Z", method: "HEAD", tag: "v1" },
  ]);
  const week = { start: "2026-11-13", end: "2026-11-19" };
  const day = { start: "2026-11-19", end: "2026-11-19" };
  const cases: [path: string, want: unknown][] = [
    ["last-day/app", { downloads: 1, ...day, package: "app" }],
    // The sum of both registries.
    ["last-week/team/app", { downloads: 3, ...week, package: "team/app" }],
    ["last-week/team%2Fapp", { downloads: 3, ...week, package: "team/app" }],
    ["last-week/team/app?registry=default", { downloads: 2, ...week, package: "team/app" }],
    ["2026-11-20/team/app", {
      downloads: 1,
      start: "2026-11-20",
      end: "2026-11-20",
      package: "team/app",
    }],
    ["2026-11-12:2026-11-20/team/app", {
      downloads: 5,
      start: "2026-11-12",
      end: "2026-11-20",
      package: "team/app",
    }],
    ["last-day/a%2Cb", { downloads: 1, ...day, package: "a,b" }],
    ["last-day", { downloads: 5, ...day }],
    ["last-day?registry=other", { downloads: 1, ...day }],
    ["last-day/app,team/app,nobody", {
      app: { downloads: 1, ...day, package: "app" },
      "team/app": { downloads: 2, ...day, package: "team/app" },
      nobody: null,
    }],
  ];
  for (const [path, want] of cases) {
    await t.step(path, async () => {
      const { text, status } = await app.ask(`${POINT}/${path}`);
      assert.deepEqual([status, text], [200, JSON.stringify(want)]);
    });
  }
  await t.step("a name that objects have already", async () => {
    const { text } = await app.ask(`${POINT}/last-day/__proto__,constructor`);
    const own = JSON.stringify({ downloads: 1, ...day, package: "__proto__" });
    assert.equal(text, `{"__proto__":${own},"constructor":null}`);
  });
});

Deno.test("GET /downloads/range has a number for each day", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{ timestamp: "2026-11-18T12:00:00Z" }]);
  const days = [
    { day: "2026-11-17", downloads: 0 },
    { day: "2026-11-18", downloads: 1 },
  ];
  const span = { start: "2026-11-17", end: "2026-11-18" };
  const one = { ...span, package: "team/app", downloads: days };
  const period = "2026-11-17:2026-11-18";
  const text = async (path: string) => (await app.ask(`${RANGE}/${path}`)).text;
  assert.equal(await text(`${period}/team/app`), JSON.stringify(one));
  assert.equal(await text(period), JSON.stringify({ ...span, downloads: days }));
  const both = JSON.stringify({ "team/app": one, nobody: null });
  assert.equal(await text(`${period}/team/app,nobody`), both);
  const year = await app.get(`${RANGE}/last-year/team/app`) as { downloads: unknown[] };
  assert.equal(year.downloads.length, 365);
});

Deno.test("GET /downloads/… says {error}, as npm does", async (t) => {
  await using app = await openTestApp();
  await recordEvents(app.store, [{}]);
  const many = Array.from({ length: 129 }, (_, at) => `n${at}`).join();
  const cases: [path: string, status: number, error: string | RegExp][] = [
    ["last-day/nobody", 404, "package nobody not found"],
    ["last-day/team/app?registry=other", 404, "package team/app not found"],
    ["yesterday/team/app", 400, /^invalid period "yesterday": use last-day, /],
    ["1969-12-31", 400, /^invalid period "1969-12-31": use .*, no day before 1970-01-01$/],
    ["0000-01-01:0001-01-01", 400, /^invalid period .*, no day before 1970-01-01$/],
    ["2026-11-20:2026-11-19", 400, "end date is before start date"],
    ["2000-01-01:2026-11-19", 400, /^The range has 9820 days/],
    [`last-day/${many}`, 400, /^129 names are too many/],
    ["last-day/a,,b", 400, "a name is empty"],
    ["last-day/%ff", 400, /^cannot decode "%ff"/],
    ["last-day?limit=1", 400, 'Unknown parameter "limit": use registry'],
  ];
  for (const [path, status, want] of cases) {
    for (const base of [POINT, RANGE]) {
      await t.step(`${base}/${path.slice(0, 40)}`, async () => {
        const { status: found, json } = await app.ask(`${base}/${path}`);
        assert.equal(found, status);
        assert.deepEqual(Object.keys(json as object), ["error"]);
        const { error } = json as { error: string };
        if (typeof want === "string") assert.equal(error, want);
        else assert.match(error, want);
      });
    }
  }
});

Deno.test("GET /downloads/… adds whole months, and tells no days of them", async () => {
  const DAY_MS = 86_400_000;
  const retention = {
    ids: 90 * DAY_MS,
    events: 14 * DAY_MS,
    days: 31 * DAY_MS,
    tagDays: 31 * DAY_MS,
    deleted: 90 * DAY_MS,
    quarantine: 30 * DAY_MS,
  };
  await using opened = await openTestStore({ retention });
  await using app = await openTestApp({ store: opened.store });
  await recordEvents(opened.store, [{ timestamp: "2026-09-05T00:00:00Z" }, {}]);
  while (await opened.store.expire(Date.parse("2026-11-20T12:00:00Z")));
  const { downloads } = await app.get(`${POINT}/2026-09-01:2026-11-20/team/app`) as {
    downloads: number;
  };
  assert.equal(downloads, 2);
  for (
    const path of [`${RANGE}/2026-09-01:2026-11-20/team/app`, `${POINT}/2026-09-02:2026-11-20`]
  ) {
    const { status, json } = await app.ask(path);
    assert.equal(status, 400);
    assert.match((json as { error: string }).error, /^Days before 2026-10-01 are kept by month/);
  }
});
