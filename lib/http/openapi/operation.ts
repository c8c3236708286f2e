/**
 * What operations have in common.
 *
 * @module
 */

import type { TokenRole } from "../../store/store.ts";
import { COMMON_HEADERS, type DescribedCode, problems } from "./problems.ts";
import { ref } from "./schema.ts";
import { tokenFor } from "./security.ts";
import type {
  Header,
  Operation,
  Parameter,
  Reference,
  RequestBody,
  ResponseObject,
  Schema,
  Security,
} from "./types.ts";

/** An operation, without what follows from its kind. */
export interface OperationText {
  readonly id: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly (Parameter | Reference)[];
  /** Answer of the status 200. */
  readonly answer: ResponseObject;
  /** Errors beside those that all of its kind have. */
  readonly errors?: readonly DescribedCode[];
  /** Answers beside those. */
  readonly more?: Readonly<Record<string, ResponseObject>>;
  readonly requestBody?: RequestBody;
}

/** Errors of everything that asks for a token and reads the store. */
export const GUARDED: readonly DescribedCode[] = [
  "invalid",
  "unauthorized",
  "forbidden",
  "internal",
  "unavailable",
];
/** Errors of everything that names a repository. */
const OF_REPOSITORY: readonly DescribedCode[] = ["not_found", "conflict"];

/** How a client says what it has. */
const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "The `ETag` of an answer that is still there: if it is the same now, the answer is" +
    " 304 without a body.",
  schema: { type: "string" },
  example: 'W/"kPpqZ1Y2b6Q4wJ8hTt0c5A"',
};

/** Headers of an answer that may be kept. */
const KEPT: Readonly<Record<string, Header>> = {
  ETag: {
    description: "Changes when the answer does.",
    required: true,
    schema: { type: "string", examples: ['W/"kPpqZ1Y2b6Q4wJ8hTt0c5A"'] },
  },
  "Cache-Control": {
    description: "Who may keep it, and for how long without asking again.",
    required: true,
    schema: { type: "string", examples: ["private, no-cache"] },
  },
};

/** The answer to who has it already. */
const NOT_MODIFIED: ResponseObject = {
  description: "What `If-None-Match` names is still right.",
  headers: { ...COMMON_HEADERS, ...KEPT },
};

/**
 * Describes an answer of JSON.
 *
 * @param description What it has.
 * @param schema Its schema, or the name of one.
 * @returns The answer.
 */
export function json(description: string, schema: Schema | string): ResponseObject {
  const content = { schema: typeof schema === "string" ? ref(schema) : schema };
  return { description, headers: COMMON_HEADERS, content: { "application/json": content } };
}

/**
 * Describes an answer of text.
 *
 * @param description What it has.
 * @param example For example this.
 * @param mediaType `text/plain` unless told.
 * @returns The answer.
 */
export function plain(
  description: string,
  example: string,
  mediaType = "text/plain",
): ResponseObject {
  const content = { schema: { type: "string" }, example } as const;
  return { description, headers: COMMON_HEADERS, content: { [mediaType]: content } };
}

/**
 * Describes an operation that anybody may ask for.
 *
 * @param text What is particular.
 * @param security Who may ask; all unless told.
 * @returns The operation.
 */
export function operation(text: OperationText, security: Security = []): Operation {
  const { id, tag, summary, description, parameters, answer, errors = [], more = {} } = text;
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters === undefined ? {} : { parameters }),
    ...(text.requestBody === undefined ? {} : { requestBody: text.requestBody }),
    responses: { "200": answer, ...problems(errors), ...more },
    security,
  };
}

/**
 * Describes an operation whose answer may be kept and asked about again.
 *
 * @param text What is particular.
 * @returns The same with `If-None-Match`, `ETag` and 304.
 */
export function keepable(text: OperationText): OperationText {
  const { parameters = [], answer, more = {} } = text;
  return {
    ...text,
    parameters: [...parameters, IF_NONE_MATCH],
    answer: { ...answer, headers: { ...answer.headers, ...KEPT } },
    more: { ...more, "304": NOT_MODIFIED },
  };
}

/**
 * Describes an operation that reads the store with a token, and whose answers are not kept.
 *
 * @param text What is particular.
 * @returns The operation; it needs the role `read`.
 */
export function guarded(text: OperationText): Operation {
  const errors = [...GUARDED, ...text.errors ?? []];
  return operation({ ...text, errors }, tokenFor("read"));
}

/**
 * Describes an operation that reads the store.
 *
 * @param text What is particular.
 * @returns The operation; it needs the role `read`.
 */
export function reading(text: OperationText): Operation {
  return guarded(keepable(text));
}

/**
 * Describes an operation that reads what is known of one repository.
 *
 * @param text What is particular.
 * @returns The operation.
 */
export function ofRepository(text: OperationText): Operation {
  return reading({ ...text, errors: [...OF_REPOSITORY, ...text.errors ?? []] });
}

/**
 * Describes an operation that changes something of one repository.
 *
 * @param text What is particular.
 * @param role That it needs.
 * @returns The operation.
 */
export function changing(text: OperationText, role: TokenRole): Operation {
  const errors = [...GUARDED, ...OF_REPOSITORY, ...text.errors ?? []];
  return operation({ ...text, errors }, tokenFor(role));
}
