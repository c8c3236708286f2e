/**
 * What lies in the inbox is counted exactly once, wherever counting stopped.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Notification, Outcome, Received } from "../../lib/batch.ts";
import { AppError } from "../../lib/errors.ts";
import type { CountOptions } from "../../lib/store/inbox.ts";
import { countRecords } from "../../lib/store/sqlite/counting.ts";
import { Database } from "../../lib/store/sqlite/database.ts";
import { type InboxPosition, readPosition } from "../../lib/store/sqlite/inbox_counted.ts";
import { recordsOf } from "../../lib/store/sqlite/inbox_records.ts";
import { accounting } from "../../lib/store/sqlite/reads.ts";
import { BatchRecorder } from "../../lib/store/sqlite/record_batch.ts";
import { EventFault } from "../../lib/store/store.ts";
import { blobEvent, textOf, wireEvent } from "../support/ingest.ts";
import { tempDir } from "../support/wait.ts";

/** A database that counts records, and can be made to fail. */
interface TestCounting extends AsyncDisposable {
  /** How many entries each commit had. */
  readonly commits: number[];
  /** Called before a commit: what it throws, the commit throws. */
  before: (received: readonly Received[]) => void;
  count(notifications: readonly Notification[], options?: Partial<CountOptions>): ReturnType<
    typeof countRecords
  >;
  position(): InboxPosition;
  /** Counted, duplicate, ignored and quarantined. */
  numbers(): number[];
}

async function openCounting(): Promise<TestCounting> {
  const folder = await tempDir();
  const database = new Database(folder.join("drec.db"));
  const recorder = new BatchRecorder(database, {
    consumerOf: () => "",
    privacy: { actors: "keep", addresses: "keep" },
    onRepositoryDelete: "remove",
    key: "key",
  });
  const test: TestCounting = {
    commits: [],
    before: () => {},
    count: (notifications, options = {}) =>
      countRecords(
        recordsOf(notifications, 1).records,
        { blobs: "ignore", ignored: [], ...options },
        {
          position: () => readPosition(database),
          record(received, rest): Outcome[] {
            test.before(received);
            test.commits.push(received.length);
            return [...recorder.record(received, rest).outcomes];
          },
        },
      ),
    position: () => readPosition(database),
    numbers() {
      const { counted, duplicate, ignored, quarantined } = accounting(database);
      return [counted, duplicate, ignored, quarantined];
    },
    async [Symbol.asyncDispose]() {
      database.close();
      await folder[Symbol.asyncDispose]();
    },
  };
  return test;
}

function notice(events: readonly unknown[]): Notification {
  const body = new TextEncoder().encode(textOf(events));
  return { registry: "main", receivedAt: Date.now(), body, deadline: 0 };
}

const events = (count: number) => Array.from({ length: count }, () => wireEvent());

Deno.test("notifications are counted together, and told where it ended", async () => {
  await using test = await openCounting();
  const { last, tallies } = await test.count([
    notice([wireEvent()]),
    notice([]),
    notice([wireEvent({ id: "same" }), blobEvent(), blobEvent(), "no event"]),
    notice([wireEvent({ id: "same" }), { ...wireEvent(), timestamp: "yesterday" }]),
    notice([blobEvent()]),
  ]);
  assert.equal(last, 5);
  assert.deepEqual(test.commits, [5], "layers are not recorded");
  assert.deepEqual(test.numbers(), [3, 1, 3, 1]);
  const [{ seconds, outcomes, quarantined, ...tally } = assert.fail()] = tallies;
  assert.ok(seconds > 0);
  assert.deepEqual(tally, { events: 8, clockSkewed: 1 });
  assert.deepEqual(outcomes.map(({ registry, outcome, count }) => [registry, outcome, count]), [
    ["main", "counted", 3],
    ["main", "ignored", 3],
    ["main", "quarantined", 1],
    ["main", "duplicate", 1],
  ]);
  assert.deepEqual(quarantined.map(({ reason }) => reason), ["an event must be an object"]);
});

Deno.test("what has been counted is not counted again", async () => {
  await using test = await openCounting();
  const notifications = Array.from({ length: 4 }, () => notice(events(3)));
  assert.equal((await test.count(notifications.slice(0, 2))).last, 2);
  assert.equal((await test.count(notifications)).last, 4);
  assert.equal((await test.count(notifications)).last, 4);
  assert.deepEqual(test.numbers(), [12, 0, 0, 0]);
});

Deno.test("what was ignored before is accounted for once, also where nothing else is to count", async () => {
  await using test = await openCounting();
  const ignored = [{ registry: "main", receivedAt: Date.now(), count: 7 }];
  await test.count([], { ignored });
  assert.deepEqual(test.numbers(), [0, 0, 7, 0]);
  await test.count([notice(events(1600))], { ignored });
  assert.deepEqual(test.numbers(), [1600, 0, 14, 0]);
});

Deno.test("where layers are counted, they are recorded", async () => {
  await using test = await openCounting();
  await test.count([notice([blobEvent(), wireEvent()])], { blobs: "count" });
  assert.deepEqual(test.numbers(), [2, 0, 0, 0]);
});

Deno.test("a body of many events is counted in several commits, and goes on in its middle", async () => {
  await using test = await openCounting();
  const notifications = [notice([wireEvent(), blobEvent()]), notice(events(2200))];
  test.before = () => {
    if (test.commits.length === 2) throw new AppError("unavailable", "gone");
  };
  const { last, tallies } = await test.count(notifications);
  assert.equal(last, 1);
  assert.deepEqual(
    tallies.map((tally) => tally.events),
    [1000, 1000],
    "of an error, what was before",
  );
  assert.deepEqual(test.position(), { last: 1, entries: 1998 });
  await assert.rejects(test.count(notifications), { message: "gone" });
  test.before = () => {};
  assert.equal((await test.count(notifications)).last, 2);
  assert.deepEqual(test.commits, [999, 1000, 202]);
  assert.deepEqual(test.numbers(), [2201, 0, 1, 0]);
});

Deno.test("an event at fault is quarantined, its neighbours are counted", async (t) => {
  for (const bad of [0, 3, 7]) {
    await t.step(`number ${bad} of 8`, async () => {
      await using test = await openCounting();
      test.before = (received) => {
        const isBad = received.some(({ entry }) => "event" in entry && entry.event.id === "bad");
        if (isBad) throw new EventFault("no such text");
      };
      const all = events(8).map((event, index) => index === bad ? { ...event, id: "bad" } : event);
      const { last, tallies } = await test.count([notice(all.slice(0, 5)), notice(all.slice(5))]);
      assert.equal(last, 2);
      assert.deepEqual(test.numbers(), [7, 0, 0, 1]);
      assert.deepEqual(tallies.flatMap(({ quarantined }) => quarantined), [
        { registry: "main", id: "bad", reason: "cannot be stored: no such text" },
      ]);
    });
  }
});
