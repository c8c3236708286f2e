/**
 * Which consumers a number is asked for: `consumer=prod-eu,ci`, or all but some:
 * `consumer=!ci,!trivy`.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import { PLAIN_NAME } from "../../names.ts";
import type { ConsumerFilter } from "../../store/day_sums.ts";
import type { Parameters } from "../parameters.ts";

/** Consumers that can be named at once. */
export const MAX_CONSUMERS = 16;
const EXCEPT = "!";

/**
 * Reads the parameter `consumer`.
 *
 * @param parameters May have `consumer`. A name that no rule has counts nothing, for it may have
 *   had one once.
 * @returns The filter, the same for the same names in any order; `undefined` for all.
 * @throws {AppError} `invalid` for what is no name, too many, or both kinds mixed.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseParameters } from "../parameters.ts";
 * import { consumersOf } from "./consumers.ts";
 *
 * const parameters = parseParameters("consumer=!trivy,!ci", ["consumer"]);
 * assert.deepEqual(consumersOf(parameters), { except: ["ci", "trivy"] });
 * ```
 */
export function consumersOf(parameters: Parameters): ConsumerFilter | undefined {
  const text = parameters.text("consumer");
  if (text === undefined) return undefined;
  const parts = text.split(",");
  const excluded = parts.filter((part) => part.startsWith(EXCEPT));
  const isExcept = excluded.length === parts.length;
  const names = parts.map((part) => isExcept ? part.slice(EXCEPT.length) : part);
  if (parts.length > MAX_CONSUMERS || !names.every((name) => PLAIN_NAME.test(name))) {
    throw new AppError("invalid", `Parameter "consumer" cannot be "${text}"`, {
      hint: excluded.length > 0 && !isExcept
        ? "use either names, or names that all begin with !"
        : `use up to ${MAX_CONSUMERS} names of consumers such as ci,prod, or !ci,!prod for all others`,
    });
  }
  const sorted = [...new Set(names)].sort();
  return isExcept ? { except: sorted } : { only: sorted };
}
