/**
 * What MongoDB's errors mean: the event's own fault, a reason to try again, or the store's failure.
 *
 * @module
 */

import {
  MongoClientBulkWriteError,
  MongoError,
  MongoErrorLabel,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoServerSelectionError,
} from "mongodb";

import { AppError } from "../../errors.ts";
import { EventFault } from "../store.ts";

/** Codes of the server that are the fault of an event: no retry would mend them. */
export const FAULT_CODES: ReadonlyMap<number, string> = new Map([
  [22, "InvalidBSON"],
  [121, "DocumentValidationFailure"],
  [10334, "BSONObjectTooLarge"],
  [17280, "KeyTooLong"],
  [17419, "document too large after update"],
  [17420, "document too large to upsert"],
]);

/** How the driver says that a document is too large to be sent, for want of a code. */
const TOO_LARGE = /larger than the maximum size|exceeds the max bson object size/;

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
 * @returns An {@linkcode EventFault} for the causes named in this module, else an `AppError`.
 */
export function asStoreError(error: unknown, doing: string): Error {
  if (error instanceof AppError || error instanceof EventFault) return error;
  if (isEventFault(error)) return new EventFault(messageOf(error), { cause: error });
  return new AppError("unavailable", `Cannot ${doing}: ${messageOf(error)}`, {
    hint: "check that MongoDB runs and has a primary",
    cause: error,
  });
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
    return cause instanceof MongoInvalidArgumentError && TOO_LARGE.test(cause.message);
  });
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
