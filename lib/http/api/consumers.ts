/**
 * Which consumers a number is asked for: `consumer=prod-eu,ci`, or all but some:
 * `consumer=!ci,!trivy`.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import type { ConsumerFilter } from "../../store/history.ts";
import type { Parameters } from "../parameters.ts";

const EXCEPT = "!";

/**
 * Reads the parameter `consumer`.
 *
 * @param parameters May have `consumer`. A name that no rule has counts nothing, for it may have
 *   had one once.
 * @returns The filter, or `undefined` for all.
 * @throws {AppError} `invalid` where a name is empty, or both kinds are mixed.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseParameters } from "../parameters.ts";
 * import { consumersOf } from "./consumers.ts";
 *
 * const parameters = parseParameters("consumer=!ci,!trivy", ["consumer"]);
 * assert.deepEqual(consumersOf(parameters), { except: ["ci", "trivy"] });
 * ```
 */
export function consumersOf(parameters: Parameters): ConsumerFilter | undefined {
  const text = parameters.text("consumer");
  if (text === undefined) return undefined;
  const names = text.split(",");
  const excluded = names.filter((name) => name.startsWith(EXCEPT));
  const isMixed = excluded.length > 0 && excluded.length < names.length;
  if (isMixed || names.some((name) => name === "" || name === EXCEPT)) {
    throw new AppError("invalid", `Parameter "consumer" cannot be "${text}"`, {
      hint: "use names such as prod-eu,ci, or !ci,!trivy for all others",
    });
  }
  if (excluded.length === 0) return { only: names };
  return { except: excluded.map((name) => name.slice(EXCEPT.length)) };
}
