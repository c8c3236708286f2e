/**
 * Query parameters, read strictly: an unknown, repeated or bad one is an error that names it and
 * says what is allowed. An empty one is as good as none.
 *
 * @module
 */

import { FIRST_DAY, parseDay } from "../calendar.ts";
import { AppError } from "../errors.ts";
import { PLAIN_NAME } from "../names.ts";
import { type ListName, parseCursor } from "./cursor.ts";
import type { PageQuery } from "../store/store.ts";

/** Items that a page has at most. */
export const MAX_LIMIT = 1000;
/** Items that a page has unless told. */
export const DEFAULT_LIMIT = 50;

/** The parameters of one request. */
export class Parameters {
  readonly #values: ReadonlyMap<string, string>;

  /** @param values By name, none empty. */
  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  /** @returns The text as it is, or `undefined`. */
  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  /**
   * @param choices What is allowed.
   * @param fallback What an absent one means.
   */
  choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    const choice = choices.find((choice) => choice === text);
    if (choice === undefined) throw badParameter(name, text, `use one of ${choices.join(", ")}`);
    return choice;
  }

  /**
   * @param range The least and the most that is allowed, and what an absent one means.
   * @returns A whole number.
   */
  integer(
    name: string,
    { least, most, fallback }: { least: number; most: number; fallback: number },
  ): number {
    const text = this.#values.get(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw badParameter(name, text, `use a number from ${least} to ${most}`);
  }

  /** @returns Days since 1970, or `undefined`. */
  day(name: string): number | undefined {
    const text = this.#values.get(name);
    if (text === undefined) return undefined;
    const day = parseDay(text);
    if (day !== undefined) return day;
    throw badParameter(name, text, `use a day such as 2026-11-23, none before ${FIRST_DAY}`);
  }

  /** @returns The name of a registry, or `undefined`. */
  registry(): string | undefined {
    const text = this.#values.get("registry");
    if (text === undefined || PLAIN_NAME.test(text)) return text;
    throw badParameter("registry", text, "use the name by which the registry sends its events");
  }

  /** @returns How many items are asked for. */
  limit(): number {
    return this.integer("limit", { least: 1, most: MAX_LIMIT, fallback: DEFAULT_LIMIT });
  }

  /**
   * @param list The list that is asked for: a cursor of another one is an error.
   * @returns The part of the list.
   */
  page(list: ListName): PageQuery {
    const limit = this.limit();
    const cursor = this.#values.get("cursor");
    if (cursor === undefined) return { limit };
    const after = parseCursor(list, cursor);
    if (after === undefined) {
      throw badParameter(
        "cursor",
        cursor,
        "use `next` of the page before, asked for in the same way",
      );
    }
    return { limit, after };
  }
}

/**
 * Reads the query of a request.
 *
 * @param query Without its `?`.
 * @param allowed The names of the parameters that the route knows.
 * @returns The parameters.
 * @throws {AppError} `invalid` for one that is unknown, repeated, or not percent-encoded UTF-8.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseParameters } from "./parameters.ts";
 *
 * assert.equal(parseParameters("q=a%20b", ["q"]).text("q"), "a b");
 * assert.throws(() => parseParameters("p=1", ["q"]), /Unknown parameter "p"/);
 * ```
 */
export function parseParameters(query: string, allowed: readonly string[]): Parameters {
  const values = new Map<string, string>();
  for (const pair of query.split("&")) {
    if (pair === "") continue;
    const [name, value] = parsePair(pair);
    if (!allowed.includes(name)) {
      const hint = allowed.length === 0 ? "there are none" : `use ${allowed.join(", ")}`;
      throw new AppError("invalid", `Unknown parameter "${name}"`, { hint });
    }
    if (values.has(name)) {
      throw new AppError("invalid", `Repeated parameter "${name}"`, { hint: "give it once" });
    }
    values.set(name, value);
  }
  return new Parameters(new Map([...values].filter(([, value]) => value !== "")));
}

function parsePair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf("=");
  const end = equals < 0 ? pair.length : equals;
  try {
    return [decode(pair.slice(0, end)), decode(pair.slice(end + 1))];
  } catch {
    throw new AppError("invalid", `Cannot decode parameter "${pair}"`, {
      hint: "use percent-encoded UTF-8",
    });
  }
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}

function badParameter(name: string, text: string, hint: string): AppError {
  return new AppError("invalid", `Parameter "${name}" cannot be "${text}"`, { hint });
}
