/**
 * Top lists of repositories.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import { MAX_PLACES, PERIODS } from "../../ranking.ts";
import type { RankingSubject } from "../../ranking_cache.ts";
import type { Rankings } from "../../rankings.ts";
import { type ConsumerFilter, SUMMED_METRICS } from "../../store/day_sums.ts";
import type { Parameters } from "../parameters.ts";
import { problemResponse } from "../problem.ts";
import { answerJson, type ApiContext, type ApiHandler, parametersOf } from "./answer.ts";
import { rankingShape } from "./ranking_shapes.ts";

/** How rules of consumers may be called. */
export const CONSUMER = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** Consumers that can be named at once. */
export const MAX_CONSUMERS = 16;
const RETRY_AFTER_S = 10;

/**
 * `GET /api/v1/rankings?metric=&period=&registry=&prefix=&consumer=&limit=`
 *
 * @param rankings Kept fresh in the background.
 * @returns The handler.
 */
export function showRanking(rankings: Rankings): ApiHandler {
  return async function showRanking(c): Promise<Response> {
    const allowed = ["metric", "period", "registry", "prefix", "consumer", "limit"];
    const parameters = parametersOf(c, allowed);
    const subject = readSubject(parameters);
    const { metric } = subject;
    const period = parameters.choice("period", PERIODS, metric === "stars" ? "all" : "30d");
    if (metric === "stars" && period !== "all") {
      throw new AppError("invalid", "Stars are not kept by day", { hint: "use period=all" });
    }
    const { limit } = parameters.page(["rankings"]);
    const ranking = await rankings.find({ ...subject, period });
    if (ranking === undefined) return answerLater(c);
    const places = ranking.places.slice(0, Math.min(limit, MAX_PLACES));
    return answerJson(c, rankingShape({ ...ranking, metric, period, places }));
  };
}

function readSubject(parameters: Parameters): RankingSubject {
  const metric = parameters.choice("metric", SUMMED_METRICS, "pulls");
  const registry = parameters.registry();
  const prefix = parameters.text("prefix");
  const consumer = parameters.text("consumer");
  if (consumer !== undefined && metric === "stars") {
    throw new AppError("invalid", "Stars are not kept by consumer", {
      hint: "leave out `consumer`",
    });
  }
  return {
    metric,
    ...(registry === undefined ? {} : { registry }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(consumer === undefined ? {} : { consumers: parseConsumers(consumer) }),
  };
}

/**
 * Reads which consumers count.
 *
 * @param text `a,b` for only these, `!a,!b` for all others.
 * @returns The filter, the same for the same names in any order.
 * @throws {AppError} `invalid` for anything else.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseConsumers } from "./rankings.ts";
 *
 * assert.deepEqual(parseConsumers("prod,ci"), { only: ["ci", "prod"] });
 * assert.deepEqual(parseConsumers("!trivy,!ci"), { except: ["ci", "trivy"] });
 * ```
 */
export function parseConsumers(text: string): ConsumerFilter {
  const parts = text.split(",");
  const excluded = parts.filter((part) => part.startsWith("!"));
  const isExcept = excluded.length === parts.length;
  const names = parts.map((part) => isExcept ? part.slice(1) : part);
  const isPossible = parts.length <= MAX_CONSUMERS && names.every((name) => CONSUMER.test(name));
  if (!isPossible) {
    const message = `Parameter "consumer" cannot be "${text}"`;
    throw new AppError("invalid", message, {
      hint: excluded.length > 0 && !isExcept
        ? "use either names, or names that all begin with !"
        : `use up to ${MAX_CONSUMERS} names of consumers such as ci,prod, or !ci,!prod for all others`,
    });
  }
  const sorted = [...new Set(names)].sort();
  return isExcept ? { except: sorted } : { only: sorted };
}

/** Not an error of the store, as any other 503 of the API is. */
function answerLater(c: ApiContext): Response {
  return problemResponse({
    code: "unavailable",
    detail: "The ranking is being computed: ask again in some seconds",
    requestId: c.get("requestId"),
    headers: { "Retry-After": String(RETRY_AFTER_S) },
  });
}
