import assert from "node:assert/strict";

import { isNamespace, namespacesOf } from "../lib/namespace.ts";

Deno.test("namespacesOf() lists everything and the first four directories", async (t) => {
  const cases: [repository: string, want: string[]][] = [
    ["app", [""]],
    ["team/app", ["", "team/"]],
    ["a/b/c/d/app", ["", "a/", "a/b/", "a/b/c/", "a/b/c/d/"]],
    ["a/b/c/d/e/f/app", ["", "a/", "a/b/", "a/b/c/", "a/b/c/d/"]],
    // No registry accepts these; one may report them.
    ["/app", ["", "/"]],
    ["team//app", ["", "team/", "team//"]],
    ["team/", ["", "team/"]],
  ];
  for (const [repository, want] of cases) {
    await t.step(repository, () => assert.deepEqual(namespacesOf(repository), want));
  }
});

Deno.test("isNamespace() knows what has numbers of its own", async (t) => {
  const cases: [prefix: string, want: boolean][] = [
    ["", true],
    ["team/", true],
    ["a/b/c/d/", true],
    ["a/b/c/d/e/", false],
    ["team", false],
    ["team/app", false],
  ];
  for (const [prefix, want] of cases) {
    await t.step(`"${prefix}"`, () => assert.equal(isNamespace(prefix), want));
  }
});
