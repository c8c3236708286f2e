/**
 * Parameters held against their description: which there are, and what they can be.
 *
 * @module
 */

import assert from "node:assert/strict";

import type { Parameter, PlacedOperation, Schema } from "../../lib/http/openapi/types.ts";
import { openTestApp } from "../support/app.ts";
import {
  ask,
  checker,
  document,
  fill,
  isEndless,
  operations,
  routed,
} from "../support/described.ts";
import { parametersOf, targetOf } from "../support/openapi.ts";

/** Those that read no query, as what asks them may add to it. */
const LENIENT = ["showMetrics", "healthy", "ready", "showDocs", "showDocsStyle"];
const strict = routed.filter(({ operation }) => !LENIENT.includes(operation.operationId));
Deno.test("queries have the parameters that are described, and no others", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    await t.step(placed.operation.operationId, async () => {
      const target = targetOf(document, placed, { "no such": "1" });
      const { status, text } = await app.ask(target, { method: placed.method.toUpperCase() });
      assert.equal(status, 400);
      // The answer names those that there are.
      const names = /use ([\w, ]+)["\\]/.exec(text)?.[1]?.split(", ") ?? [];
      assert.deepEqual(names.toSorted(), queryOf(placed).map(({ name }) => name).toSorted());
    });
  }
});

Deno.test("parameters can be what is described, and nothing else", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    for (const parameter of queryOf(placed)) {
      const { name, schema, example } = parameter;
      await t.step(`${placed.operation.operationId}: ${name}`, async () => {
        for (const value of [example, ...possible(schema)].filter((one) => one !== undefined)) {
          const answer = await ask(app, placed, { values: withContext(placed, name, value) });
          assert.equal(answer.status, 200, `${value}: ${answer.text}`);
        }
        for (const value of impossible(schema)) {
          const answer = await ask(app, placed, { values: withContext(placed, name, value) });
          assert.equal(answer.status, 400, `${value}: ${answer.text}`);
          if (!isEndless(placed)) checker.check(placed, answer);
        }
        if (schema.default === undefined) return;
        const told = await ask(app, placed, { values: withContext(placed, name, schema.default) });
        assert.equal(told.text, (await ask(app, placed, { values: withContext(placed) })).text);
      });
    }
  }
});

Deno.test("all examples of an operation are possible together", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    await t.step(placed.operation.operationId, async () => {
      const examples = queryOf(placed).map(({ name, example, schema }) =>
        [name, example ?? schema.examples?.[0]] as const
      ).filter(([, value]) => value !== undefined);
      const { status, text } = await ask(app, placed, { values: Object.fromEntries(examples) });
      assert.equal(status, 200, text);
    });
  }
});

Deno.test("an empty parameter is as good as none", async (t) => {
  await using app = await openTestApp();
  await fill(app);
  for (const placed of strict) {
    const empty = Object.fromEntries(queryOf(placed).map(({ name }) => [name, ""]));
    await t.step(placed.operation.operationId, async () => {
      const [none, some] = [await ask(app, placed), await ask(app, placed, { values: empty })];
      assert.deepEqual([some.status, some.text], [none.status, none.text]);
    });
  }
  for (const placed of operations) {
    const query = parametersOf(document, placed.operation).filter((one) => one.in === "query");
    assert.ok(query.every(({ allowEmptyValue }) => allowEmptyValue === true));
  }
});

/** Parameters of the query, with the signature, which is a way to say who asks. */
function queryOf({ operation }: PlacedOperation): Parameter[] {
  const query = parametersOf(document, operation).filter((one) => one.in === "query");
  const isSigned = operation.security.some((scheme) => "signature" in scheme);
  const schema: Schema = { type: "string" };
  return isSigned ? [...query, { name: "sig", in: "query", description: "", schema }] : query;
}

/** Some values have meaning beside others only, as their descriptions say. */
function withContext(
  { operation: { operationId: id } }: PlacedOperation,
  name = "",
  value: unknown = "",
): Record<string, unknown> {
  const values = name === "" ? {} : { [name]: value };
  if (id === "listUnused" && (name === "host" || value === "crane" || value === "skopeo")) {
    return { format: "crane", host: "r.example", registry: "main", ...values };
  }
  if (id === "showSeries" || id === "showTotalSeries") {
    return {
      ...(name === "from" ? { to: "2026-11-24" } : {}),
      ...(name === "to" ? { from: "2026-11-01" } : {}),
      ...values,
    };
  }
  return values;
}

function possible(schema: Schema): unknown[] {
  const { minimum, maximum, maxLength, pattern, examples = [] } = schema;
  const longest = maxLength === undefined || pattern !== undefined ? [] : ["😀".repeat(maxLength)];
  return [...enumOf(schema), minimum, maximum, ...examples, ...longest];
}

function impossible(schema: Schema): unknown[] {
  const { type, minimum, maximum, maxLength, pattern, format } = schema;
  return [
    ...(enumOf(schema).length === 0 ? [] : ["nonsense", "Pulls", "__proto__"]),
    ...(minimum === undefined ? [] : [minimum - 1]),
    ...(maximum === undefined ? [] : [maximum + 1]),
    ...(type === "integer" ? ["x", "1.5", "-1", "1e3"] : []),
    ...(maxLength === undefined ? [] : ["x".repeat(maxLength + 1)]),
    ...(pattern === undefined
      ? []
      : ["!", "\0", "A B"].filter((text) => !new RegExp(pattern, "u").test(text))),
    ...(format === "date" ? ["2026-02-30", "today", "1969-12-31"] : []),
  ];
}

function enumOf(schema: Schema): readonly unknown[] {
  return schema.enum ?? schema.anyOf?.flatMap((one) => one.enum ?? []) ?? [];
}
