import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { AppError } from "../lib/errors.ts";
import { createRankings, type RankingQuery, type RankingsOptions } from "../lib/rankings.ts";
import type { Store } from "../lib/store/store.ts";
import { openTestStore, recordEvents } from "./support/store.ts";
import { until } from "./support/wait.ts";

const MINUTE = 60_000;
const start = Date.parse("2026-11-20T18:00:00Z");
const pulls = { metric: "pulls", period: "30d" } as const;

/** Rankings of a store, with a clock to be set. */
function rankingsOf(store: Pick<Store, "sumDays">, options: Partial<RankingsOptions> = {}) {
  const clock = { time: start };
  const rankings = createRankings({ store, now: () => clock.time, ...options });
  const names = async (query: Parameters<typeof rankings.find>[0] = pulls) =>
    (await rankings.find(query))?.places.map(({ repository, value }) => `${repository} ${value}`);
  return { clock, rankings, names };
}

/** Counts how often reading a ranking of a store begins. */
function counting(store: Pick<Store, "sumDays">) {
  const read: string[] = [];
  return {
    read,
    sumDays(query: Parameters<Store["sumDays"]>[0]) {
      const { metric, prefix = "" } = query;
      if (query.after === undefined) read.push(metric + prefix);
      return store.sumDays(query);
    },
  };
}

Deno.test("createRankings() computes what is asked for, and answers from memory for two seconds", async () => {
  await using opened = await openTestStore();
  const store = counting(opened.store);
  const { clock, rankings, names } = rankingsOf(store);
  await recordEvents(opened.store, [{ repository: "a" }, { repository: "b" }, { repository: "b" }]);
  assert.deepEqual(await names(), ["b 2", "a 1"]);
  await rankings.refresh();
  assert.deepEqual(store.read, ["pulls", "pushes"], "a request comes before what is due");
  await recordEvents(opened.store, [{ repository: "c" }]);
  clock.time += 1999;
  assert.deepEqual(await names(), ["b 2", "a 1"]);
  assert.equal((await rankings.find(pulls))?.computedAt, start);
  clock.time += 1;
  assert.deepEqual(await names(), ["b 2", "a 1", "c 1"]);
  assert.equal((await rankings.find(pulls))?.computedAt, start + 2000);
  assert.deepEqual(store.read, ["pulls", "pushes", "pulls"]);
  await rankings.stop();
});

Deno.test("createRankings() computes again what somebody asks for in a twentieth of the time", async () => {
  await using opened = await openTestStore();
  const clock = { time: start };
  const store = counting({
    sumDays(query) {
      clock.time += 200;
      return opened.store.sumDays(query);
    },
  });
  const { rankings, names } = rankingsOf(store, { now: () => clock.time });
  await rankings.refresh();
  await recordEvents(opened.store, [{}]);
  // Pulls were computed at 0, pushes at 200, in so many milliseconds each.
  const at = async (ms: number) => {
    clock.time = start + ms;
    return await names();
  };
  assert.deepEqual(await at(7999), []);
  assert.deepEqual(await at(8000), ["team/app 1"]);
  await rankings.find({ metric: "checks", period: "7d" });
  await recordEvents(opened.store, [{}]);
  assert.deepEqual(await at(8000 + 11_999), ["team/app 1"], "there are three now");
  assert.deepEqual(await at(8000 + 12_000), ["team/app 2"]);
  assert.deepEqual(store.read, ["pulls", "pushes", "pulls", "checks", "pulls"]);
  await rankings.stop();
});

Deno.test("createRankings() shows what it has where computing again takes long or fails", async () => {
  await using opened = await openTestStore();
  let gate: Promise<unknown> = Promise.resolve();
  const store: Pick<Store, "sumDays"> = {
    sumDays: (query) => gate.then(() => opened.store.sumDays(query)),
  };
  const errors: unknown[] = [];
  const { clock, rankings, names } = rankingsOf(store, { onError: (error) => errors.push(error) });
  await recordEvents(opened.store, [{}]);
  assert.deepEqual(await names(), ["team/app 1"]);
  await rankings.refresh();
  await recordEvents(opened.store, [{}]);
  const opening = Promise.withResolvers<void>();
  gate = opening.promise;
  clock.time += 2000;
  const both = await Promise.all([names(), names()]);
  assert.deepEqual(both, [["team/app 1"], ["team/app 1"]]);
  opening.resolve();
  await rankings.refresh();
  assert.deepEqual(await names(), ["team/app 2"], "it was computed all the same");
  const ill = new AppError("unavailable", "Cannot read");
  gate = Promise.reject(ill);
  gate.catch(() => {});
  clock.time += 2000;
  assert.deepEqual(await names(), ["team/app 2"]);
  assert.deepEqual(await names(), ["team/app 2"]);
  assert.deepEqual(errors, [ill], "it is tried every two seconds");
  clock.time += 5 * MINUTE;
  await assert.rejects(names(), ill);
  await rankings.stop();
});

Deno.test("createRankings() keeps pulls and pushes fresh, whether somebody asks or not", async () => {
  await using opened = await openTestStore();
  const store = counting(opened.store);
  const { clock, rankings, names } = rankingsOf(store);
  await rankings.refresh();
  await recordEvents(opened.store, [{}]);
  clock.time += MINUTE;
  await rankings.refresh();
  assert.deepEqual(store.read, ["pulls", "pushes"]);
  clock.time += MINUTE;
  await rankings.refresh();
  assert.deepEqual(store.read, ["pulls", "pushes", "pulls", "pushes"]);
  assert.deepEqual(await names(), ["team/app 1"]);
  assert.equal(store.read.length, 4);
  await rankings.stop();
});

Deno.test("createRankings() keeps other subjects fresh for half an hour after they were asked for", async () => {
  await using opened = await openTestStore();
  const store = counting(opened.store);
  const { clock, rankings } = rankingsOf(store);
  const query = { ...pulls, prefix: "team/" };
  await rankings.find(query);
  const rounds = async (minutes: number) => {
    store.read.length = 0;
    for (let round = 0; round < minutes; round++) {
      clock.time += MINUTE;
      await rankings.refresh();
    }
    return store.read.filter((subject) => subject === "pullsteam/").length;
  };
  assert.equal(await rounds(30), 15);
  assert.equal(await rounds(10), 0);
  await rankings.find(query);
  assert.equal(store.read.at(-1), "pullsteam/");
  await rankings.stop();
});

Deno.test("createRankings() lets a removed repository vanish, and moves on with the day", async () => {
  await using opened = await openTestStore();
  const { clock, rankings, names } = rankingsOf(opened.store);
  await recordEvents(opened.store, [{ repository: "a" }, { repository: "b" }]);
  assert.deepEqual(await names(), ["a 1", "b 1"]);
  const gone = { action: "delete", repository: "a", digest: null, mediaType: "none" };
  await recordEvents(opened.store, [{ ...gone, timestamp: "2026-11-20T12:00:01Z" }]);
  clock.time += 5 * MINUTE;
  assert.deepEqual(await names(), ["b 1"]);
  clock.time = Date.parse("2026-12-19T23:59:59Z");
  assert.deepEqual(await names(), ["b 1"], "thirty days with today");
  clock.time += 5 * MINUTE;
  assert.deepEqual(await names(), []);
  assert.deepEqual(await names({ ...pulls, period: "90d" }), ["b 1"]);
  await rankings.stop();
});

Deno.test("createRankings() does not let a request wait for long", async () => {
  await using opened = await openTestStore();
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const store: Pick<Store, "sumDays"> = {
    async sumDays(query) {
      waiting++;
      await gate.promise;
      return await opened.store.sumDays(query);
    },
  };
  const { rankings, names } = rankingsOf(store, { patienceMs: 20 });
  await recordEvents(opened.store, [{}]);
  assert.deepEqual(await Promise.all([names(), names(), names()]), Array(3).fill(undefined));
  assert.equal(waiting, 1, "all wait for the same");
  const many = Array.from({ length: 60 }, (_, at) => names({ ...pulls, prefix: `p${at}` }));
  assert.deepEqual(await Promise.all(many), Array(60).fill(undefined));
  gate.resolve();
  await rankings.refresh();
  assert.ok(waiting <= 50, `${waiting} subjects are remembered`);
  assert.deepEqual(await names(), ["team/app 1"]);
  await rankings.stop();
});

Deno.test("createRankings() computes what somebody waits for while a longer list rests", async () => {
  const rests: (() => void)[] = [];
  const store: Pick<Store, "sumDays"> = {
    sumDays: ({ prefix, after }) =>
      Promise.resolve({
        items: [],
        next: prefix === undefined && after === undefined ? [1] : null,
      }),
  };
  const pause = () => new Promise<void>((resolve) => rests.push(resolve));
  const { rankings } = rankingsOf(store, { pause });
  const round = rankings.refresh();
  await until(() => rests.length === 1, "pulls rest after their first step");
  const asked = rankings.find({ ...pulls, prefix: "team/" });
  rests.shift()?.();
  assert.deepEqual((await asked)?.places, []);
  const end = setInterval(() => rests.shift()?.(), 1);
  await round;
  clearInterval(end);
  await rankings.stop();
});

Deno.test("createRankings() forgets what was asked for least lately, never what is kept", async () => {
  await using opened = await openTestStore();
  const store = counting(opened.store);
  const { rankings } = rankingsOf(store);
  await rankings.refresh();
  for (let at = 0; at < 60; at++) await rankings.find({ ...pulls, prefix: `p${at}` });
  store.read.length = 0;
  const again = ["p59", "p12", "p11"].map((prefix) => ({ ...pulls, prefix }));
  for (const query of [...again, pulls]) await rankings.find(query);
  assert.deepEqual(store.read, ["pullsp11"]);
  await rankings.stop();
});

Deno.test("createRankings() tells who waits that the store is ill, and tries again", async () => {
  await using opened = await openTestStore();
  const ill = new AppError("unavailable", "Cannot read");
  let isIll = true;
  const store: Pick<Store, "sumDays"> = {
    sumDays: (query) => isIll ? Promise.reject(ill) : opened.store.sumDays(query),
  };
  const errors: unknown[] = [];
  const { rankings, names } = rankingsOf(store, { onError: (error) => errors.push(error) });
  await recordEvents(opened.store, [{}]);
  await assert.rejects(names(), ill);
  await rankings.refresh();
  assert.deepEqual(errors, [ill, ill], "pulls, and pushes, once each");
  isIll = false;
  assert.deepEqual(await names(), ["team/app 1"]);
  await rankings.stop();
});

Deno.test("createRankings() rests between steps where nobody waits, and can be stopped between any", async () => {
  const pauses: number[] = [];
  let after = 0;
  let onStep = () => {};
  const store: Pick<Store, "sumDays"> = {
    sumDays() {
      for (const began = performance.now(); performance.now() - began < 10;);
      onStep();
      return Promise.resolve({ items: [], next: after++ % 3 === 2 ? null : [after] });
    },
  };
  const pause = (ms: number) => {
    pauses.push(ms);
    return Promise.resolve();
  };
  const { clock, rankings } = rankingsOf(store, { pause });
  await rankings.find(pulls);
  await rankings.refresh();
  assert.equal(pauses.length, 2, "of pushes");
  clock.time += 2 * MINUTE;
  pauses.length = 0;
  await rankings.refresh();
  assert.equal(pauses.length, 4, "two of pulls, two of pushes");
  assert.ok(pauses.every((ms) => ms >= 30 && ms <= 500), "three quarters of the time");
  clock.time += 6 * MINUTE;
  onStep = () => void rankings.stop();
  assert.equal(await rankings.find(pulls), undefined);
  await rankings.stop();
  assert.equal(await rankings.find({ ...pulls, registry: "other" }), undefined);
});

Deno.test("createRankings() ranks 20,000 repositories in short steps", async (t) => {
  await using opened = await openTestStore();
  fill(opened.path, 20_000);
  const steps: number[] = [];
  const store: Pick<Store, "sumDays"> = {
    async sumDays(query) {
      const began = performance.now();
      const page = await opened.store.sumDays(query);
      steps.push(performance.now() - began);
      return page;
    },
  };
  const { rankings } = rankingsOf(store, { patienceMs: 60_000 });
  const found = await rankings.find(pulls);
  assert.equal(found?.places.length, 1000);
  assert.deepEqual(found?.places[0], {
    registry: "default",
    repository: "many/20000",
    value: 20_000,
    previous: 40_000,
  });
  assert.equal(found?.places[999]?.value, 19_001);
  assert.ok(steps.length > 1, "it takes more than one step");
  // How long one takes is the machine's: it is told, not required.
  const longest = Math.max(...steps).toFixed(1);
  await t.step(`in ${steps.length} steps, the longest ${longest} ms`, () => {});
  await rankings.stop();
});

Deno.test("createRankings() is right where it guessed wrong what comes into a list", async () => {
  await using opened = await openTestStore();
  fill(opened.path, 3000);
  const asked: number[] = [];
  const store: Pick<Store, "sumDays"> = {
    sumDays(query) {
      if (query.after === undefined && query.metric === "pulls") {
        asked.push(query.bounds[0]?.atLeast ?? 0);
      }
      return opened.store.sumDays(query);
    },
  };
  const { clock, rankings } = rankingsOf(store, { patienceMs: 60_000 });
  const ranked = async (query: RankingQuery = pulls) => {
    const { places = [] } = await rankings.find(query) ?? {};
    return [places.length, places.at(0)?.value, places.at(-1)?.value];
  };
  assert.deepEqual(await ranked(), [1000, 3000, 2001]);
  clock.time += 5 * MINUTE;
  assert.deepEqual(await ranked(), [1000, 3000, 2001]);
  assert.deepEqual(await ranked({ ...pulls, prefix: "many/2" }), [1000, 2999, 2000]);
  assert.deepEqual(await ranked({ ...pulls, registry: "other" }), [0, undefined, undefined]);
  using database = new DatabaseSync(opened.path);
  database.exec("UPDATE repositories SET listed = 0 WHERE id > 1100");
  clock.time += 5 * MINUTE;
  assert.deepEqual(await ranked(), [1000, 1100, 101]);
  await rankings.refresh();
  const [first, second] = asked;
  assert.deepEqual([first, second], [1, 1500], "three quarters of what the last has");
  await rankings.stop();
});

/** Writes repositories, the fast way: the n-th has n pulls today and 2 n in the month before. */
function fill(path: string, total: number): void {
  using database = new DatabaseSync(path);
  const today = Math.floor(start / 86_400_000);
  const count = `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT ${total})`;
  database.exec(`BEGIN;
    DELETE FROM texts;
    INSERT INTO texts (id, text) VALUES (1, 'other');
    ${count} INSERT INTO repositories (id, repository, registry, listed, pulls, last_used)
      SELECT n, 'many/' || n, 'default', 1, 3 * n, ${start} FROM n;
    ${count} INSERT INTO days (repository_id, day, consumer_id, pulls)
      SELECT n, ${today}, 1, n FROM n UNION ALL SELECT n, ${today - 40}, 1, 2 * n FROM n;
    COMMIT`);
}
