import assert from "node:assert/strict";

import { AppError } from "../../lib/errors.ts";
import { renderCursor } from "../../lib/http/cursor.ts";
import { type Parameters, parseParameters } from "../../lib/http/parameters.ts";

const NAMES = ["q", "sort", "from", "registry", "limit", "cursor"];
const LIST = ["tags", "default", "team/app"];

function parse(query: string): Parameters {
  return parseParameters(query, NAMES);
}

function hasError(message: string, hint: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof AppError);
    assert.deepEqual([error.code, error.message, error.hint], ["invalid", message, hint]);
    return true;
  };
}

Deno.test("parseParameters() decodes names and values", async (t) => {
  const cases: [query: string, want: string | undefined][] = [
    ["", undefined],
    ["&&", undefined],
    ["q", undefined],
    ["q=", undefined],
    ["q=a", "a"],
    ["q=a=b", "a=b"],
    ["q=a+b%20c%2Bd", "a b c+d"],
    ["%71=%F0%9F%98%80", "😀"],
    ["q=%3Cscript%3E", "<script>"],
  ];
  for (const [query, want] of cases) {
    await t.step(query, () => assert.equal(parse(query).text("q"), want));
  }
});

Deno.test("parseParameters() refuses what it does not know", async (t) => {
  const cases: [query: string, message: string, hint: string][] = [
    ["Q=1", 'Unknown parameter "Q"', "use q, sort, from, registry, limit, cursor"],
    ["__proto__=1", 'Unknown parameter "__proto__"', "use q, sort, from, registry, limit, cursor"],
    ["q=1&q=1", 'Repeated parameter "q"', "give it once"],
    ["q=&q=", 'Repeated parameter "q"', "give it once"],
    ["q=%zz", 'Cannot decode parameter "q=%zz"', "use percent-encoded UTF-8"],
    ["q=%ff", 'Cannot decode parameter "q=%ff"', "use percent-encoded UTF-8"],
  ];
  for (const [query, message, hint] of cases) {
    await t.step(query, () => assert.throws(() => parse(query), hasError(message, hint)));
  }
  assert.throws(
    () => parseParameters("a=1", []),
    hasError('Unknown parameter "a"', "there are none"),
  );
});

Deno.test("Parameters.choice() takes one of the choices", () => {
  const choose = (query: string) => parse(query).choice("sort", ["name", "-pulls"], "name");
  assert.equal(choose(""), "name");
  assert.equal(choose("sort="), "name");
  assert.equal(choose("sort=-pulls"), "-pulls");
  assert.throws(
    () => choose("sort=pulls"),
    hasError('Parameter "sort" cannot be "pulls"', "use one of name, -pulls"),
  );
});

Deno.test("Parameters.day() takes a day that exists", async (t) => {
  const cases: [text: string, want: number | undefined][] = [
    ["", undefined],
    ["1970-01-01", 0],
    ["2026-11-23", 20_780],
    ["2024-02-29", 19_782],
    ["9999-12-31", 2_932_896],
  ];
  for (const [text, want] of cases) {
    await t.step(text, () => assert.equal(parse(`from=${text}`).day("from"), want));
  }
  const bad = [
    "2023-02-29",
    "2026-13-01",
    "2026-00-10",
    "2026-1-1",
    "20261123",
    "today",
    "1969-12-31",
    "0000-01-01",
  ];
  for (const text of [...bad, "2026-11-23T00:00:00Z", "-000001-01-01"]) {
    await t.step(text, () => {
      const message = `Parameter "from" cannot be "${text}"`;
      const hint = "use a day such as 2026-11-23, none before 1970-01-01";
      assert.throws(() => parse(`from=${text}`).day("from"), hasError(message, hint));
    });
  }
});

Deno.test("Parameters.registry() takes what may be a name", () => {
  assert.equal(parse("").registry(), undefined);
  assert.equal(parse("registry=main-1.eu_x").registry(), "main-1.eu_x");
  for (const text of ["Main", "a/b", ".a", "a".repeat(65)]) {
    assert.throws(() => parse(`registry=${text}`).registry(), /"registry" cannot be/);
  }
});

Deno.test("Parameters.page() takes limits from 1 to 1000", () => {
  assert.deepEqual(parse("").page(LIST), { limit: 50 });
  assert.deepEqual(parse("limit=1").page(LIST), { limit: 1 });
  assert.deepEqual(parse("limit=1000").page(LIST), { limit: 1000 });
  for (const text of ["0", "1001", "-1", "1.5", "1e2", "0x10", "ten", "99999"]) {
    const message = `Parameter "limit" cannot be "${text}"`;
    const hint = "use a number from 1 to 1000";
    assert.throws(() => parse(`limit=${text}`).page(LIST), hasError(message, hint));
  }
});

Deno.test("Parameters.page() takes a cursor of the list alone", () => {
  const cursor = renderCursor(LIST, ["latest", 3, null]);
  assert.deepEqual(parse(`cursor=${cursor}`).page(LIST), {
    limit: 50,
    after: ["latest", 3, null],
  });
  assert.throws(
    () => parse(`cursor=${cursor}`).page(["manifests", "default", "team/app"]),
    hasError(
      `Parameter "cursor" cannot be "${cursor}"`,
      "use `next` of the page before, asked for in the same way",
    ),
  );
});
