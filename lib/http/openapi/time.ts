/**
 * Numbers over time, in the description: series, the summary, download counts, rankings.
 *
 * @module
 */

import { METRICS } from "../../statistics.ts";
import { MAX_PLACES, PERIODS as RANKING_PERIODS } from "../../ranking.ts";
import { SUMMED_METRICS } from "../../store/day_sums.ts";
import { METRIC_TEXTS, metricOf } from "./metric_texts.ts";
import { json, ofRepository, reading } from "./operation.ts";
import { query, shared } from "./parameters.ts";
import { choice, count, day, list, nullable, object, ref, text, time } from "./schema.ts";
import type { Paths, Schema } from "./types.ts";

const TAG = "Numbers over time";

/** A number and the one of the period before. */
const COMPARED = object({
  value: nullable(count("In the period; `null`: its days are kept by month.", 26)),
  previous: nullable(count("In as many days before; `null`: they are kept by month.", 14)),
});
const PERIOD = object({
  from: day("First day.", "2026-11-18"),
  to: day("Last day: today.", "2026-11-24"),
  pulls: COMPARED,
  pushes: COMPARED,
});
const OF_EACH_METRIC = Object.fromEntries(
  METRICS.map((metric) => [metric, count(`Of all time: ${METRIC_TEXTS[metric]}.`)]),
);

/** By name. */
export const TIME_SCHEMAS: Readonly<Record<string, Schema>> = {
  Series: object({
    metric: choice("The number.", METRICS),
    interval: choice("Length of an interval.", ["day", "week", "month"]),
    items: list(
      object({
        start: day("First day of the interval, which may be before `from`."),
        value: count("The number in the interval.", 26),
      }),
      "All intervals of the range in order, also those with zero.",
    ),
  }, { description: "A number over time, in UTC." }),
  Summary: object({
    prefix: text("What was asked for; empty for everything.", "team/"),
    registry: nullable(text("What was asked for; `null` for all.", "default")),
    repositories: count("Repositories that exist.", 2),
    tags: count("Tags that exist.", 5),
    lastUsed: nullable(time("The latest use of any; `null`: never.")),
    lastEventAt: nullable(
      time(
        "When the last event arrived, whatever it was and whatever the `prefix`; `null`: unknown.",
        "2026-11-24T01:09:15.671Z",
      ),
    ),
    totals: object(OF_EACH_METRIC, { description: "Every number of all time." }),
    periods: object({ today: PERIOD, "7d": PERIOD, "30d": PERIOD }, {
      description: "So many days that end today, UTC.",
    }),
    computedAt: time("When this was true: at most five minutes ago."),
  }, { description: "Everything in a few numbers." }),
  Ranking: object({
    metric: choice("The number.", SUMMED_METRICS),
    period: choice(
      "So many days that end today, UTC, as far as they are kept by day; `all` for all time.",
      RANKING_PERIODS,
    ),
    from: nullable(day("First day; `null` for all time.", "2026-11-18")),
    to: day("Last day.", "2026-11-24"),
    computedAt: time("When this was true: at most five minutes ago, as a rule."),
    items: list(
      object({
        rank: { type: "integer", description: "From 1 on.", minimum: 1, examples: [1] },
        registry: text("The registry.", "default"),
        repository: text("The repository.", "team/app"),
        value: count("The number in the period, of the days that are kept; zero is no place.", 26),
        previous: nullable(
          count("In the period before, of the days that are kept; `null` for all time.", 14),
        ),
      }),
      "The most first; ties go by name, then by registry.",
    ),
  }, { description: "The repositories with the most of a number." }),
};

/** Paths of this chapter; the download counts have a module of their own. */
export const TIME: Paths = {
  "/api/v1/repositories/{name}/-/series": {
    get: ofRepository({
      id: "showSeries",
      tag: TAG,
      summary: "Show a number of a repository over time",
      description:
        "Days are kept for `retention.days` (those of tags for `retention.tag_days`) and" +
        " then added up to months. What needs days that are gone is answered 400 with" +
        " `availableFrom`; `interval=month` sees all months.",
      parameters: [
        ...shared("name", "metric", "from", "to", "interval"),
        // Without an example, as it excludes another parameter that has one.
        query("tag", {
          type: "string",
          description:
            "Only this tag, which has `pulls`, `checks`, `pushes`, `unchangedPushes` and" +
            " `tagDeletes`; all others are 0. Not together with `consumer`.",
        }),
        ...shared("consumer", "registry"),
      ],
      answer: json("The series.", "Series"),
    }),
  },
  "/api/v1/series": {
    get: reading({
      id: "showTotalSeries",
      tag: TAG,
      summary: "Show a number of all repositories over time",
      description: "What repositories counted that have been deleted since is still in it.",
      parameters: shared(
        "metric",
        "from",
        "to",
        "interval",
        "namespace",
        "registry",
        "consumer",
      ),
      answer: json("The series.", "Series"),
    }),
  },
  "/api/v1/summary": {
    get: reading({
      id: "showSummary",
      tag: TAG,
      summary: "Show everything in a few numbers",
      parameters: shared("namespace", "registry"),
      answer: json("The numbers.", "Summary"),
    }),
  },
  "/api/v1/rankings": {
    get: reading({
      id: "showRanking",
      tag: TAG,
      summary: "Rank repositories",
      description:
        "Where it takes long, a ranking is computed in the background. If one that nobody asked for before" +
        " takes longer than ten seconds, the answer is 503 with `Retry-After`. The ranking is there" +
        " a little later. Stars are kept neither by day nor by consumer.",
      parameters: [
        query("metric", metricOf(SUMMED_METRICS), "pulls"),
        query(
          "period",
          {
            ...choice(
              "So many days that end today, UTC. Unless told `30d`, for `stars` `all`. A period, or" +
                " the one before it, that is longer than `retention.days` counts the days that are" +
                " kept by day, and no months.",
              RANKING_PERIODS,
            ),
          },
          "all",
        ),
        ...shared("registry", "prefix", "consumer", "limit"),
      ],
      answer: json(`The first places, at most ${MAX_PLACES}.`, ref("Ranking")),
    }),
  },
};
