/**
 * Errors as RFC 9457 `application/problem+json`.
 *
 * What happened inside stays inside: from status 500 on, the answer says nothing but the status, or
 * the reason of a {@linkcode BusyError}, and the log has the rest under the same request id.
 *
 * @module
 */

import { AppError, BusyError, type ErrorCode } from "../errors.ts";

/** An error's code as answers have it. */
export type ProblemCode = ErrorCode | "method_not_allowed";

/** What an answer says about an error. */
export interface Problem {
  readonly code: ProblemCode;
  /** For a person, a sentence without a full stop. */
  readonly detail: string;
  readonly requestId: string;
  /** More that a program may want to know. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** More headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error whose answer has more members than the usual ones. */
export class ProblemError extends AppError {
  readonly members: Readonly<Record<string, unknown>>;

  /**
   * @param code What kind of failure it is.
   * @param message What happened, without a full stop.
   * @param options The remedy, and the members.
   */
  constructor(
    code: ErrorCode,
    message: string,
    { hint, members }: { hint: string; members: Readonly<Record<string, unknown>> },
  ) {
    super(code, message, { hint });
    this.members = members;
  }
}

/** Status and title of each code. */
export const PROBLEM_STATUSES: Readonly<Record<ProblemCode, { status: number; title: string }>> = {
  invalid: { status: 400, title: "Bad Request" },
  unauthorized: { status: 401, title: "Unauthorized" },
  forbidden: { status: 403, title: "Forbidden" },
  "not_found": { status: 404, title: "Not Found" },
  "method_not_allowed": { status: 405, title: "Method Not Allowed" },
  conflict: { status: 409, title: "Conflict" },
  "too_large": { status: 413, title: "Content Too Large" },
  unsupported: { status: 415, title: "Unsupported Media Type" },
  internal: { status: 500, title: "Internal Server Error" },
  unavailable: { status: 503, title: "Service Unavailable" },
};

const HEADERS: Readonly<Partial<Record<ProblemCode, Readonly<Record<string, string>>>>> = {
  // Not `Basic`, although it is accepted: browsers would ask for a user name.
  unauthorized: { "WWW-Authenticate": 'Bearer realm="drec"' },
  unavailable: { "Retry-After": "5" },
};

/**
 * Says what an answer may tell about anything thrown.
 *
 * @param error What was thrown.
 * @param requestId Id of the request.
 * @returns Its code and detail; of what is inside, nothing but the code.
 */
export function problemOf(error: unknown, requestId: string): Problem {
  const code = error instanceof AppError ? error.code : "internal";
  if (code === "internal") return { code, detail: "Internal error", requestId };
  if (code === "unavailable" && !(error instanceof BusyError)) {
    return { code, detail: "The store does not answer: try again later", requestId };
  }
  const { message, hint } = error as AppError;
  const detail = hint === undefined ? message : `${message}: ${hint}`;
  const members = error instanceof ProblemError ? error.members : {};
  return { code, detail, requestId, members };
}

/**
 * Makes the answer.
 *
 * @param problem What to say.
 * @returns `application/problem+json` with `type`, `title`, `status`, `detail`, `code`, `requestId`.
 */
export function problemResponse(problem: Problem): Response {
  const { code, detail, requestId, members, headers } = problem;
  const { status, title } = PROBLEM_STATUSES[code];
  // By RFC 9457, `about:blank` means that the status says what kind of problem it is.
  const body = { type: "about:blank", title, status, detail, code, requestId, ...members };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      "X-Request-Id": requestId,
      ...HEADERS[code],
      ...headers,
    },
  });
}
