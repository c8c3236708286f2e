import assert from "node:assert/strict";

import { Backlog } from "../lib/backlog.ts";
import { pause } from "../lib/patience.ts";
import type { Recorder } from "../lib/recorder.ts";
import type { Kept } from "../lib/store/inbox.ts";

/** A backlog whose batches are counted when the test says so. */
class Stage implements Pick<Recorder, "isDown" | "count"> {
  isDown = false;
  readonly batches: { readonly size: number; readonly end: () => void }[] = [];
  readonly pauses: number[] = [];
  readonly backlog: Backlog;
  #next = 1;

  constructor() {
    const inbox = { count: () => Promise.reject(new Error("the recorder counts")) };
    const pause = (ms: number): Promise<void> => {
      this.pauses.push(ms);
      return Promise.resolve();
    };
    this.backlog = new Backlog(this, inbox, { pause });
  }

  count(_: unknown, kept: readonly Kept[]): Promise<number> {
    const [first, last] = [kept[0]?.first ?? 0, kept.at(-1)?.last ?? 0];
    return new Promise((resolve) => {
      this.batches.push({ size: last - first + 1, end: () => resolve(last) });
    });
  }

  add(notifications: number): void {
    const first = this.#next;
    this.#next += notifications;
    const last = this.#next - 1;
    this.backlog.add([{ first, last, records: new Uint8Array(16) }]);
  }

  /** Lets a batch of 1,000 be counted; says how many milliseconds the backlog saw it take, at most. */
  async countOne(): Promise<number> {
    const began = performance.now();
    this.add(1000);
    await turns();
    await pause(30);
    this.batches[0]?.end();
    await turns();
    assert.equal(this.backlog.size, 0);
    return performance.now() - began;
  }
}

/** Lets what has been started go on. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await pause(0);
}

Deno.test("Backlog slows down in proportion to what waits", async () => {
  const stage = new Stage();
  await stage.countOne();
  stage.isDown = true; // nothing is counted meanwhile
  stage.add(1000);
  await stage.backlog.bounded(10);
  assert.deepEqual(stage.pauses, [], "so much may wait");
  for (const more of [500, 500, 1000, 1000]) {
    stage.add(more);
    await stage.backlog.bounded(10);
  }
  stage.backlog.stop();
  const [least = 0, ...others] = stage.pauses;
  assert.ok(least >= 30 / 1000 * 10 / 2, "half as long as it takes to count as many");
  const ratios = others.map((ms) => Math.round(ms / least * 1000) / 1000);
  assert.deepEqual(ratios, [2, 4, 4], "as long where a batch more waits, at most twice");
});

Deno.test("Backlog counts on what is probably counted of the batch at hand", async () => {
  const stage = new Stage();
  const took = await stage.countOne();
  stage.add(2000);
  await turns();
  await stage.backlog.bounded(10);
  // As long as two such batches take: all of it is probably counted.
  await pause(2 * took);
  await stage.backlog.bounded(10);
  stage.backlog.stop();
  assert.equal(stage.pauses.length, 1, "only at its beginning");
});

Deno.test("Backlog takes no more than it may", async () => {
  const stage = new Stage();
  for (let n = 0; n < 5; n++) stage.add(1000);
  let isThrough = false;
  const waiting = stage.backlog.bounded(1).then(() => isThrough = true);
  await turns();
  assert.equal(isThrough, false, "more than 4,000 wait");
  stage.batches[0]?.end();
  await waiting;
  assert.equal(stage.backlog.size, 4000);
  assert.equal(stage.batches[0]?.size, 1000);
  stage.backlog.stop();
  for (const { end } of stage.batches) end();
  await turns();
});

Deno.test("Backlog does not hold up senders for a store that is down", async () => {
  const stage = new Stage();
  stage.isDown = true;
  for (let n = 0; n < 5; n++) stage.add(1000);
  await stage.backlog.bounded(1);
  assert.equal(stage.backlog.size, 5000);
  stage.backlog.stop();
});
