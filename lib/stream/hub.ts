/**
 * Between a store that tells of changes and the readers of the live stream.
 *
 * The store is watched from the first reader on, until nobody has read for as long as a reader may
 * be away. A change only notes which repository it was; what became of the repository is read when
 * a message is due, at most once a second, and only while somebody reads.
 *
 * @module
 */

import { BusyError } from "../errors.ts";
import { keyOf } from "../facts.ts";
import type { Metrics } from "../metrics.ts";
import type { RepositoryRef, RepositoryStatistics, Store } from "../store/store.ts";
import { Audience, type StreamFilter } from "./audience.ts";
import { Journal } from "./journal.ts";
import { STREAM_LIMITS, type StreamLimits } from "./limits.ts";
import { encodeGreeting, encodeHeartbeat, encodeMessage } from "./message.ts";
import { Reader } from "./reader.ts";
import { Throttle } from "./throttle.ts";

/** What a reader asks for. */
export interface StreamRequest {
  readonly filter: StreamFilter;
  /** The id of the message that it saw last. */
  readonly lastEventId?: string;
}

/** The live stream. */
export interface StreamHub {
  /** How many read. */
  readonly readers: number;
  /**
   * Begins to read.
   *
   * @throws {AppError} `unavailable` if the store cannot be watched, while stopping, or if too
   *   many read already.
   */
  open(request: StreamRequest): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Ends all streams at once, and lets nobody in. */
  stop(): Promise<void>;
}

/** What a hub is made from. */
export interface StreamHubOptions {
  readonly store: Pick<Store, "watch" | "findItems">;
  /** What is told of a repository. */
  readonly render: (statistics: RepositoryStatistics) => unknown;
  /** Tells the time in milliseconds, by a clock that is never set back. */
  readonly now: () => number;
  /** Told where the store does not answer; what is due is tried again. */
  readonly onFailure?: (error: unknown) => void;
  /** Count the readers. */
  readonly metrics?: Pick<Metrics, "streamReaders" | "streamDropped">;
  readonly limits?: Partial<StreamLimits>;
}

/** Repositories that are read at once: a few milliseconds of the embedded store. */
const PAGE = 200;
/** Clients come back after two to five seconds, and not all at once. */
const RETRY_MS = { least: 2000, spread: 3000 };

/**
 * Makes the live stream.
 *
 * @param options Its store, clock and bounds.
 * @returns The stream; nothing happens before the first reader.
 */
export function createStreamHub(options: StreamHubOptions): StreamHub {
  return new Hub(options);
}

class Hub implements StreamHub {
  readonly #options: StreamHubOptions;
  readonly #limits: StreamLimits;
  readonly #audience = new Audience();
  readonly #throttle: Throttle;
  readonly #journal: Journal;
  #watch: Promise<AsyncDisposable> | undefined;
  /** Readers on their way in. */
  #opening = 0;
  #isStopped = false;
  #isSending = false;
  #sentAt = Number.NEGATIVE_INFINITY;
  #sendAt = 0;
  #sendTimer: ReturnType<typeof setTimeout> | undefined;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;

  constructor(options: StreamHubOptions) {
    this.#options = options;
    this.#limits = { ...STREAM_LIMITS, ...options.limits };
    this.#throttle = new Throttle(this.#limits.intervalMs);
    this.#journal = new Journal({ limits: this.#limits, render: options.render });
  }

  get readers(): number {
    return this.#audience.size;
  }

  async open(request: StreamRequest): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    this.#refuse();
    this.#opening++;
    clearTimeout(this.#lingerTimer);
    try {
      await this.#watching();
      this.#refuse();
      return this.#admit(request);
    } finally {
      this.#opening--;
      this.#linger();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#audience.stop();
    this.#unschedule();
    await this.#unwatch();
  }

  #refuse(): void {
    if (this.#isStopped) throw new BusyError("DREC is stopping", { hint: "try again later" });
    if (this.#audience.size < this.#limits.maxReaders) return;
    const message = `The stream has ${this.#limits.maxReaders} readers already`;
    throw new BusyError(message, { hint: "try again later" });
  }

  /** Watches the store, if that has not begun. */
  async #watching(): Promise<void> {
    this.#watch ??= this.#options.store.watch({
      onChange: (of) => this.#note(of),
      onLost: () => this.#reset(),
    });
    const watch = this.#watch;
    try {
      await watch;
    } catch (error) {
      if (this.#watch === watch) this.#watch = undefined;
      throw error;
    }
  }

  /** Nothing may come between what a reader is sent of the past and what comes next. */
  #admit({ filter, lastEventId }: StreamRequest): ReadableStream<Uint8Array<ArrayBuffer>> {
    const reader = new Reader({
      maxBacklog: this.#limits.maxBacklog,
      onEnd: (why) => {
        this.#audience.remove(reader, filter);
        this.#count();
        if (why === "slow") this.#options.metrics?.streamDropped.add(1);
        this.#linger();
      },
    });
    const retryMs = Math.round(RETRY_MS.least + Math.random() * RETRY_MS.spread);
    const missed = lastEventId === undefined
      ? []
      : this.#journal.missed(lastEventId, filter, this.#options.now());
    if (missed === undefined) reader.send(this.#encodeReset());
    for (const { bytes } of missed ?? []) reader.send(bytes);
    // Last, as it names a place that all before it have led to.
    reader.send(encodeGreeting(this.#journal.position, { retryMs }));
    this.#audience.add(reader, filter);
    this.#count();
    this.#heartbeat ??= setInterval(
      () => this.#audience.broadcast(encodeHeartbeat(this.#journal.position)),
      this.#limits.heartbeatMs,
    );
    this.#schedule();
    return reader.stream;
  }

  #count(): void {
    this.#options.metrics?.streamReaders.set(this.#audience.size);
  }

  #note({ registry, repository }: RepositoryRef): void {
    this.#throttle.touch(keyOf(registry, repository));
    // While nobody reads, what has changed is only noted, within bounds.
    const isTooMuch = this.#audience.size === 0 && this.#throttle.size > this.#limits.maxMessages;
    if (isTooMuch) this.#reset();
    this.#schedule();
  }

  /** From here on nobody knows what happened before. */
  #reset(): void {
    this.#journal.reset();
    if (this.#audience.size === 0) this.#throttle.clear();
    else this.#audience.broadcast(this.#encodeReset());
  }

  #schedule(): void {
    if (this.#isSending || this.#isStopped || this.#audience.size === 0) return;
    const now = this.#options.now();
    const next = this.#throttle.nextAt(now);
    if (next === undefined) return;
    const at = Math.max(next, this.#sentAt + this.#limits.pauseMs);
    // Most changes find a timer that will do.
    if (this.#sendTimer !== undefined && this.#sendAt <= at) return;
    clearTimeout(this.#sendTimer);
    this.#sendAt = at;
    this.#sendTimer = setTimeout(() => this.#send(), Math.max(0, at - now));
  }

  #unschedule(): void {
    clearTimeout(this.#sendTimer);
    this.#sendTimer = undefined;
  }

  /** One round at a time, so that an older state never comes after a newer one. */
  async #send(): Promise<void> {
    this.#sendTimer = undefined;
    this.#isSending = true;
    const keys = this.#throttle.take(this.#options.now(), PAGE);
    if (!await this.#tell(keys.map(refOf))) {
      for (const key of keys) this.#throttle.touch(key);
    }
    this.#isSending = false;
    this.#sentAt = this.#options.now();
    this.#schedule();
  }

  /** Reads what has become of repositories and tells it; false if it must be tried again. */
  async #tell(of: readonly RepositoryRef[]): Promise<boolean> {
    if (of.length === 0) return true;
    const { run } = this.#journal.position;
    try {
      const items = await this.#options.store.findItems(of);
      // Readers have been told to read anew meanwhile: what they have now may be newer than this.
      if (run !== this.#journal.position.run) return false;
      this.#audience.tell(this.#journal.write(of, items, this.#options.now()));
      return true;
    } catch (error) {
      this.#options.onFailure?.(error);
      return false;
    }
  }

  /** Whoever reads no more may come back for what it missed; after that, nothing is kept. */
  #linger(): void {
    if (this.#audience.size > 0 || this.#opening > 0 || this.#isStopped) return;
    if (this.#watch === undefined) return;
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    this.#unschedule();
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = setTimeout(() => this.#unwatch(), this.#limits.maxAgeMs);
  }

  async #unwatch(): Promise<void> {
    clearTimeout(this.#lingerTimer);
    clearInterval(this.#heartbeat);
    this.#heartbeat = undefined;
    const watch = this.#watch;
    this.#watch = undefined;
    this.#reset();
    // Where it could not begin, whoever wanted to read has been told.
    const watching = await watch?.catch(() => undefined);
    await watching?.[Symbol.asyncDispose]();
  }

  #encodeReset(): Uint8Array<ArrayBuffer> {
    return encodeMessage("reset", { data: "{}", position: this.#journal.position });
  }
}

function refOf(key: string): RepositoryRef {
  const end = key.indexOf("\n");
  return { registry: key.slice(0, end), repository: key.slice(end + 1) };
}
