/**
 * Errors in the description: one schema and one answer for each code.
 *
 * @module
 */

import { PROBLEM_STATUSES, type ProblemCode } from "../problem.ts";
import { day, list, object, ref, text } from "./schema.ts";
import type { Header, Reference, ResponseObject, Schema } from "./types.ts";

/** What is to be known of a code, beside its status. */
interface ProblemText {
  /** Name of the component. */
  readonly name: string;
  readonly description: string;
  readonly detail: string;
  /** Members that some problems of this code have. */
  readonly members?: Readonly<Record<string, Schema>>;
  /** Those of the members that all have. */
  readonly required?: readonly string[];
  readonly headers?: Readonly<Record<string, Header>>;
}

const REGISTRIES = list(
  text("A registry.", "main"),
  "The registries that `registry` can choose from.",
);
const RETRY_AFTER: Header = {
  description: "Seconds after which to try again.",
  required: true,
  schema: { type: "integer", minimum: 0, examples: [5] },
};

/** The codes that answers have, with the words of an operator. */
const TEXTS = {
  invalid: {
    name: "Invalid",
    description:
      "A parameter is unknown, given twice, not percent-encoded UTF-8, or not possible;" +
      " `detail` names it and says what is. An empty one is as good as none. Or the path is not" +
      " percent-encoded UTF-8.",
    detail: 'Parameter "limit" cannot be "0": use a number from 1 to 1000',
    members: {
      availableFrom: day(
        "Only where the days that are asked for are kept by month: the first day that can be asked" +
          " for.",
        "2024-09-01",
      ),
      registries: REGISTRIES,
    },
  },
  unauthorized: {
    name: "Unauthorized",
    description: "The token is missing or unknown. Where none is needed because DREC listens on a" +
      " loopback address only, it was asked by a host name that it does not have.",
    detail: 'The token is missing or unknown: send "Authorization: Bearer TOKEN"',
    headers: {
      "WWW-Authenticate": {
        description: "How to say who asks.",
        required: true,
        schema: { type: "string", const: 'Bearer realm="drec"' },
      },
    },
  },
  forbidden: {
    name: "Forbidden",
    description: "The token is for another role, the star that of another user, or the request" +
      " comes from a page of another site.",
    detail: 'The token is for another role: use one for "read"',
  },
  "not_found": {
    name: "NotFound",
    description: "Nothing of that name is known.",
    detail: 'No repository "team/app"',
  },
  "method_not_allowed": {
    name: "MethodNotAllowed",
    description: "A method that the path does not have. It is judged before the token.",
    detail: "POST is not possible here: use GET, HEAD",
    headers: {
      Allow: {
        description: "The methods that the path has.",
        required: true,
        schema: { type: "string", examples: ["GET, HEAD"] },
      },
    },
  },
  conflict: {
    name: "Conflict",
    description: "Several registries have a repository of that name: choose one of `registries`" +
      " with `registry`.",
    detail: 'Several registries have a repository "team/app": choose with ?registry=',
    members: { registries: REGISTRIES },
    required: ["registries"],
  },
  internal: {
    name: "Internal",
    description: "A fault of DREC. Its log has more under the `requestId`.",
    detail: "Internal error",
  },
  unavailable: {
    name: "Unavailable",
    description:
      "The store does not answer, DREC is stopping or has no room for one more reader of the" +
      " stream, or what is asked for takes longer than a request may.",
    detail: "The store does not answer: try again later",
    headers: { "Retry-After": RETRY_AFTER },
  },
} as const satisfies Partial<Record<ProblemCode, ProblemText>>;

/** A code that the description has. */
export type DescribedCode = keyof typeof TEXTS;

/** Headers that answers refer to. */
export const HEADERS: Readonly<Record<string, Header>> = {
  RequestId: {
    description: "Names the request in the log: the `X-Request-Id` that was sent, or a new one.",
    required: true,
    schema: { type: "string", minLength: 1, examples: ["7d86233f-29c8-478f-8a35-436a4867c198"] },
  },
};

/** Headers of every answer but those of the event route. */
export const COMMON_HEADERS: Readonly<Record<string, Reference>> = {
  "X-Request-Id": { $ref: "#/components/headers/RequestId" },
};

/**
 * Lists the schemas of problems.
 *
 * @returns By name; `Problem` is any of them.
 */
export function problemSchemas(): Record<string, Schema> {
  const schemas = codes().map((code): [string, Schema] => [nameOf(code), schemaOf(code)]);
  return {
    ...Object.fromEntries(schemas),
    Problem: { description: "Any error.", oneOf: codes().map((code) => ref(nameOf(code))) },
  };
}

/**
 * Lists the answers that are problems.
 *
 * @returns By name.
 */
export function problemResponses(): Record<string, ResponseObject> {
  return Object.fromEntries(codes().map((code) => [textOf(code).name, responseOf(code)]));
}

/**
 * Refers to the answers of some codes.
 *
 * @param wanted The codes.
 * @returns References by status.
 */
export function problems(wanted: readonly DescribedCode[]): Record<string, Reference> {
  return Object.fromEntries(
    wanted.map((code) => [
      String(PROBLEM_STATUSES[code].status),
      { $ref: `#/components/responses/${textOf(code).name}` },
    ]),
  );
}

function codes(): DescribedCode[] {
  return Object.keys(TEXTS) as DescribedCode[];
}

function textOf(code: DescribedCode): ProblemText {
  return TEXTS[code];
}

function nameOf(code: DescribedCode): string {
  return `${textOf(code).name}Problem`;
}

function schemaOf(code: DescribedCode): Schema {
  const { status, title } = PROBLEM_STATUSES[code];
  const { description, detail, members = {}, required = [] } = textOf(code);
  const optional = Object.keys(members).filter((name) => !required.includes(name));
  return object({
    type: { type: "string", const: "about:blank" },
    title: { type: "string", const: title },
    status: { type: "integer", const: status },
    detail: text("What happened and what would help, for a person.", detail),
    code: { type: "string", const: code },
    requestId: text("As in the header `X-Request-Id`.", "7d86233f-29c8-478f-8a35-436a4867c198"),
    ...members,
  }, { optional, description });
}

function responseOf(code: DescribedCode): ResponseObject {
  const { description, headers = {} } = textOf(code);
  return {
    description,
    headers: { ...COMMON_HEADERS, ...headers },
    content: { "application/problem+json": { schema: ref(nameOf(code)) } },
  };
}
