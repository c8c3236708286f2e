/**
 * The one error class for what a person must act on.
 *
 * Layers throw or return errors and never log them. The edges do: `http/middleware.ts` and `cli/`;
 * `main.ts` prints what a command throws.
 *
 * @module
 */

/** What went wrong, in a word that maps to an HTTP status and to an exit code. */
export type ErrorCode =
  | "invalid"
  | "unauthorized"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unsupported"
  | "unavailable"
  | "internal";

/** Options of {@linkcode AppError}. */
export interface AppErrorOptions {
  /** What to do about it, as an imperative without "Try:". */
  hint?: string;
  cause?: unknown;
}

/**
 * An error that a person can act on: what happened, and what would mend it.
 *
 * Wording: `Cannot open store "./data/drec.db": permission denied`, sentence case, no full stop.
 */
export class AppError extends Error {
  override readonly name = "AppError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  /**
   * @param code What kind of failure it is.
   * @param message What happened, without a full stop.
   * @param options The remedy and the cause.
   */
  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
  }
}

/**
 * `unavailable` for a reason that clients may be told, such as a full queue. What a store says of
 * itself is none: it names files, hosts and ids.
 */
export class BusyError extends AppError {
  /**
   * @param message What happened, without a full stop.
   * @param options The remedy.
   */
  constructor(message: string, options: AppErrorOptions = {}) {
    super("unavailable", message, options);
  }
}

/**
 * Renders any thrown value for a person: the message, and the remedy on its own line.
 *
 * @param error What was thrown.
 * @returns One or two lines, without a trailing newline.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { AppError, renderError } from "./errors.ts";
 *
 * const error = new AppError("invalid", "Cannot parse port", { hint: "use a number" });
 * assert.equal(renderError(error), "Cannot parse port\nTry: use a number");
 * ```
 */
export function renderError(error: unknown): string {
  if (error instanceof AppError && error.hint !== undefined) {
    return `${error.message}\nTry: ${error.hint}`;
  }
  return error instanceof Error ? error.message : String(error);
}
