import assert from "node:assert/strict";

import { METRICS } from "../../../lib/statistics.ts";
import { NOW, openTestApp } from "../../support/app.ts";
import { openTestStore, recordEvents } from "../../support/store.ts";

interface Summary {
  repositories: number;
  tags: number;
  lastUsed: string | null;
  lastEventAt: string | null;
  totals: Record<string, number>;
  periods: Record<string, Record<string, unknown>>;
  computedAt: string;
}

Deno.test("GET /summary has everything in a few numbers", async () => {
  await using app = await openTestApp();
  await recordEvents(app.store, [
    { tag: "v1", action: "push", timestamp: "2026-11-19T01:00:00Z" },
    { tag: "v1", timestamp: "2026-11-20T13:00:00Z" },
    { tag: "v1", timestamp: "2026-11-20T12:00:00Z" },
    { tag: "v1", timestamp: "2026-11-13T12:00:00Z" },
    { tag: "v1", timestamp: "2026-10-13T12:00:00Z" },
    { tag: "v1", timestamp: "2019-10-13T12:00:00Z" },
    { repository: "app", tag: "v1", action: "push", registry: "other" },
  ]);
  const late = { registry: "third", receivedAt: Date.parse("2026-11-20T17:59:58.5Z") };
  await recordEvents(app.store, [{ ...late, action: "burn" }]);
  const none = Object.fromEntries(METRICS.map((metric) => [metric, 0]));
  const { text } = await app.ask("/api/v1/summary");
  const expected = {
    prefix: "",
    registry: null,
    repositories: 2,
    tags: 2,
    lastUsed: "2026-11-20T13:00:00.000Z",
    lastEventAt: "2026-11-20T17:59:58.500Z",
    totals: { ...none, pulls: 5, pushes: 2 },
    periods: {
      today: {
        from: "2026-11-20",
        to: "2026-11-20",
        pulls: { value: 2, previous: 0 },
        pushes: { value: 1, previous: 1 },
      },
      "7d": {
        from: "2026-11-14",
        to: "2026-11-20",
        pulls: { value: 2, previous: 1 },
        pushes: { value: 2, previous: 0 },
      },
      "30d": {
        from: "2026-10-22",
        to: "2026-11-20",
        pulls: { value: 3, previous: 1 },
        pushes: { value: 2, previous: 0 },
      },
    },
    computedAt: new Date(NOW).toISOString(),
  };
  assert.equal(text, JSON.stringify(expected));
  const team = await app.get("/api/v1/summary?prefix=team/") as Summary;
  assert.deepEqual([team.repositories, team.tags, team.totals.pushes], [1, 1, 1]);
  const other = await app.get("/api/v1/summary?registry=other") as Summary;
  assert.deepEqual([other.repositories, other.totals.pulls, other.totals.pushes], [1, 0, 1]);
  assert.equal(other.lastEventAt, "2026-11-20T12:00:00.000Z");
  const nobody = await app.get("/api/v1/summary?prefix=nobody/") as Summary;
  assert.deepEqual([nobody.repositories, nobody.lastUsed, nobody.totals], [0, null, none]);
  assert.equal((await app.ask("/api/v1/summary?prefix=team")).status, 400);
});

/** Asks with a clock: pulls, and the second in which they were counted. */
async function openClocked(slow: { ms: number } = { ms: 0 }) {
  const clock = { seconds: 0 };
  const opened = await openTestStore();
  const store = new Proxy(opened.store, {
    get(target, name) {
      if (name === "census") clock.seconds += slow.ms / 1000;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const app = await openTestApp({ store, now: () => NOW + clock.seconds * 1000 });
  const ask = async (seconds: number) => {
    clock.seconds = seconds;
    const { totals, computedAt } = await app.get("/api/v1/summary") as Summary;
    return [totals.pulls, (Date.parse(computedAt) - NOW) / 1000];
  };
  return {
    ask,
    count: () => recordEvents(opened.store, [{}]),
    async [Symbol.asyncDispose]() {
      await app[Symbol.asyncDispose]();
      await opened[Symbol.asyncDispose]();
    },
  };
}

Deno.test("GET /summary is at most two seconds old where it takes little", async () => {
  await using summary = await openClocked();
  assert.deepEqual(await summary.ask(0), [0, 0]);
  await summary.count();
  assert.deepEqual(await summary.ask(1.999), [0, 0]);
  assert.deepEqual(await summary.ask(2), [1, 2]);
});

Deno.test("GET /summary takes a twentieth of the time where it takes long, or a minute", async () => {
  const slow = { ms: 1000 };
  await using summary = await openClocked(slow);
  // The new one is made in parts, each of which lets others have their turn.
  const made = async () => {
    for (let turn = 0; turn < 40; turn++) await new Promise((resolve) => setTimeout(resolve));
  };
  assert.deepEqual(await summary.ask(0), [0, 0]);
  await summary.count();
  assert.deepEqual(await summary.ask(19.999), [0, 0]);
  assert.deepEqual(await summary.ask(20), [0, 0], "made beside what is answered");
  await made();
  assert.deepEqual(await summary.ask(21), [1, 20]);
  slow.ms = 30_000;
  await summary.ask(40);
  await made();
  await summary.count();
  assert.deepEqual(await summary.ask(40 + 59.999), [1, 40]);
  assert.deepEqual(await summary.ask(40 + 60), [1, 40]);
  await made();
  assert.deepEqual(await summary.ask(131), [2, 100]);
  await summary.count();
  assert.deepEqual(await summary.ask(100 + 300), [3, 400], "five minutes are too old");
});

Deno.test("GET /summary makes one answer for all who wait", async () => {
  await using opened = await openTestApp();
  let asked = 0;
  const store = new Proxy(opened.store, {
    get(target, name) {
      if (name === "census") asked++;
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  await using app = await openTestApp({ store });
  await Promise.all(Array.from({ length: 5 }, () => app.get("/api/v1/summary")));
  assert.equal(asked, 1);
});
