import assert from "node:assert/strict";

import { Deadlines } from "../../lib/http/deadlines.ts";
import { pause } from "../support/wait.ts";

const late = () => new Error("late");

Deno.test("within() gives what comes in time, also what fails", async () => {
  const deadlines = new Deadlines();
  const at = Date.now() + 1000;
  const both = [deadlines.within(Promise.resolve(7), at, late)];
  both.push(deadlines.within(pause(30).then(() => 8), at, late));
  assert.deepEqual(await Promise.all(both), [7, 8]);
  const failing = deadlines.within(Promise.reject(new Error("gone")), at, late);
  await assert.rejects(failing, { message: "gone" });
  // The timer ends by itself, or the test would fail for it.
  await pause(60);
});

Deno.test("within() gives up each at its own deadline, and tells of it once", async () => {
  const deadlines = new Deadlines();
  const start = Date.now();
  const told: number[] = [];
  const waits = [30, 150].map((ms) =>
    assert.rejects(
      deadlines.within(new Promise(() => {}), start + ms, () => {
        told.push(ms);
        assert.ok(Date.now() >= start + ms);
        return late();
      }),
      { message: "late" },
    )
  );
  await waits[0];
  assert.deepEqual(told, [30]);
  await Promise.all(waits);
  await pause(60);
  assert.deepEqual(told, [30, 150]);
});

Deno.test("who is told that it is late may wait for something else at once", async () => {
  const deadlines = new Deadlines();
  const next = Promise.withResolvers<void>();
  const first = deadlines.within(new Promise(() => {}), Date.now(), () => {
    deadlines.within(new Promise(() => {}), Date.now(), late).catch(() => next.resolve());
    return late();
  });
  await assert.rejects(first, { message: "late" });
  await next.promise;
});
