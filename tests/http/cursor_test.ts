import assert from "node:assert/strict";

import fc from "fast-check";

import { parseCursor, renderCursor } from "../../lib/http/cursor.ts";

const LIST = ["repositories", "-pulls", undefined, "team/", undefined];

Deno.test("renderCursor() says that there is no next page", () => {
  assert.equal(renderCursor(LIST, null), null);
});

Deno.test("parseCursor() reads what renderCursor() wrote", () => {
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.maxSafeInteger(), fc.constant(null));
  fc.assert(fc.property(fc.array(value), (cursor) => {
    const text = renderCursor(LIST, cursor) ?? "";
    assert.match(text, /^[A-Za-z0-9_-]+$/);
    assert.deepEqual(parseCursor(LIST, text), cursor);
  }));
});

Deno.test("parseCursor() refuses cursors of other lists, and what is none", async (t) => {
  const text = renderCursor(LIST, ["team/app", 7]) ?? "";
  const lists = [
    ["repositories", "name", undefined, "team/", undefined],
    ["repositories", "-pulls", "team/", undefined, undefined],
    ["tags", "default", "team/app"],
    [],
  ];
  for (const list of lists) {
    await t.step(list.join(), () => assert.equal(parseCursor(list, text), undefined));
  }
  const json = (value: unknown) => btoa(JSON.stringify(value));
  const texts = ["", "x", "!!!", json(null), json({}), json([]), json(["team/app"]), text.slice(2)];
  for (const other of [...texts, text.slice(0, -4)]) {
    await t.step(other, () => assert.equal(parseCursor(LIST, other), undefined));
  }
});
