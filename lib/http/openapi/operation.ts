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

/** Errors of everything that reads the store with a token. */
const GUARDED: readonly DescribedCode[] = [
  "invalid",
  "unauthorized",
  "forbidden",
  "internal",
  "unavailable",
];
/** Errors of everything that names a repository. */
const OF_REPOSITORY: readonly DescribedCode[] = ["not_found", "conflict"];

/** Whether JSON that is read has an `ETag`, and is answered 304 where it has not changed. */
const IS_CONDITIONAL: boolean = false;

/** How a client says what it has. */
export const IF_NONE_MATCH: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "The `ETag` of an answer that is still there: if it is the same now, the answer is" +
    " 304 without a body.",
  schema: { type: "string" },
  example: '"kPpqZ1Y2b6Q4wJ8hTt0c5A"',
};

/** Names what an answer is. */
export const ETAG: Header = {
  description: "Changes when the answer does.",
  required: true,
  schema: { type: "string", examples: ['"kPpqZ1Y2b6Q4wJ8hTt0c5A"'] },
};

/** The answer to who has it already. */
export const NOT_MODIFIED: ResponseObject = {
  description: "What `If-None-Match` names is still right.",
  headers: { ...COMMON_HEADERS, ETag: ETAG },
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
 * Describes an operation that reads the store.
 *
 * @param text What is particular.
 * @returns The operation; it needs the role `read`.
 */
export function reading(text: OperationText): Operation {
  const { parameters = [], errors = [] } = text;
  const guarded = { ...text, errors: [...GUARDED, ...errors] };
  if (!IS_CONDITIONAL) return operation(guarded, tokenFor("read"));
  const answer = { ...text.answer, headers: { ...text.answer.headers, ETag: ETAG } };
  return operation({
    ...guarded,
    answer,
    parameters: [...parameters, IF_NONE_MATCH],
    more: { ...text.more, "304": NOT_MODIFIED },
  }, tokenFor("read"));
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
