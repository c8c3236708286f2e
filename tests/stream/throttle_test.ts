import assert from "node:assert/strict";

import { Throttle } from "../../lib/stream/throttle.ts";

Deno.test({
  name: "Throttle gives the first change at once, and later ones when their time has come",
  permissions: "none",
  fn() {
    const throttle = new Throttle(1000);
    assert.equal(throttle.nextAt(0), undefined);
    throttle.touch("a");
    throttle.touch("a");
    assert.equal(throttle.nextAt(5), 5);
    assert.deepEqual(throttle.take(5, 10), ["a"]);
    assert.equal(throttle.nextAt(6), undefined);
    throttle.touch("a");
    throttle.touch("a");
    throttle.touch("b");
    assert.equal(throttle.size, 2);
    assert.deepEqual(throttle.take(500, 10), ["b"]);
    assert.equal(throttle.nextAt(501), 1005);
    assert.deepEqual(throttle.take(1004, 10), []);
    assert.deepEqual(throttle.take(1005, 10), ["a"]);
    assert.deepEqual(throttle.take(10_000, 10), []);
    throttle.touch("a");
    assert.deepEqual(throttle.take(10_000, 10), ["a"]);
  },
});

Deno.test({
  name: "Throttle gives no more than it is asked for, and loses none",
  permissions: "none",
  fn() {
    const throttle = new Throttle(1000);
    for (const key of ["a", "b", "c"]) throttle.touch(key);
    assert.deepEqual(throttle.take(0, 2), ["a", "b"]);
    assert.equal(throttle.nextAt(1), 1);
    assert.deepEqual(throttle.take(1, 2), ["c"]);
    throttle.touch("b");
    throttle.clear();
    assert.equal(throttle.size, 0);
    assert.equal(throttle.nextAt(2), undefined);
  },
});

Deno.test({
  name: "Throttle ends with the last state of each, at most once an interval",
  permissions: "none",
  fn() {
    const throttle = new Throttle(100);
    const state = new Map<string, number>();
    const told = new Map<string, { at: number; value: number }>();
    let seed = 1;
    const random = (below: number): number => (seed = seed * 48271 % 2147483647) % below;
    for (let now = 0; now < 20_000; now++) {
      if (now < 19_000) {
        const key = `r${random(7)}`;
        state.set(key, now);
        throttle.touch(key);
      }
      if (random(3) > 0) continue;
      for (const key of throttle.take(now, 1 + random(3))) {
        const before = told.get(key);
        assert.ok(before === undefined || now - before.at >= 100);
        told.set(key, { at: now, value: state.get(key) ?? -1 });
      }
    }
    assert.deepEqual(
      new Map([...told].map(([key, { value }]) => [key, value])),
      new Map(told.size ? [...told.keys()].map((key) => [key, state.get(key)]) : []),
    );
    assert.equal(told.size, state.size);
    assert.equal(throttle.size, 0);
  },
});
