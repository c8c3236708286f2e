/**
 * Schemas in few words. Objects are exact: what is not described is not there.
 *
 * @module
 */

import type { Schema, SchemaType } from "./types.ts";

/**
 * Describes an object.
 *
 * @param properties Its members.
 * @param options Those of them that may be missing; what it is.
 * @returns The schema; nothing else may be in the object.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { object } from "./schema.ts";
 *
 * assert.deepEqual(object({ a: {}, b: {} }, { optional: ["b"] }).required, ["a"]);
 * ```
 */
export function object(
  properties: Readonly<Record<string, Schema>>,
  { optional = [], description }: { optional?: readonly string[]; description?: string } = {},
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return {
    type: "object",
    ...(description === undefined ? {} : { description }),
    properties,
    required,
    additionalProperties: false,
  };
}

/**
 * Describes a list.
 *
 * @param items Its members.
 * @param description What it has.
 * @returns The schema.
 */
export function list(items: Schema, description?: string): Schema {
  return { type: "array", ...(description === undefined ? {} : { description }), items };
}

/**
 * Refers to a schema of the components.
 *
 * @param name Its name.
 * @returns The reference.
 */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/**
 * Describes a text.
 *
 * @param description What it says.
 * @param example One.
 * @param more Bounds.
 * @returns The schema.
 */
export function text(description: string, example: string, more: Schema = {}): Schema {
  return { type: "string", description, ...more, examples: [example] };
}

/**
 * Describes a number of things.
 *
 * @param description What is counted.
 * @param example One.
 * @returns The schema of a whole number from 0 on.
 */
export function count(description: string, example = 0): Schema {
  return { type: "integer", description, minimum: 0, examples: [example] };
}

/**
 * Describes a time.
 *
 * @param description Of what.
 * @param example One.
 * @returns The schema of RFC 3339, UTC.
 */
export function time(description: string, example = "2026-11-24T01:09:15.599Z"): Schema {
  return text(description, example, { format: "date-time" });
}

/**
 * Describes a day.
 *
 * @param description Which.
 * @param example One.
 * @returns The schema of a day in UTC, such as `2026-11-23`.
 */
export function day(description: string, example = "2026-11-23"): Schema {
  return text(description, example, { format: "date" });
}

/**
 * Describes one of a few texts.
 *
 * @param description What they mean.
 * @param choices The texts.
 * @returns The schema.
 */
export function choice(description: string, choices: readonly string[]): Schema {
  return { type: "string", description, enum: choices };
}

/**
 * Lets something be `null`.
 *
 * @param schema Has one type, and no `const` or `enum`.
 * @returns The schema of that or `null`.
 * @throws {TypeError} For any other schema, which would go on to refuse `null`.
 */
export function nullable(schema: Schema): Schema {
  if (typeof schema.type !== "string" || schema.enum !== undefined || "const" in schema) {
    throw new TypeError("Cannot make a schema nullable that has not exactly one type");
  }
  return { ...schema, type: [schema.type, "null"] };
}

/**
 * Describes a page of a list.
 *
 * @param items Its members.
 * @param more Members beside `items` and `next`.
 * @returns The schema.
 */
export function page(items: Schema, more: Readonly<Record<string, Schema>> = {}): Schema {
  const next = text("The `cursor` of the next page; `null` on the last.", "WyJrUzV2Y1…");
  return object({
    items: list(items, "In the order of the list; at most `limit`."),
    next: nullable(next),
    ...more,
  });
}

const EXAMPLES: Readonly<Partial<Record<SchemaType, unknown>>> = {
  string: "text",
  integer: 0,
  number: 0,
  boolean: false,
  null: null,
};

/**
 * Makes up a value.
 *
 * @param schema What it is to be.
 * @param schemas The components that it may refer to.
 * @returns A value that the schema allows; an object has all members, a list one.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { count, exampleOf, list, object } from "./schema.ts";
 *
 * const schema = object({ pulls: count("Pulls", 3), tags: list({ const: "1.0" }) });
 * assert.deepEqual(exampleOf(schema, {}), { pulls: 3, tags: ["1.0"] });
 * ```
 */
export function exampleOf(schema: Schema, schemas: Readonly<Record<string, Schema>>): unknown {
  if (schema.$ref !== undefined) {
    const target = schemas[schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)];
    if (target === undefined) throw new TypeError(`No schema ${schema.$ref}`);
    return exampleOf(target, schemas);
  }
  if (schema.examples !== undefined) return schema.examples[0];
  if ("const" in schema) return schema.const;
  if (schema.enum !== undefined) return schema.enum[0];
  const [first] = schema.oneOf ?? schema.anyOf ?? [];
  if (first !== undefined) return exampleOf(first, schemas);
  if (schema.items !== undefined) return [exampleOf(schema.items, schemas)];
  if (schema.properties !== undefined) {
    const members = Object.entries(schema.properties);
    return Object.fromEntries(members.map(([name, of]) => [name, exampleOf(of, schemas)]));
  }
  const [type] = [schema.type ?? "object"].flat();
  return type === undefined ? {} : EXAMPLES[type] ?? {};
}
