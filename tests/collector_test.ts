import assert from "node:assert/strict";
import { setImmediate } from "node:timers";

import { type Collector, createCollector } from "../lib/collector.ts";
import type { Notification } from "../lib/batch.ts";
import { AppError } from "../lib/errors.ts";
import { createMetrics } from "../lib/metrics.ts";
import { EventFault, type IgnoredCount, type Store } from "../lib/store/store.ts";
import { blobEvent, slowStore, textOf, wireEvent } from "./support/ingest.ts";
import { openTestStore } from "./support/store.ts";
import { pause, until } from "./support/wait.ts";

/** A collector on a store that can be watched, held back, and made to fail. */
interface TestCollector extends AsyncDisposable {
  readonly collector: Collector;
  readonly store: Store;
  /** How many events each call of `record` had. */
  readonly batches: number[];
  readonly changes: unknown[];
  /** Holds back the next commits, until what it returns is called. */
  hold(): () => void;
  /** What the next commits throw; `undefined` for nothing. */
  failWith(error: unknown): void;
}

async function openCollector(blobs: "ignore" | "count" = "ignore"): Promise<TestCollector> {
  const opened = await openTestStore();
  const batches: number[] = [];
  const changes: unknown[] = [];
  let gate = Promise.resolve();
  let failure: unknown;
  const collector = createCollector({
    store: slowStore(opened.store, async (received) => {
      batches.push(received.length);
      await gate;
      if (failure !== undefined) throw failure;
    }),
    metrics: createMetrics({ version: "0.0.0-test" }),
    blobs,
    queueLimit: 10_000,
    onStoreChange: (error) => changes.push(error),
  });
  return {
    collector,
    store: opened.store,
    batches,
    changes,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    failWith: (error) => void (failure = error),
    async [Symbol.asyncDispose]() {
      await collector.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function notificationOf(
  events: string | readonly unknown[] = [wireEvent()],
  parts: Partial<Notification> = {},
): Notification {
  const now = Date.now();
  const body = new TextEncoder().encode(textOf(events));
  return { registry: "default", receivedAt: now, body, deadline: now + 5000, ...parts };
}

const events = (count: number) => Array.from({ length: count }, () => wireEvent());

Deno.test("collect() puts all that waits into one commit", async () => {
  await using test = await openCollector();
  const release = test.hold();
  const first = test.collector.collect(notificationOf());
  await until(() => test.batches.length === 1, "the first commit");
  const others = Array.from({ length: 30 }, () => test.collector.collect(notificationOf()));
  release();
  await Promise.all([first, ...others]);
  assert.deepEqual(test.batches, [1, 30]);
});

Deno.test("collect() puts at most 500 events or 8 MiB into one commit", async (t) => {
  await using test = await openCollector();
  const padded = (megabytes: number) =>
    notificationOf([{ ...wireEvent(), padding: "x".repeat(megabytes * 1024 ** 2) }]);
  const cases: [name: string, notifications: Notification[], batches: number[]][] = [
    ["events", [400, 100, 1].map((count) => notificationOf(events(count))), [500, 1]],
    ["events of one body", [notificationOf(events(1201))], [500, 500, 201]],
    ["bytes", [padded(3), padded(4), padded(3)], [2, 1]],
    ["bytes of one body", [padded(9), notificationOf()], [1, 1]],
  ];
  for (const [name, notifications, batches] of cases) {
    await t.step(name, async () => {
      const release = test.hold();
      const first = test.collector.collect(notificationOf());
      await until(() => test.batches.length > 0, "the first commit");
      const others = notifications.map((each) => test.collector.collect(each));
      release();
      await Promise.all([first, ...others]);
      assert.deepEqual(test.batches.splice(0), [1, ...batches]);
    });
  }
});

Deno.test("expect() makes a commit wait for a body, but not for ever", async () => {
  await using test = await openCollector();
  const arrived = test.collector.expect();
  const first = test.collector.collect(notificationOf());
  await new Promise((resolve) => setImmediate(resolve));
  const second = test.collector.collect(notificationOf());
  arrived();
  await Promise.all([first, second]);
  assert.deepEqual(test.batches.splice(0), [2]);
  const never = test.collector.expect();
  await test.collector.collect(notificationOf());
  never();
});

Deno.test("collect() gives up what nobody waits for any more, and does not commit it", async () => {
  await using test = await openCollector();
  const release = test.hold();
  const first = test.collector.collect(notificationOf());
  await until(() => test.batches.length === 1, "the first commit");
  const late = test.collector.collect(notificationOf(events(1), { deadline: Date.now() + 20 }));
  await pause(30);
  release();
  await first;
  await assert.rejects(late, { code: "unavailable", message: /too slow/ });
  assert.equal((await test.store.accounting()).received, 1);
});

Deno.test("collect() rejects all that waits when the store fails, and refuses until it is back", async () => {
  await using test = await openCollector();
  const release = test.hold();
  const error = new AppError("unavailable", "gone");
  test.failWith(error);
  const waiting = Array.from({ length: 3 }, () => test.collector.collect(notificationOf()));
  await until(() => test.batches.length > 0, "the commit");
  waiting.push(test.collector.collect(notificationOf()));
  release();
  const settled = await Promise.allSettled(waiting);
  assert.ok(settled.every(({ status }) => status === "rejected"));
  assert.equal(test.batches.length, 1, "the second batch is not tried");
  assert.match(test.collector.unavailable() ?? "", /does not answer/);
  await assert.rejects(test.collector.collect(notificationOf()), { code: "unavailable" });
  test.failWith(undefined);
  await until(() => test.collector.unavailable() === undefined, "the store");
  await test.collector.collect(notificationOf());
  assert.deepEqual(test.changes, [error, undefined]);
});

Deno.test("collect() adds ignored events with the next commit, and keeps them where it fails", async () => {
  await using test = await openCollector();
  const pending = (): IgnoredCount[] => test.collector.pendingIgnored();
  for (const registry of ["main", "main", "other"]) {
    await test.collector.collect(notificationOf([blobEvent()], { registry }));
  }
  assert.deepEqual(test.batches, [], "no write of its own");
  assert.deepEqual(pending().map(({ registry, count }) => [registry, count]), [
    ["main", 2],
    ["other", 1],
  ]);
  test.failWith(new AppError("unavailable", "gone"));
  await assert.rejects(test.collector.collect(notificationOf()));
  assert.deepEqual(pending().map(({ count }) => count), [2, 1]);
  test.failWith(undefined);
  await until(() => test.collector.unavailable() === undefined, "the store");
  await test.collector.collect(notificationOf());
  assert.deepEqual(pending(), []);
  const { ignored, counted } = await test.store.accounting();
  assert.deepEqual({ ignored, counted }, { ignored: 3, counted: 1 });
});

Deno.test("collect() adds ignored events within 10 s where nothing else is committed", async () => {
  await using test = await openCollector();
  await test.collector.collect(notificationOf([blobEvent()]));
  await until(async () => (await test.store.accounting()).ignored === 1, "the commit", {
    timeoutMs: 10_000,
    everyMs: 200,
  });
});

Deno.test("collect() ignores only layers that it understands", async () => {
  await using test = await openCollector();
  const { target: _, ...broken } = blobEvent();
  const strange = blobEvent({ action: "sign" });
  const deletion = blobEvent({ action: "delete", method: "DELETE" });
  await test.collector.collect(notificationOf([broken, strange, deletion]));
  const { ignored, quarantined, counted } = await test.store.accounting();
  assert.deepEqual({ ignored, quarantined, counted }, { ignored: 0, quarantined: 2, counted: 1 });
});

Deno.test("collect() quarantines without its body what cannot be stored with it", async () => {
  const opened = await openTestStore();
  await using _ = opened;
  const store = slowStore(opened.store, (received) => {
    const isBad = received.some(({ envelope }) => envelope.excerpt() !== "");
    return isBad ? Promise.reject(new EventFault("no such text")) : Promise.resolve();
  });
  const collector = createCollector({
    store,
    metrics: createMetrics({ version: "0.0.0-test" }),
    blobs: "ignore",
    queueLimit: 10,
    onStoreChange: () => {},
  });
  await collector.collect(notificationOf("no envelope"));
  await collector.stop();
  assert.equal((await opened.store.accounting()).quarantined, 1);
});

Deno.test("stop() commits what waits, ignored events too, and refuses what comes", async () => {
  await using test = await openCollector();
  const release = test.hold();
  const waiting = [notificationOf([blobEvent()]), notificationOf([wireEvent(), blobEvent()])]
    .map((each) => test.collector.collect(each));
  const stopped = test.collector.stop();
  await assert.rejects(test.collector.collect(notificationOf()), { message: /stopping/ });
  release();
  await Promise.all([...waiting, stopped]);
  const { counted, ignored } = await test.store.accounting();
  assert.deepEqual({ counted, ignored }, { counted: 1, ignored: 2 });
});
