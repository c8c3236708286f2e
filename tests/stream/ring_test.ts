import assert from "node:assert/strict";

import { Ring } from "../../lib/stream/ring.ts";

function fill(ring: Ring<string>, keys: string, now = 0): void {
  for (const key of keys) ring.add(key, now, (number) => `${key}${number}`);
}

Deno.test({
  name: "Ring keeps the last message of each, in order",
  permissions: "none",
  fn() {
    const ring = new Ring<string>({ maxAgeMs: 1000, maxMessages: 10 });
    assert.deepEqual(ring.after(0, 0), []);
    fill(ring, "abac");
    assert.equal(ring.last, 4);
    assert.deepEqual(ring.after(0, 0), ["b2", "a3", "c4"]);
    assert.deepEqual(ring.after(1, 0), ["b2", "a3", "c4"]);
    assert.deepEqual(ring.after(3, 0), ["c4"]);
    assert.deepEqual(ring.after(4, 0), []);
    assert.equal(ring.after(5, 0), undefined);
    assert.equal(ring.latest("a"), "a3");
    assert.equal(ring.latest("d"), undefined);
  },
});

Deno.test({
  name: "Ring knows what it has forgotten",
  permissions: "none",
  fn() {
    const ring = new Ring<string>({ maxAgeMs: 1000, maxMessages: 2 });
    fill(ring, "abaab");
    assert.deepEqual(ring.after(0, 0), ["a4", "b5"]);
    fill(ring, "c", 500);
    assert.equal(ring.after(3, 500), undefined);
    assert.deepEqual(ring.after(4, 500), ["b5", "c6"]);
    assert.equal(ring.after(4, 1000), undefined);
    assert.deepEqual(ring.after(5, 1000), ["c6"]);
    // Whoever has seen the last message has missed nothing, however long ago it was.
    assert.deepEqual(ring.after(6, 90_000), []);
    assert.equal(ring.latest("c"), undefined);
    fill(ring, "c", 90_000);
    assert.deepEqual(ring.after(6, 90_000), ["c7"]);
  },
});
