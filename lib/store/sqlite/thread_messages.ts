/**
 * What goes to the thread of the store and comes back: plain data, as `postMessage()` copies it.
 *
 * @module
 */

import { AppError, type ErrorCode } from "../../errors.ts";
import { EventFault, type RepositoryRef, type StoreOptions } from "../store.ts";

/** The name of the thread, by which it knows itself. */
export const THREAD_NAME = "drec-store";

/** Opens the store; the first message. */
export interface OpenMessage {
  readonly path: string;
  readonly options: StoreOptions;
}

/** Calls a method of the store. */
export interface CallMessage {
  readonly id: number;
  readonly method: string;
  readonly args: unknown[];
}

/** Says how a call has ended; the one without a number is that of {@linkcode OpenMessage}. */
export type ReplyMessage =
  & { readonly id?: number }
  & ({ readonly value: unknown } | { readonly error: PortableError });

/** Tells the watchers of what has changed; `"lost"`: they may have missed something. */
export interface ChangeMessage {
  readonly changed: readonly RepositoryRef[] | "lost";
}

/** An error that is still of its class on the other side. */
interface PortableError {
  readonly isFault: boolean;
  readonly code?: ErrorCode;
  readonly hint?: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: string;
}

/**
 * Makes an error ready for the other side.
 *
 * @param error Whatever was thrown.
 * @returns What there is to say of it.
 */
export function portableError(error: unknown): PortableError {
  const isApp = error instanceof AppError;
  const { message, stack, cause } = error instanceof Error ? error : new Error(String(error));
  return {
    isFault: error instanceof EventFault,
    message,
    ...(stack === undefined ? {} : { stack }),
    ...(isApp ? { code: error.code } : {}),
    ...(isApp && error.hint !== undefined ? { hint: error.hint } : {}),
    ...(cause === undefined ? {} : { cause: String(cause) }),
  };
}

/**
 * The way back of {@linkcode portableError}.
 *
 * @param portable What has arrived.
 * @returns The error, to be thrown.
 */
export function errorFrom({ isFault, code, hint, message, stack, cause }: PortableError): Error {
  if (isFault) return new EventFault(message, { cause });
  if (code === undefined) {
    return Object.assign(new Error(message, { cause }), stack === undefined ? {} : { stack });
  }
  return new AppError(code, message, { cause, ...(hint === undefined ? {} : { hint }) });
}
