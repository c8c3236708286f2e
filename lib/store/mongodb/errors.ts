/**
 * What MongoDB's errors mean: the event's own fault, a reason to try again, or the store's failure.
 *
 * @module
 */

import {
  MongoBulkWriteError,
  MongoClientBulkWriteError,
  MongoError,
  MongoErrorLabel,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerSelectionError,
} from "mongodb";

import { AppError } from "../../errors.ts";
import { EventFault } from "../store.ts";

/** The code of the server for a document that has something else than a number. */
export const TYPE_MISMATCH = 14;

/** Codes of the server that are the fault of an event: no retry would mend them. */
export const FAULT_CODES: ReadonlyMap<number, string> = new Map([
  // Somebody has put a text where DREC counts.
  [TYPE_MISMATCH, "TypeMismatch"],
  [22, "InvalidBSON"],
  [121, "DocumentValidationFailure"],
  [10334, "BSONObjectTooLarge"],
  [17280, "KeyTooLong"],
  [17419, "document too large after update"],
  [17420, "document too large to upsert"],
]);

/** How the driver says that a document is too large to be sent, for want of a code. */
const TOO_LARGE = /larger than the maximum size|exceeds the max bson object size/;

/** How the server says that a document has something else than a list, for want of a code. */
const NO_LIST = /Cannot apply \$addToSet to (?:a )?non-array field/;

/** Codes of the server after which the same transaction may well succeed. */
export const TRANSIENT_CODES: ReadonlyMap<number, string> = new Map([
  [24, "LockTimeout"],
  [91, "ShutdownInProgress"],
  [112, "WriteConflict"],
  [189, "PrimarySteppedDown"],
  [225, "TransactionTooOld"],
  [239, "SnapshotTooOld"],
  [244, "TransactionAborted"],
  [246, "SnapshotUnavailable"],
  [251, "NoSuchTransaction"],
  [10107, "NotWritablePrimary"],
  // Another collector has just made the same document; it comes without a label.
  [11000, "DuplicateKey"],
  [11600, "InterruptedAtShutdown"],
  [11602, "InterruptedDueToReplStateChange"],
  [13435, "NotPrimaryNoSecondaryOk"],
  [13436, "NotPrimaryOrSecondary"],
]);

/** Thrown inside this folder where a claimed check was no longer free. */
export class ClaimLost extends Error {
  override readonly name = "ClaimLost";
}

/**
 * Says whether trying a transaction again from its start may succeed.
 *
 * @param error What was thrown.
 * @returns True for conflicts, elections and broken connections.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof ClaimLost || error instanceof MongoServerSelectionError) return true;
  return unfold(error).some((cause) =>
    cause instanceof MongoNetworkError ||
    hasLabel(cause, MongoErrorLabel.TransientTransactionError) ||
    TRANSIENT_CODES.has(codeOf(cause) ?? 0)
  );
}

/**
 * Says whether a commit may have succeeded although it failed.
 *
 * @param error What committing threw.
 * @returns True if it is unknown.
 */
export function isCommitUnknown(error: unknown): boolean {
  return hasLabel(error, MongoErrorLabel.UnknownTransactionCommitResult);
}

/**
 * Says whether an error has a code.
 *
 * @param error What was thrown.
 * @param codes The codes.
 * @returns True if it, or what caused it, has one of them.
 */
export function hasCode(error: unknown, ...codes: readonly number[]): boolean {
  return unfold(error).some((cause) => codes.includes(codeOf(cause) ?? 0));
}

/**
 * Turns an error of the driver into one of the store's contract.
 *
 * @param error What was thrown.
 * @param doing What could not be done, such as `record events in MongoDB`.
 * @returns An `AppError`; an {@linkcode EventFault} stays one.
 */
export function asStoreError(error: unknown, doing: string): Error {
  if (error instanceof AppError || error instanceof EventFault) return error;
  return new AppError("unavailable", `Cannot ${doing}: ${messageOf(error)}`, {
    hint: "check that MongoDB runs and has a primary",
    cause: error,
  });
}

/**
 * Says whether an event is at fault that recording failed.
 *
 * @param error What was thrown.
 * @returns An {@linkcode EventFault} for the causes named in this module.
 */
export function asEventFault(error: unknown): EventFault | undefined {
  if (error instanceof EventFault) return error;
  return isEventFault(error) ? new EventFault(messageOf(error), { cause: error }) : undefined;
}

/** A write whose document does not take it, and what the server says of it. */
export interface Misfit {
  /** Position among the writes. */
  readonly index: number;
  readonly message: string;
}

/**
 * Finds the write that failed because its document has a value of another type than DREC's.
 *
 * @param error What was thrown.
 * @returns The write, if it was that.
 */
export function misfitOf(error: unknown): Misfit | undefined {
  for (const { index, code, message } of writeErrorsOf(error)) {
    if (code !== TYPE_MISMATCH && !NO_LIST.test(message)) continue;
    const last = message.split(" :: caused by :: ").at(-1) ?? message;
    return { index, message: last.replaceAll("\n", "\\n") };
  }
  return undefined;
}

/**
 * Renders what went wrong in a line.
 *
 * @param error What was thrown.
 * @returns The innermost message, as the driver wraps it in less telling ones.
 */
export function messageOf(error: unknown): string {
  const last = unfold(error).at(-1);
  if (last instanceof Error) return last.message;
  return isErrorReply(last) && last.message !== undefined ? last.message : String(last);
}

function isEventFault(error: unknown): boolean {
  return unfold(error).some((cause) => {
    if (FAULT_CODES.has(codeOf(cause) ?? 0)) return true;
    // The driver's buffer is hardly larger than the largest document.
    if (cause instanceof RangeError) return true;
    if (isErrorReply(cause) && NO_LIST.test(cause.message ?? "")) return true;
    return cause instanceof MongoInvalidArgumentError && TOO_LARGE.test(cause.message);
  });
}

/** Of all collections at once, or of one. */
function writeErrorsOf(error: unknown): (Misfit & { readonly code: number })[] {
  if (error instanceof MongoClientBulkWriteError) {
    return [...error.writeErrors].map(([index, { code, message }]) => ({ index, code, message }));
  }
  if (!(error instanceof MongoBulkWriteError)) return [];
  return [error.writeErrors].flat()
    .map(({ index, code, errmsg = "" }) => ({ index, code, message: errmsg }));
}

/** The error itself, what caused it, and the errors of single writes. */
function unfold(error: unknown): unknown[] {
  const causes: unknown[] = [error];
  if (error instanceof MongoClientBulkWriteError) causes.push(...error.writeErrors.values());
  if (error instanceof Error && error.cause !== undefined) causes.push(...unfold(error.cause));
  return causes;
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof MongoError && error.hasErrorLabel(label);
}

function codeOf(error: unknown): number | undefined {
  return isErrorReply(error) && typeof error.code === "number" ? error.code : undefined;
}

function isErrorReply(value: unknown): value is { code?: unknown; message?: string } {
  return typeof value === "object" && value !== null;
}
