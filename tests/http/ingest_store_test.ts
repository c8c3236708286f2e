/**
 * What senders hear while the store is locked, slow, broken, or at odds with an event.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";

import { AppError } from "../../lib/errors.ts";
import { EventFault } from "../../lib/store/store.ts";
import type { RawAnswer } from "../support/http.ts";
import {
  blobEvent,
  slowInbox,
  slowStore,
  startIngest,
  type TestIngest,
  textOf,
  wireEvent,
} from "../support/ingest.ts";
import { pause, until } from "../support/wait.ts";

/** Posts as a registry does, until it is taken. */
async function deliver(ingest: TestIngest, body: string): Promise<void> {
  await until(async () => (await ingest.post(body)).status === 200, "the delivery");
}

Deno.test("a locked database is 503, soon within 100 ms, and takes events again by itself", async () => {
  await using ingest = await startIngest();
  await ingest.post([wireEvent()]);
  await ingest.settled();
  using other = new DatabaseSync(ingest.path);
  const body = textOf([wireEvent()]);
  other.exec("BEGIN IMMEDIATE");
  const first = await ingest.post(body);
  assert.equal(first.status, 503);
  assert.ok(first.milliseconds < 1000, `${first.milliseconds} ms`);
  const answers: RawAnswer[] = [];
  for (let count = 0; count < 30; count++) {
    answers.push(await ingest.post(body));
    await pause(20);
  }
  assert.ok(answers.every(({ status }) => status === 503));
  const slowest = Math.max(...answers.map(({ milliseconds }) => milliseconds));
  assert.ok(slowest < 100, `${slowest} ms`);
  assert.equal((await ingest.accounting()).received, 1);
  other.exec("COMMIT");
  await deliver(ingest, body);
  const { received, counted } = await ingest.accounting();
  assert.deepEqual({ received, counted }, { received: 2, counted: 2 });
  assert.equal(ingest.failures.length, 2, "down, and up again");
  assert.equal(ingest.failures[1], undefined);
});

Deno.test("what is answered before a lock is noticed is counted when it is gone", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using ingest = await startIngest({
    wrap: (store) => slowInbox(store, () => gate),
  });
  using other = new DatabaseSync(ingest.path);
  assert.equal((await ingest.post([wireEvent()])).status, 200);
  other.exec("BEGIN IMMEDIATE");
  assert.equal((await ingest.post([wireEvent()])).status, 503);
  open();
  // Longer than one waits for a lock.
  await pause(500);
  assert.equal((await ingest.post([wireEvent()])).status, 503);
  other.exec("COMMIT");
  await until(async () => (await ingest.accounting()).counted === 1, "the counting");
  assert.equal((await ingest.accounting()).received, 1);
});

Deno.test("blobs are refused, too, while the store is down, and not accounted for", async () => {
  let isDown = true;
  await using ingest = await startIngest({
    wrap: (store) =>
      slowStore(store, () => {
        return isDown
          ? Promise.reject(new AppError("unavailable", "Cannot write /data/drec.db: gone"))
          : Promise.resolve();
      }),
  });
  const mixed = textOf([blobEvent(), wireEvent()]);
  const { status, body } = await ingest.post(mixed);
  assert.equal(status, 503);
  // Where the store is, and what it says, is in the log.
  assert.equal(body, "The store does not answer\n");
  assert.match(String(ingest.failures[0]), /Cannot write \/data\/drec.db: gone/);
  assert.equal((await ingest.post([blobEvent()])).status, 503);
  assert.equal((await ingest.accounting()).received, 0);
  isDown = false;
  await deliver(ingest, mixed);
  const { received, counted, ignored } = await ingest.accounting();
  assert.deepEqual({ received, counted, ignored }, { received: 2, counted: 1, ignored: 1 });
});

Deno.test("a store that fails in a way nobody foresaw is 503, and the rest goes on", async () => {
  let isBroken = true;
  await using ingest = await startIngest({
    wrap: (store) =>
      slowStore(store, () => {
        return isBroken ? Promise.reject(new TypeError("defect")) : Promise.resolve();
      }),
  });
  const body = textOf([wireEvent()]);
  const answer = await ingest.post(body);
  assert.equal(answer.status, 503);
  assert.doesNotMatch(answer.body, /defect/);
  assert.match(ingest.metrics.render(), /^drec_store_errors_total 1$/m);
  isBroken = false;
  await deliver(ingest, body);
  assert.equal((await ingest.accounting()).counted, 1);
});

Deno.test("a store that is too slow is 503 within a second; the event is counted once", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using ingest = await startIngest({ wrap: (store) => slowStore(store, () => gate) });
  const body = textOf([wireEvent()]);
  const [slow, waiting] = await Promise.all([ingest.post(body), ingest.post([wireEvent()])]);
  assert.deepEqual([slow?.status, waiting?.status], [503, 503]);
  for (const { milliseconds } of [slow, waiting]) {
    assert.ok(milliseconds > 500 && milliseconds < 950, `${milliseconds} ms`);
  }
  assert.equal((await ingest.accounting()).received, 0);
  open();
  await deliver(ingest, body);
  // The commit that nobody waited for is one sending, the repetition another.
  await until(async () => (await ingest.accounting()).duplicate >= 1, "the duplicate");
  const { received, counted, duplicate } = await ingest.accounting();
  assert.equal(received, counted + duplicate);
  const [found] = await ingest.store.findRepositories("team/app");
  assert.equal(found?.pulls, counted);
});

Deno.test("an event that cannot be stored stands alone in quarantine", async (t) => {
  const poison = (id: string): boolean => id.startsWith("poison");
  await using ingest = await startIngest({
    wrap: (store) =>
      slowStore(store, (received) => {
        const isPoisoned = received.some(({ entry }) => "event" in entry && poison(entry.event.id));
        return isPoisoned ? Promise.reject(new EventFault("no such text")) : Promise.resolve();
      }),
  });
  await t.step("among others of its envelope", async () => {
    const ids = ["a", "b", "poison-1", "c", "d", "e", "poison-2"];
    assert.equal((await ingest.post(ids.map((id) => wireEvent({ id })))).status, 200);
    const { counted, quarantined } = await ingest.accounting();
    assert.deepEqual({ counted, quarantined }, { counted: 5, quarantined: 2 });
  });
  await t.step("again: a duplicate", async () => {
    assert.equal((await ingest.post([wireEvent({ id: "poison-1" })])).status, 200);
    const { counted, quarantined, received } = await ingest.accounting();
    assert.deepEqual({ counted, quarantined, received }, {
      counted: 5,
      quarantined: 2,
      received: 8,
    });
  });
  await t.step("among those of other senders", async () => {
    const bodies = Array.from({ length: 40 }, (_, index) => {
      return [wireEvent({ id: index % 10 === 3 ? `poison-x${index}` : `fine-${index}` })];
    });
    const answers = await Promise.all(bodies.map((body) => ingest.post(body)));
    assert.ok(answers.every(({ status }) => status === 200));
    const { counted, quarantined } = await ingest.accounting();
    assert.deepEqual({ counted, quarantined }, { counted: 41, quarantined: 6 });
  });
  await t.step("with its reason", () => {
    using database = new DatabaseSync(ingest.path, { readOnly: true });
    const [first] = database.prepare("SELECT reasons, events FROM quarantine").all();
    assert.match(String(first?.reasons), /cannot be stored: no such text/);
    assert.equal(first?.events, 2);
  });
  assert.deepEqual(ingest.failures, []);
  assert.match(ingest.metrics.render(), /^drec_store_errors_total 0$/m);
});

Deno.test("what comes while DREC stops is 503; what it has taken in is counted", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using ingest = await startIngest({ wrap: (store) => slowStore(store, () => gate) });
  const accepted = [ingest.post([wireEvent()]), ingest.post([wireEvent()])];
  await pause(50);
  const drained = ingest.drain();
  const refused = await ingest.post([wireEvent()]);
  assert.equal(refused.status, 503);
  assert.ok(refused.milliseconds < 100, `${refused.milliseconds} ms`);
  open();
  const answers = await Promise.all(accepted);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
  await drained;
  assert.equal((await ingest.accounting()).counted, 2);
});
