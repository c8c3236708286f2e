/**
 * The contract of an inbox: where an embedded store keeps notifications until it has counted them.
 *
 * To make a body durable costs one short write to the end of a file; to count its events costs many
 * to the middle of tables, but hardly more for a hundred events than for ten. So a body is answered
 * when it is in the inbox, and counted a moment later together with others. A process that is
 * killed in between finds them at its next start, and counts them then.
 *
 * @module
 */

import type { Notification, Received } from "../batch.ts";

/** A notification on its way into an inbox. */
export interface InboxEntry {
  readonly notification: Notification;
  /** How many events of it are to be counted. */
  readonly events: number;
}

/** A notification that was found in an inbox. */
export interface FoundNotification {
  readonly notification: Notification;
  /** Number of its first event. */
  readonly first: number;
  /** So many of its events have been counted, the first ones; perhaps more than it has. */
  readonly counted: number;
}

/**
 * Keeps notifications in order. Events are numbered as they come, over the whole life of the store;
 * `Store.record` remembers the last number that it has counted.
 */
export interface Inbox {
  /**
   * Takes notifications in; one call at a time.
   *
   * @param entries In order of arrival.
   * @returns The number of their first event, durable.
   * @throws {AppError} `unavailable`: they may have been kept or not, and must come again.
   */
  append(entries: readonly InboxEntry[]): Promise<number>;
  /**
   * Makes an entry ready to wait for its counting.
   *
   * @param received The entry, with its number.
   * @returns The same entry; it takes little memory, and little time to be handed to `record`.
   */
  pack(received: Received): Received;
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
  /** @returns What an earlier process took in and has not counted, in order; once. */
  takeFound(): readonly FoundNotification[];
  /** The number of the last event that has been counted. */
  counted(): Promise<number>;
}
