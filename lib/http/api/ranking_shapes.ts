/**
 * The JSON of rankings.
 *
 * @module
 */

import { renderDay } from "../../calendar.ts";
import type { Period, RankingPlace } from "../../ranking.ts";
import type { Ranking } from "../../rankings.ts";
import type { SummedMetric } from "../../store/day_sums.ts";
import { renderTime, type Shape } from "./shapes.ts";

/**
 * A ranking.
 *
 * @param ranking Its places and what it is of.
 * @returns Days such as `2026-11-23`; `from` is `null` for all time.
 */
export function rankingShape(
  ranking: Ranking & { readonly metric: SummedMetric; readonly period: Period },
): Shape {
  const { metric, period, from, to, computedAt, places } = ranking;
  return {
    metric,
    period,
    from: from === null ? null : renderDay(from),
    to: renderDay(to),
    computedAt: renderTime(computedAt),
    items: places.map(placeShape),
  };
}

function placeShape({ registry, repository, value, previous }: RankingPlace, index: number): Shape {
  return { rank: index + 1, registry, repository, value, previous };
}
