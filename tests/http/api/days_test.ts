import assert from "node:assert/strict";

import { parseDay } from "../../../lib/calendar.ts";
import { consumersOf } from "../../../lib/http/api/consumers.ts";
import { namespaceOf, valuesOf } from "../../../lib/http/api/days.ts";
import { parseParameters } from "../../../lib/http/parameters.ts";
import { ProblemError } from "../../../lib/http/problem.ts";

const day = (text: string): number => parseDay(text) ?? assert.fail(text);

Deno.test("consumersOf() reads names, or exclusions, never both", async (t) => {
  const read = (consumer: string) =>
    consumersOf(parseParameters(`consumer=${consumer}`, ["consumer"]));
  assert.equal(read(""), undefined);
  assert.deepEqual(read("prod-eu"), { only: ["prod-eu"] });
  assert.deepEqual(read("a,b"), { only: ["a", "b"] });
  assert.deepEqual(read("!ci"), { except: ["ci"] });
  assert.deepEqual(read("%21ci,!trivy"), { except: ["ci", "trivy"] });
  // The same for the same names.
  assert.deepEqual(read("b,a,b"), { only: ["a", "b"] });
  assert.deepEqual(read("!b,!a"), { except: ["a", "b"] });
  assert.deepEqual(read(Array(16).fill("a").join()), { only: ["a"] });
  const long = [Array(17).fill("a").join(), "a".repeat(65)];
  for (const bad of ["a,!b", "!a,b", "a,", ",", "!", "!a,!", "CI", "a b", "%00", "!!a", ...long]) {
    await t.step(bad, () => assert.throws(() => read(bad), /Parameter "consumer" cannot be/));
  }
});

Deno.test("namespaceOf() takes directories that numbers are kept for", () => {
  const read = (query: string) => namespaceOf(parseParameters(query, ["prefix", "registry"]));
  assert.deepEqual(read(""), { namespace: "" });
  assert.deepEqual(read("prefix=team/&registry=main"), { namespace: "team/", registry: "main" });
  assert.throws(() => read("prefix=team"), { hint: /^end it in a slash/ });
  assert.throws(() => read("prefix=a/b/c/d/e/"), { hint: /^use one of at most 4 directories/ });
});

Deno.test("valuesOf() adds months only where they are asked for as a whole", async (t) => {
  const days = [{ day: day("2024-03-05"), value: 2 }];
  const months = [{ day: day("2024-02-01"), value: 40 }];
  const history = { days, months, byDayFrom: day("2024-03-01") };
  const cases: [from: string, to: string, interval: "day" | "week" | "month", works: boolean][] = [
    ["2024-02-01", "2024-03-31", "month", true],
    ["2024-02-01", "2024-02-29", "month", true],
    ["2024-01-15", "2024-03-10", "month", true],
    ["2024-02-02", "2024-03-31", "month", false],
    ["2024-02-01", "2024-02-28", "month", false],
    ["2024-02-01", "2024-03-31", "week", false],
    ["2024-02-01", "2024-03-31", "day", false],
  ];
  for (const [from, to, interval, works] of cases) {
    await t.step(`${interval} ${from} ${to}`, () => {
      const values = () => valuesOf(history, { from: day(from), to: day(to) }, interval);
      if (works) return assert.deepEqual(values(), [...days, ...months]);
      assert.throws(values, (error) => {
        assert.ok(error instanceof ProblemError);
        assert.deepEqual(error.members, { availableFrom: "2024-03-01" });
        return true;
      });
    });
  }
  const recent = { days, months: [], byDayFrom: null };
  assert.deepEqual(valuesOf(recent, { from: 0, to: 1e5 }, "day"), days);
});
