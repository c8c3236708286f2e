/**
 * Top lists of repositories.
 *
 * @module
 */

import { AppError } from "../../errors.ts";
import { MAX_PLACES, PERIODS } from "../../ranking.ts";
import type { RankingSubject } from "../../ranking_cache.ts";
import type { Rankings } from "../../rankings.ts";
import { SUMMED_METRICS } from "../../store/day_sums.ts";
import type { Parameters } from "../parameters.ts";
import { problemResponse } from "../problem.ts";
import { answerJson, type ApiContext, type ApiHandler, parametersOf } from "./answer.ts";
import { consumersOf } from "./consumers.ts";
import { rankingShape } from "./ranking_shapes.ts";

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
    const limit = parameters.limit();
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
  const consumers = consumersOf(parameters);
  if (consumers !== undefined && metric === "stars") {
    throw new AppError("invalid", "Stars are not kept by consumer", {
      hint: "leave out `consumer`",
    });
  }
  return {
    metric,
    ...(registry === undefined ? {} : { registry }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(consumers === undefined ? {} : { consumers }),
  };
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
