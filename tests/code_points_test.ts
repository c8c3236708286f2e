import assert from "node:assert/strict";

import fc from "fast-check";

import { compareCodePoints, endOfPrefix } from "../lib/code_points.ts";

const edges = ["a", "b", "/", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"];
const name = fc.string({
  unit: fc.oneof(fc.constantFrom(...edges), fc.string({ unit: "binary", minLength: 1 })),
  maxLength: 4,
});

/** Text by its bytes in UTF-8, whose order is that of code points. */
const bytesOf = (text: string): string => new TextEncoder().encode(text).toHex();

Deno.test("compareCodePoints() orders as the bytes of UTF-8", () => {
  fc.assert(fc.property(name, name, (one, other) => {
    const [a, b] = [bytesOf(one), bytesOf(other)];
    assert.equal(Math.sign(compareCodePoints(one, other)), a < b ? -1 : a > b ? 1 : 0);
  }));
});

Deno.test("endOfPrefix() is behind what begins so, and before all else that is greater", () => {
  fc.assert(fc.property(name, name, (prefix, other) => {
    const end = endOfPrefix(prefix);
    for (const text of [other, prefix + other]) {
      const isWithin = compareCodePoints(text, prefix) >= 0 &&
        (end === undefined || compareCodePoints(text, end) < 0);
      assert.equal(isWithin, text.startsWith(prefix));
    }
  }));
});

Deno.test("endOfPrefix() steps over surrogates, and from the last character to the one before", () => {
  const ends = ["", "a", "a\ud7ff", "a\u{10ffff}", "\u{10ffff}"].map(endOfPrefix);
  assert.deepEqual(ends, [undefined, "b", "a\ue000", "b", undefined]);
});
