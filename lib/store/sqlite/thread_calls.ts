/**
 * Calls to the thread of the store, and the replies to them.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import {
  type ChangeMessage,
  errorFrom,
  type OpenMessage,
  type ReplyMessage,
} from "./thread_messages.ts";

/** Somebody who waits for a reply. */
interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** One side of a thread. */
export class ThreadCalls {
  readonly #thread: Worker;
  #waiting = new Map<number | undefined, Waiting>();
  #calls = 0;
  #isOpen = false;
  /** Why nothing can be called any more. */
  #ended: AppError | undefined;

  /**
   * @param thread The thread; nothing has been sent to it.
   * @param onChange Told of what watchers are to hear.
   */
  constructor(thread: Worker, onChange: (message: ChangeMessage) => void) {
    this.#thread = thread;
    thread.onmessage = ({ data }: MessageEvent<ReplyMessage | ChangeMessage>) => {
      if ("changed" in data) onChange(data);
      else this.#settle(data);
    };
    thread.onerror = (event) => {
      // Later on it ends the program: who starts it again finds in the inbox what was answered.
      if (!this.#isOpen) event.preventDefault();
      this.#end(
        new AppError("unavailable", `The thread of the store has ended: ${event.message}`, {
          hint: "let the program read its own files; from the source, those in `lib`",
        }),
      );
    };
  }

  /** Whether the store has been opened. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether nothing can be called any more. */
  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  /**
   * Opens the store; the first call.
   *
   * @param message Which.
   * @throws {AppError} What opening throws.
   */
  async open(message: OpenMessage): Promise<void> {
    await this.#send(undefined, message);
    this.#isOpen = true;
  }

  /**
   * Calls a method of the store.
   *
   * @param method Its name.
   * @param args Plain data.
   * @param moved Parts of it that are handed over, not copied.
   * @returns What the method returns; throws what it throws.
   */
  post(method: string, args: unknown[], moved: Transferable[] = []): Promise<unknown> {
    const id = this.#calls++;
    return this.#send(id, { id, method, args }, moved);
  }

  /** Ends the thread; who waits for it hears of it. */
  close(): void {
    this.#end(new AppError("unavailable", "The store is closed"));
    this.#thread.terminate();
  }

  #send(
    id: number | undefined,
    message: object,
    moved: Transferable[] = [],
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#waiting.set(id, { resolve, reject });
      this.#thread.postMessage(message, moved);
    });
  }

  #settle(reply: ReplyMessage): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    // A table that shrinks is linked to the next, and what was in it is not freed.
    if (this.#waiting.size === 0) this.#waiting = new Map();
    if ("error" in reply) waiting?.reject(errorFrom(reply.error));
    else waiting?.resolve(reply.value);
  }

  #end(error: AppError): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
