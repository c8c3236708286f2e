/**
 * What the live stream takes its time for, and what it does not exceed.
 *
 * @module
 */

/** Times in milliseconds, and bounds. */
export interface StreamLimits {
  /** Between two messages about the same repository. */
  readonly intervalMs: number;
  /** Between two looks at what is due, so that many changes are sent as one. */
  readonly pauseMs: number;
  readonly heartbeatMs: number;
  /** How long a reader may be away. */
  readonly maxAgeMs: number;
  /** Repositories that may change meanwhile. */
  readonly maxMessages: number;
  /** Bytes that may wait for a reader. */
  readonly maxBacklog: number;
  readonly maxReaders: number;
}

/** The bounds where nothing else is said. */
export const STREAM_LIMITS: StreamLimits = {
  intervalMs: 1000,
  pauseMs: 50,
  heartbeatMs: 15_000,
  maxAgeMs: 300_000,
  maxMessages: 10_000,
  maxBacklog: 1_048_576,
  maxReaders: 10_000,
};
