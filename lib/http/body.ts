/**
 * Reads request bodies within limits of size, time and memory.
 *
 * @module
 */

import { AppError } from "../errors.ts";
import type { Deadlines } from "./deadlines.ts";

/** Limits for reading bodies. */
export interface BodyLimits {
  /** Bytes up to which a body is kept. */
  readonly body: number;
  /** Bytes of all bodies that are in memory at the same time. */
  readonly inFlight: number;
}

/** A body that has arrived. */
export interface ArrivedBody {
  /** All of it, or its beginning. */
  readonly bytes: Uint8Array;
  /** Set where `bytes` is only the beginning of that many. */
  readonly oversize?: number;
}

/** Beyond this not even reading and discarding is worth it: no registry makes such an event. */
const DISCARD_LIMIT = 256 * 1024 * 1024;
/** What is kept of a body that is too large. */
const EXCERPT = 64 * 1024;
/** A body up to this size is read in one go, which nothing can break off. */
const SMALL = 64 * 1024;
const ARRIVAL_MS = 30_000;
/** Content codings of HTTP that are understood. */
const FORMATS: Readonly<Record<string, "gzip" | "deflate">> = {
  gzip: "gzip",
  "x-gzip": "gzip",
  deflate: "deflate",
};

/** Reads bodies, and keeps account of the memory that they take together. */
export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #deadlines: Deadlines;
  #inFlight = 0;

  constructor(limits: BodyLimits, deadlines: Deadlines) {
    this.#limits = limits;
    this.#deadlines = deadlines;
  }

  /**
   * Reads a body, and lends its memory to an action.
   *
   * @param request Its body is consumed.
   * @param onArrival Called when it has arrived, or will not.
   * @param action What to do with it.
   * @returns What the action returned.
   * @throws {AppError} `unavailable`: no memory is left, or the body did not arrive whole in time;
   *   `too_large`: not even discarding it is worth it.
   */
  async lend<T>(
    request: Request,
    onArrival: () => void,
    action: (body: ArrivedBody) => Promise<T>,
  ): Promise<T> {
    const account = new Account(this.#limits, (change) => {
      if (change > 0 && this.#inFlight + change > this.#limits.inFlight) {
        throw new AppError("unavailable", "Too many bodies are in memory");
      }
      this.#inFlight += change;
    });
    try {
      let body: ArrivedBody;
      try {
        body = await this.#read(request, account);
      } finally {
        onArrival();
      }
      return await action(body);
    } finally {
      account.close();
    }
  }

  #read(request: Request, account: Account): Promise<ArrivedBody> {
    const announced = announcedBy(request);
    account.reserve(announced ?? 0);
    const encoding = request.headers.get("content-encoding");
    const isSmall = announced !== undefined && announced <= Math.min(SMALL, this.#limits.body);
    return isSmall && encoding === null
      ? this.#inTime(readWhole(request, announced))
      : this.#readPieces(request, { account, announced, encoding });
  }

  async #readPieces(
    { body }: Request,
    { account, announced, encoding }: {
      account: Account;
      announced: number | undefined;
      encoding: string | null;
    },
  ): Promise<ArrivedBody> {
    const reader = body?.getReader();
    if (reader === undefined) return { bytes: new Uint8Array() };
    const limit = this.#limits.body;
    const reading = readAll(reader, { limit, account, announced });
    try {
      return await this.#inTime(
        reading.then((read) => decoded(read, encoding, { limit, account })),
      );
    } catch (error) {
      reader.cancel().catch(() => {});
      throw error;
    }
  }

  /** The server itself would wait for a half-sent body for ever. */
  async #inTime(reading: Promise<ArrivedBody>): Promise<ArrivedBody> {
    const end = Date.now() + ARRIVAL_MS;
    try {
      return await this.#deadlines.within(
        reading,
        end,
        () => new AppError("unavailable", "The body did not arrive in time"),
      );
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError("unavailable", "The body did not arrive whole", { cause: error });
    }
  }
}

/** The memory that one body takes. */
class Account {
  readonly #limit: number;
  readonly #change: (bytes: number) => void;
  #reserved = 0;

  constructor({ body }: BodyLimits, change: (bytes: number) => void) {
    this.#limit = body;
    this.#change = change;
  }

  /** Takes memory for a body of that many bytes in all; a larger one than the limit is not kept. */
  reserve(total: number): void {
    const wanted = total > this.#limit ? EXCERPT : total;
    if (wanted <= this.#reserved) return;
    this.#change(wanted - this.#reserved);
    this.#reserved = wanted;
  }

  close(): void {
    this.#change(-this.#reserved);
    this.#reserved = 0;
  }
}

function announcedBy(request: Request): number | undefined {
  const length = request.headers.get("content-length");
  return length === null ? undefined : Number(length);
}

/**
 * The way of nearly all bodies: a stream's reader costs as much as all else that is done here. What
 * has come of one that never arrives whole stays in memory as long as its sender likes.
 */
async function readWhole(request: Request, announced: number): Promise<ArrivedBody> {
  const bytes = new Uint8Array(await request.arrayBuffer());
  requireWhole(bytes.length, announced);
  return { bytes };
}

function requireWhole(size: number, announced: number): void {
  if (size >= announced) return;
  throw new AppError("unavailable", "The body did not arrive whole");
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { limit, account, announced }: {
    limit: number;
    account: Account;
    announced: number | undefined;
  },
): Promise<ArrivedBody> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (true) {
    const { done, value } = await reader.read();
    if (done) break;
    const isKept = size <= limit;
    size += value.length;
    if (size > DISCARD_LIMIT) {
      throw new AppError("too_large", "The body is larger than anything a registry sends");
    }
    account.reserve(size);
    if (isKept) chunks.push(value);
    if (size > limit) chunks.splice(0, chunks.length, joined(chunks).subarray(0, EXCERPT).slice());
  }
  if (announced !== undefined) requireWhole(size, announced);
  return size > limit ? { bytes: joined(chunks), oversize: size } : { bytes: joined(chunks) };
}

/**
 * No registry compresses, but a proxy or a script may. What cannot be decompressed stays as it is
 * and ends in the quarantine, for it will be no better the next time.
 */
async function decoded(
  body: ArrivedBody,
  encoding: string | null,
  { limit, account }: { limit: number; account: Account },
): Promise<ArrivedBody> {
  const format = FORMATS[encoding?.trim().toLowerCase() ?? ""];
  if (format === undefined || body.oversize !== undefined) return body;
  const stream = new Response(body.bytes.slice()).body?.pipeThrough(
    new DecompressionStream(format),
  );
  const reader = stream?.getReader();
  if (reader === undefined) return body;
  try {
    return await readAll(reader, { limit, account, announced: undefined });
  } catch (error) {
    reader.cancel().catch(() => {});
    if (!(error instanceof AppError)) return body;
    if (error.code !== "too_large") throw error;
    return { bytes: body.bytes.subarray(0, EXCERPT).slice(), oversize: DISCARD_LIMIT + 1 };
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const [first, ...rest] = chunks;
  if (first === undefined) return new Uint8Array();
  if (rest.length === 0) return first;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
