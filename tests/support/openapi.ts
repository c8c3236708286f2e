/**
 * The description of the API as a measure: what is asked for is written by it, and answers are held
 * against it.
 *
 * @module
 */

import assert from "node:assert/strict";

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

import { resolve } from "../../lib/http/docs_operation.ts";
import type {
  OpenApi,
  Operation,
  Parameter,
  PlacedOperation,
  ResponseObject,
} from "../../lib/http/openapi/types.ts";
import type { Answer } from "./app.ts";

/** Holds answers against a description. */
export interface Checker {
  /**
   * @param placed The operation that was asked for.
   * @param answer What it answered.
   * @throws {AssertionError} If status, media type, a header or the body is not as described.
   */
  check(placed: PlacedOperation, answer: Answer): void;
  /**
   * @param pointer Where a schema is in the description, as a JSON pointer.
   * @param value What it should allow.
   * @throws {AssertionError} If it does not.
   */
  checkValue(pointer: string, value: unknown): void;
}

const ID = "https://drec.example/openapi.json";

/**
 * Prepares a description for checks.
 *
 * @param document The description.
 * @returns The checker.
 */
export function createChecker(document: OpenApi): Checker {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true });
  // The package says `export default` to TypeScript, and means `module.exports`.
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  // The schema at the root is the description itself, whose members mean nothing to a schema.
  ajv.addVocabulary(Object.keys(document));
  ajv.addSchema({ $id: ID, ...document });

  function checkValue(pointer: string, value: unknown): void {
    const validate = ajv.getSchema(`${ID}#${pointer}`) ??
      ajv.compile({ $ref: `${ID}#${pointer}` });
    const isValid = validate(value);
    assert.ok(isValid, `${pointer}: ${textOf(validate.errors)} in ${JSON.stringify(value)}`);
  }

  return {
    checkValue,
    check({ method, path, operation }, answer) {
      const where = `${method} ${path}: ${answer.status} ${answer.text.slice(0, 300)}`;
      const described = operation.responses[String(answer.status)];
      assert.ok(described !== undefined, `${where} is not described`);
      const { content = {}, headers = {} } = resolve(described, document.components.responses);
      for (const [name, header] of Object.entries(headers)) {
        const { required } = resolve(header, document.components.headers);
        assert.ok(required !== true || answer.headers.has(name), `${where} has no ${name}`);
      }
      const type = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
      if (Object.keys(content).length === 0) {
        assert.equal(answer.text, "", `${where} has a body`);
        return;
      }
      assert.ok(type in content, `${where} is "${type}"`);
      if (!type.endsWith("json")) return;
      const base = "$ref" in described
        ? described.$ref.slice(1)
        : `/paths/${escaped(path)}/${method}/responses/${answer.status}`;
      checkValue(`${base}/content/${escaped(type)}/schema`, answer.json);
    },
  };
}

/**
 * Lists the parameters of an operation.
 *
 * @param document Where it is.
 * @param operation The operation.
 * @returns Those of query, path and headers.
 */
export function parametersOf(document: OpenApi, operation: Operation): Parameter[] {
  const { parameters = [] } = operation;
  return parameters.map((one) => resolve(one, document.components.parameters));
}

/**
 * Writes the target of a request.
 *
 * @param document Where the operation is.
 * @param placed The operation.
 * @param values Of parameters; those of the path are the examples unless told.
 * @returns Path and query.
 */
export function targetOf(
  document: OpenApi,
  { path, operation }: PlacedOperation,
  values: Readonly<Record<string, unknown>> = {},
): string {
  const parameters = parametersOf(document, operation);
  const target = parameters.filter((one) => one.in === "path").reduce(
    (text, parameter) =>
      text.replace(`{${parameter.name}}`, partOf(parameter, values[parameter.name])),
    path,
  );
  const names = new Set(parameters.filter((one) => one.in === "path").map(({ name }) => name));
  const query = Object.entries(values).filter(([name]) => !names.has(name))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? target : `${target}?${query.join("&")}`;
}

/** As generated clients write it: a comma separates only what is described as several. */
function partOf({ schema, style, explode, example }: Parameter, value: unknown): string {
  const several = schema.type === "array" && style === "simple" && explode === false;
  const parts = several ? [value ?? example].flat() : [value ?? example];
  return parts.map((part) => encodeURIComponent(String(part))).join(",");
}

/**
 * Finds an answer of an operation.
 *
 * @param document Where it is.
 * @param operation The operation.
 * @param status The status.
 * @returns What is described.
 */
export function responseOf(
  document: OpenApi,
  operation: Operation,
  status: string,
): ResponseObject | undefined {
  const described = operation.responses[status];
  return described === undefined ? undefined : resolve(described, document.components.responses);
}

function escaped(part: string): string {
  // In the fragment of an address, a pointer is percent-encoded.
  return encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));
}

function textOf(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? []).map(({ instancePath, message, params }) =>
    `${instancePath} ${message} ${JSON.stringify(params)}`
  ).join("; ");
}
