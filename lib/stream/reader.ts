/**
 * One reader of the live stream. Who reads too slowly is dropped: what it has missed it can ask for
 * with the id that it saw last.
 *
 * @module
 */

/** How a reader is made. */
export interface ReaderOptions {
  /** Bytes that may wait for it. */
  readonly maxBacklog: number;
  /** Called once when it is over, whoever ends it. */
  readonly onEnd: (why: "gone" | "slow" | "stopped") => void;
}

/** One reader. */
export class Reader {
  /** What it reads. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #onEnd: ReaderOptions["onEnd"];
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;

  /** @param options How much may wait, and who is told of the end. */
  constructor({ maxBacklog, onEnd }: ReaderOptions) {
    this.#onEnd = onEnd;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => this.#end("gone"),
    }, { highWaterMark: maxBacklog, size: ({ byteLength }) => byteLength });
  }

  /**
   * Sends bytes, or drops the reader, with all that waits for it, where too many wait already.
   *
   * @param bytes Not copied here, and never changed.
   */
  send(bytes: Uint8Array<ArrayBuffer>): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    if ((controller.desiredSize ?? 0) > 0) return controller.enqueue(bytes);
    this.#end("slow");
    controller.error(new Error("the reader is too slow"));
  }

  /** Ends it in good order. */
  stop(): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#end("stopped");
    controller.close();
  }

  #end(why: Parameters<ReaderOptions["onEnd"]>[0]): void {
    if (this.#controller === undefined) return;
    this.#controller = undefined;
    this.#onEnd(why);
  }
}
