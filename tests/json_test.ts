/**
 * Parsing what strangers send: neither depth nor size may hold up the rest.
 */

import assert from "node:assert/strict";

import { parseJson } from "../lib/json.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const padding = " ".repeat(1024 ** 2);

Deno.test("parseJson reads what JSON.parse reads", () => {
  const value = { a: ["[[[", '\\"[', "{\u00e9{", { b: null }], c: 1.5 };
  assert.deepEqual(parseJson(bytes(JSON.stringify(value))), value);
  assert.deepEqual(parseJson(bytes(padding + JSON.stringify(value))), value);
  const brackets = "[".repeat(2_000_000) + '\\"{'.repeat(2000);
  assert.equal(parseJson(bytes(`${padding}"${brackets}"`)), brackets.replaceAll('\\"', '"'));
});

Deno.test("parseJson counts levels, not brackets", () => {
  const wide = `${padding}[${"[[]],".repeat(100_000)}[]]`;
  assert.equal((parseJson(bytes(wide)) as unknown[]).length, 100_001);
  const levels = (count: number): string => padding + "[".repeat(count) + "]".repeat(count);
  assert.ok(Array.isArray(parseJson(bytes(levels(1_000_000)))));
  assert.throws(() => parseJson(bytes(levels(1_000_001))), {
    name: "SyntaxError",
    message: /levels/,
  });
});

Deno.test("parseJson refuses millions of levels at once", () => {
  assert.throws(() => parseJson(bytes("[".repeat(16_000_000))), { message: /1000000 levels/ });
});
