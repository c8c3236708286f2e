/**
 * Transactions that are tried again until a deadline.
 *
 * @module
 */

import type { ClientSession, MongoClient, TransactionOptions } from "mongodb";

import { AppError } from "../../errors.ts";
import { pause } from "../../patience.ts";
import { isCommitUnknown, isTransient } from "./errors.ts";

/**
 * What the connection string says of these is overridden: a transaction reads from the primary, and
 * an answer of 200 means that a majority has the events on disk.
 */
const OPTIONS: TransactionOptions = {
  readPreference: "primary",
  readConcern: { level: "snapshot" },
  writeConcern: { w: "majority", journal: true },
};

/** One try of a transaction. */
export interface Attempt {
  readonly session: ClientSession;
  /** An earlier try may have been committed, although it failed. */
  readonly mayBeDone: boolean;
}

/**
 * Runs a transaction. The driver's own loop would go on for two minutes; a registry waits a second.
 *
 * @param client The connection.
 * @param attempt Does the work; it is called again after a conflict, an election or a broken
 *   connection, until the deadline.
 * @param options `deadline`: milliseconds since 1970.
 * @returns What the attempt that was committed gave.
 * @throws What the last attempt threw.
 */
export async function runTransaction<T>(
  client: MongoClient,
  attempt: (attempt: Attempt) => Promise<T>,
  { deadline }: { deadline: number },
): Promise<T> {
  let mayBeDone = false;
  for (let tries = 0;; tries++) {
    await using session = client.startSession();
    try {
      session.startTransaction(OPTIONS);
      const result = await attempt({ session, mayBeDone });
      await commit(session, { deadline, onUnknown: () => mayBeDone = true });
      return result;
    } catch (error) {
      const wait = pauseBefore(tries + 1);
      if (!isTransient(error) && !isCommitUnknown(error)) throw error;
      if (Date.now() + wait >= deadline) throw error;
      if (session.inTransaction()) await session.abortTransaction();
      await pause(wait);
    }
  }
}

/** Commits, and commits again while nobody knows whether it succeeded. */
async function commit(
  session: ClientSession,
  { deadline, onUnknown }: { deadline: number; onUnknown: () => void },
): Promise<void> {
  for (let tries = 0;; tries++) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      if (!isCommitUnknown(error)) throw error;
      onUnknown();
      const wait = pauseBefore(tries + 1);
      if (tries === 2 || Date.now() + wait >= deadline) throw error;
      await pause(wait);
    }
  }
}

/**
 * Waits for a promise, but not beyond a deadline. What it stands for goes on in the background.
 *
 * @param promise What is waited for.
 * @param deadline Milliseconds since 1970.
 * @param doing For the error, such as `record events in MongoDB`.
 * @returns What the promise gives.
 * @throws {AppError} `unavailable` if the time is over.
 */
export async function withDeadline<T>(
  promise: Promise<T>,
  deadline: number,
  doing: string,
): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const hint = "check that MongoDB runs and has a primary";
    reject(new AppError("unavailable", `Cannot ${doing}: no answer in time`, { hint }));
  }, Math.max(0, deadline - Date.now()));
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** Grows, so that many collectors on one repository come through, and differs between them. */
function pauseBefore(tries: number): number {
  return Math.random() * Math.min(10 * tries, 100);
}
