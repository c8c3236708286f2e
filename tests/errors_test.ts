import assert from "node:assert/strict";

import { AppError, renderError } from "../lib/errors.ts";

Deno.test("AppError carries its code, remedy and cause", () => {
  const cause = new Error("EACCES");
  const error = new AppError("unavailable", "Cannot open store", { hint: "let DREC read", cause });
  assert.deepEqual(
    [error.name, error.code, error.message, error.hint, error.cause],
    ["AppError", "unavailable", "Cannot open store", "let DREC read", cause],
  );
  assert.ok(error instanceof Error);
});

Deno.test("AppError needs neither remedy nor cause", () => {
  const error = new AppError("internal", "Cannot go on");
  assert.equal(error.hint, undefined);
  assert.equal("cause" in error, false);
});

Deno.test("renderError() puts the remedy on a line of its own", () => {
  const cases: [error: unknown, want: string][] = [
    [
      new AppError("invalid", "Cannot parse port", { hint: "use a number" }),
      "Cannot parse port\nTry: use a number",
    ],
    [new AppError("invalid", "Cannot parse port"), "Cannot parse port"],
    [new TypeError("x is not a function"), "x is not a function"],
    ["a text", "a text"],
    [undefined, "undefined"],
  ];
  for (const [error, want] of cases) assert.equal(renderError(error), want);
});
