import assert from "node:assert/strict";

import { AppError, BusyError, type ErrorCode } from "../../lib/errors.ts";
import { ProblemError, problemOf, problemResponse } from "../../lib/http/problem.ts";

Deno.test("problemResponse() has one status for each code", async (t) => {
  const cases: [code: ErrorCode, status: number, title: string][] = [
    ["invalid", 400, "Bad Request"],
    ["unauthorized", 401, "Unauthorized"],
    ["forbidden", 403, "Forbidden"],
    ["not_found", 404, "Not Found"],
    ["conflict", 409, "Conflict"],
    ["too_large", 413, "Content Too Large"],
    ["unsupported", 415, "Unsupported Media Type"],
  ];
  for (const [code, status, title] of cases) {
    await t.step(code, async () => {
      const error = new AppError(code, "It happened", { hint: "do this" });
      const response = problemResponse(problemOf(error, "r-1"));
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal(response.headers.get("cache-control"), "no-store");
      assert.equal(response.headers.get("x-request-id"), "r-1");
      const detail = "It happened: do this";
      const want = { type: "about:blank", title, status, detail, code, requestId: "r-1" };
      assert.equal(await response.text(), JSON.stringify(want));
    });
  }
});

Deno.test("problemOf() keeps to itself what is not the client's fault", async (t) => {
  const cases: [name: string, error: unknown, code: ErrorCode, detail: string][] = [
    ["a bug", new TypeError("secret"), "internal", "Internal error"],
    ["no error at all", "secret", "internal", "Internal error"],
    ["internal", new AppError("internal", "secret"), "internal", "Internal error"],
    [
      "unavailable",
      new AppError("unavailable", "Cannot reach secret:27017", { hint: "start secret" }),
      "unavailable",
      "The store does not answer: try again later",
    ],
  ];
  for (const [name, error, code, detail] of cases) {
    await t.step(name, () => {
      assert.deepEqual(problemOf(error, "r-1"), { code, detail, requestId: "r-1" });
    });
  }
});

Deno.test("problemOf() tells the reason of a BusyError", () => {
  const error = new BusyError("The stream is full", { hint: "try again later" });
  const { code, detail } = problemOf(error, "r-1");
  assert.deepEqual([code, detail], ["unavailable", "The stream is full: try again later"]);
});

Deno.test("problemResponse() says when to try again, and how to be let in", () => {
  const headersOf = (code: ErrorCode) =>
    problemResponse({ code, detail: "", requestId: "r-1" }).headers;
  assert.equal(headersOf("unavailable").get("retry-after"), "5");
  assert.equal(headersOf("unauthorized").get("www-authenticate"), 'Bearer realm="drec"');
});

Deno.test("problemResponse() shows the members of a ProblemError last", async () => {
  const error = new ProblemError("conflict", "Two", {
    hint: "choose",
    members: { of: ["a", "b"] },
  });
  const json = await problemResponse(problemOf(error, "r-1")).json();
  assert.deepEqual(json.of, ["a", "b"]);
  assert.equal(Object.keys(json).at(-1), "of");
});
