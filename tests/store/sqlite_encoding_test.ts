import assert from "node:assert/strict";
import { Buffer } from "node:buffer";

import fc from "fast-check";

import { decodeId, encodeId } from "../../lib/store/sqlite/encoding.ts";

Deno.test("encodeId() makes 16 bytes of a UUID, in the same order, and decodeId() the UUID", () => {
  const bytesOf = (id: string) => {
    const stored = encodeId(id);
    assert.ok(stored instanceof Uint8Array && stored.length === 16, id);
    return stored;
  };
  fc.assert(fc.property(fc.uuid(), fc.uuid(), (one, other) => {
    assert.equal(decodeId(bytesOf(one)), one);
    assert.equal(Math.sign(Buffer.compare(bytesOf(one), bytesOf(other))), order(one, other));
  }));
});

Deno.test("encodeId() leaves any other text as it is", () => {
  const id = "0b6f3c2e-91d4-4a57-8f0a-7c5e2d1b9a38";
  // Each place, by a letter behind the digits, a capital, a dash and what is not ASCII.
  for (let at = 0; at < id.length; at++) {
    for (const other of ["g", "A", id[at] === "-" ? "0" : "-", "\u0130", "\u0630"]) {
      const text = id.slice(0, at) + other + id.slice(at + 1);
      assert.equal(encodeId(text), text);
    }
  }
  for (const text of ["", "1", id.slice(1), `${id}0`]) assert.equal(encodeId(text), text);
});

function order(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
