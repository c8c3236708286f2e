/**
 * What is asked of a badge: read strictly, like all queries.
 *
 * @module
 */

import { AppError } from "../errors.ts";
import { parseParameters } from "./parameters.ts";

/** What a badge can show. */
export const BADGE_METRICS = ["pulls", "pushes", "stars", "lastPush", "lastPull", "tags"] as const;
/** Of which time. */
export const BADGE_PERIODS = ["all", "30d", "7d"] as const;
/** How it can look. */
export const BADGE_STYLES = ["flat", "flat-square", "plastic", "for-the-badge", "social"] as const;

/** One of {@linkcode BADGE_METRICS}. */
export type BadgeMetric = typeof BADGE_METRICS[number];
/** One of {@linkcode BADGE_PERIODS}. */
export type BadgePeriod = typeof BADGE_PERIODS[number];
/** One of {@linkcode BADGE_STYLES}. */
export type BadgeStyle = typeof BADGE_STYLES[number];

/** A badge that is asked for. */
export interface BadgeQuery {
  readonly metric: BadgeMetric;
  readonly period: BadgePeriod;
  readonly style: BadgeStyle;
  readonly registry?: string;
  readonly tag?: string;
  readonly label?: string;
  readonly color?: string;
}

/** The file that a badge is asked for as. */
export interface BadgeFile {
  readonly repository: string;
  readonly format: "svg" | "json";
}

const PARAMETERS = ["metric", "period", "tag", "label", "color", "style", "registry", "sig"];
/** As shields.io calls them. */
export const COLORS: ReadonlySet<string> = new Set([
  ...["brightgreen", "green", "yellowgreen", "yellow", "orange", "red", "blue", "grey", "gray"],
  ...["lightgrey", "lightgray", "success", "important", "critical", "informational", "inactive"],
]);
/** Other colors, in any case of letters. */
export const HEX = /^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
/** In code points. */
export const MAX_LABEL = 64;
/** In code points. */
export const MAX_TAG = 128;
const WITH_PERIOD: ReadonlySet<BadgeMetric> = new Set(["pulls", "pushes"]);
const WITH_TAG: ReadonlySet<BadgeMetric> = new Set(["pulls", "pushes", "lastPush", "lastPull"]);

/**
 * Reads the name of a badge: the last `.svg` or `.json` ends that of the repository.
 *
 * @param file For example `team/app.svg`.
 * @returns Its parts.
 * @throws {AppError} `not_found` for any other ending.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseBadgeFile } from "./badge_query.ts";
 *
 * assert.deepEqual(parseBadgeFile("a.svg/b.json"), { repository: "a.svg/b", format: "json" });
 * ```
 */
export function parseBadgeFile(file: string): BadgeFile {
  const [, repository, format] = /^(.+)\.(svg|json)$/s.exec(file) ?? [];
  if (repository !== undefined && (format === "svg" || format === "json")) {
    return { repository, format };
  }
  throw new AppError("not_found", `No badge "${file}"`, {
    hint: "ask for the name of a repository with .svg or .json behind it",
  });
}

/**
 * Reads the query of a badge.
 *
 * @param query Without its `?`.
 * @returns What is asked for.
 * @throws {AppError} `invalid` for what is not possible.
 */
export function parseBadgeQuery(query: string): BadgeQuery {
  const parameters = parseParameters(query, PARAMETERS);
  const metric = parameters.choice("metric", BADGE_METRICS, "pulls");
  const period = parameters.choice("period", BADGE_PERIODS, "all");
  const style = parameters.choice("style", BADGE_STYLES, "flat");
  const registry = parameters.registry();
  const tag = bounded("tag", parameters.text("tag"), MAX_TAG);
  const label = bounded("label", parameters.text("label"), MAX_LABEL);
  const color = parameters.text("color");
  if (period !== "all" && !WITH_PERIOD.has(metric)) throw unfit("period", metric, WITH_PERIOD);
  if (tag !== undefined && !WITH_TAG.has(metric)) throw unfit("tag", metric, WITH_TAG);
  if (color !== undefined && !COLORS.has(color) && !HEX.test(color)) {
    throw new AppError("invalid", `Parameter "color" cannot be "${color}"`, {
      hint: `use one of ${[...COLORS].join(", ")}, or three or six hexadecimal digits`,
    });
  }
  return {
    metric,
    period,
    style,
    ...(registry === undefined ? {} : { registry }),
    ...(tag === undefined ? {} : { tag }),
    ...(label === undefined ? {} : { label }),
    ...(color === undefined ? {} : { color }),
  };
}

function bounded(name: string, text: string | undefined, most: number): string | undefined {
  if (text === undefined || Array.from(text).length <= most) return text;
  throw new AppError("invalid", `Parameter "${name}" is too long`, {
    hint: `use at most ${most} characters`,
  });
}

function unfit(name: string, metric: string, fit: ReadonlySet<string>): AppError {
  return new AppError("invalid", `Parameter "${name}" is not possible with metric "${metric}"`, {
    hint: `use it with ${[...fit].join(", ")}`,
  });
}
