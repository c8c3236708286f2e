import assert from "node:assert/strict";

import { InstanceWatch, MAX_INSTANCES, watchedSince } from "../lib/instances.ts";
import { eventOf } from "./support/events.ts";

const HOUR_MS = 3_600_000;

/** What is written for events of instances at times in milliseconds, in one batch. */
function note(watch: InstanceWatch, events: [instance: string, at: number][]): string[] {
  const log = events.map(([instance, at]) => ({
    registry: "main",
    event: eventOf({ instance, at: at * 1000 }),
  }));
  const news = watch.newsOf(log);
  watch.commit(news);
  return news.due.map(({ instance, first, last }) => `${instance} ${first} ${last}`);
}

Deno.test("InstanceWatch writes when an instance is new, and then once an hour", () => {
  const watch = new InstanceWatch();
  assert.deepEqual(note(watch, [["a", 1000], ["a", 3000], ["a", 2000]]), ["a 1000 3000"]);
  assert.deepEqual(note(watch, [["a", 2500]]), []);
  assert.deepEqual(note(watch, [["a", 5000]]), []);
  assert.deepEqual(note(watch, [["a", 3000 + HOUR_MS - 1]]), []);
  assert.deepEqual(note(watch, [["a", 3000 + HOUR_MS]]), [`a 1000 ${3000 + HOUR_MS}`]);
  assert.deepEqual(note(watch, [["a", 500]]), [`a 500 ${3000 + HOUR_MS}`]);
});

Deno.test("InstanceWatch writes how one ends when another begins, and that two overlap", () => {
  const watch = new InstanceWatch();
  note(watch, [["a", 1000]]);
  note(watch, [["a", 2000]]);
  assert.deepEqual(note(watch, [["b", 3000]]), ["b 3000 3000", "a 1000 2000"]);
  assert.deepEqual(note(watch, [["b", 4000]]), []);
  assert.deepEqual(note(watch, [["a", 5000]]), ["a 1000 5000"]);
  assert.deepEqual(note(watch, [["a", 6000], ["b", 6000]]), []);
});

Deno.test("InstanceWatch remembers nothing that was not committed", () => {
  const watch = new InstanceWatch();
  const log = [{ registry: "main", event: eventOf({ instance: "a" }) }];
  assert.deepEqual(watch.newsOf(log), watch.newsOf(log));
  assert.equal(watch.newsOf(log).due.length, 1);
  assert.deepEqual(watch.newsOf([{ registry: "main" }]), { seen: [], due: [] });
});

Deno.test("InstanceWatch forgets rather than grow without end", () => {
  const watch = new InstanceWatch();
  for (let at = 0; at < 3 * MAX_INSTANCES; at++) note(watch, [[String(at), at]]);
  assert.equal(note(watch, [["0", 0]]).length, 1);
});

Deno.test("watchedSince() is the same in any order", () => {
  const spans = [["a", 0, 10], ["b", 10, 20], ["c", 25, 40], ["d", 30, 50]] as const;
  const all = spans.map(([instance, first, last]) => ({ registry: "r", instance, first, last }));
  for (const order of [all, all.toReversed()]) assert.equal(watchedSince(order).get("r"), 25);
  assert.equal(watchedSince(all.slice(0, 2)).get("r"), 0);
  assert.equal(watchedSince([]).size, 0);
});
