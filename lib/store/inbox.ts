/**
 * The contract of an inbox: where an embedded store keeps notifications until it has counted them.
 *
 * To make a body durable costs one short write to the end of a file; to count its events costs many
 * to the middle of tables, but hardly more for a hundred events than for ten. So a body is answered
 * when it is in the inbox, and read and counted a moment later together with others. A process that
 * is killed in between finds them at its next start, and counts them then.
 *
 * @module
 */

import type { IgnoredCount, Notification, Tally } from "../batch.ts";

/**
 * Notifications that follow each other in the inbox. They are numbered as they come, over the whole
 * life of the store.
 */
export interface Kept {
  /** Number of the first and of the last. */
  readonly first: number;
  readonly last: number;
  /** The notifications as they were written. */
  readonly records: Uint8Array;
}

/** How notifications are counted. */
export interface CountOptions {
  /** Whether events about layers are counted. */
  readonly blobs: "ignore" | "count";
  /** What to add to the accounting in the first transaction. */
  readonly ignored: readonly IgnoredCount[];
}

/** What was counted. */
export interface Counted {
  /** The number of the last notification of which all is counted. */
  readonly last: number;
  /** One for each commit. */
  readonly tallies: readonly Tally[];
}

/** Keeps notifications in order, and counts them in that order. */
export interface Inbox {
  /**
   * Takes notifications in; one call at a time.
   *
   * @param notifications In order of arrival; one at least.
   * @returns The same, durable.
   * @throws {AppError} `unavailable`: they may have been kept or not, and must come again.
   */
  append(notifications: readonly Notification[]): Promise<Kept>;
  /**
   * Counts the events of notifications. How far it got is written in each transaction, so what has
   * been counted is not counted again, whoever calls it with the same.
   *
   * @param kept From `append` or `takeFound`, in order, without a gap.
   * @param options How to count.
   * @returns What was counted; it may be less than was asked for, but something.
   * @throws {AppError} `unavailable`: nothing was counted, or it is not known whether.
   */
  count(kept: readonly Kept[], options: CountOptions): Promise<Counted>;
  /** Whether about that many bytes of bodies can be appended; if not, it must be cleared before. */
  hasRoom(bytes: number): boolean;
  /** Whether nothing was appended since it was cleared. */
  isEmpty(): boolean;
  /**
   * Makes place; to be called when all that was appended has been counted.
   *
   * @param options `wipe`: leave nothing of the bodies behind.
   * @throws {AppError} `unavailable`: what was counted is not durable without the inbox.
   */
  clear(options: { wipe: boolean }): Promise<void>;
  /** @returns What an earlier process took in and has not counted whole, in order; once. */
  takeFound(): readonly Kept[];
}
