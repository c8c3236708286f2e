/**
 * The table of `docs/compare.md` is what the recordings come to now.
 *
 * @module
 */

import assert from "node:assert/strict";

import { COMPARE_DOC, renderTable, withTable } from "../tools/compare.ts";

Deno.test("docs/compare.md has the table that tools/compare.ts makes", async () => {
  const document = await Deno.readTextFile(COMPARE_DOC);
  assert.equal(document, withTable(document), "run `deno task compare`");
});

Deno.test("renderTable() says that DREC alone counts every recording as expected", () => {
  const rows = renderTable().split("\n").map((row) => row.split("|").map((cell) => cell.trim()));
  const right = rows.find(([, first]) => first === "**recordings right**");
  const [all, drec, ...others] = (right ?? []).slice(4, -1).toReversed();
  assert.equal(drec, all);
  for (const other of others) assert.notEqual(other, all);
});

Deno.test("withTable() refuses a document without its markers", () => {
  assert.throws(() => withTable("# Comparison\n"), /No "<!-- table/);
});
