/**
 * Badges: a number of a repository as an image, and as JSON for the endpoint badge of shields.io.
 *
 * A badge stands in pages that nobody watches, so that what is not known is shown, in grey, and is
 * no error.
 *
 * @module
 */

import { makeBadge } from "badge-maker";

import { dayOfTime } from "../calendar.ts";
import type { RepositoryStatistics, Store, TagStatistics } from "../store/store.ts";
import { type ApiContext, type ApiHandler, partOf } from "./api/answer.ts";
import { sumOf } from "./api/days.ts";
import {
  type BadgeMetric,
  type BadgePeriod,
  type BadgeQuery,
  parseBadgeFile,
  parseBadgeQuery,
} from "./badge_query.ts";
import { queryOf } from "./request.ts";
import { entityTagOf, isCurrent } from "./revalidation.ts";

/** How long a badge may be kept; shields.io takes no less. */
export const CACHE_SECONDS = 300;
const PERIODS: Readonly<Record<Exclude<BadgePeriod, "all">, { days: number; text: string }>> = {
  "30d": { days: 30, text: "month" },
  "7d": { days: 7, text: "week" },
};
const LABELS: Readonly<Record<BadgeMetric, string>> = {
  pulls: "pulls",
  pushes: "pushes",
  stars: "stars",
  lastPush: "last push",
  lastPull: "last pull",
  tags: "tags",
};
const UNKNOWN = { message: "unknown", color: "lightgrey", isError: true };
/** Which of several repositories is meant is not known. */
const AMBIGUOUS = { ...UNKNOWN, message: "several registries" };

interface Content {
  readonly message: string;
  readonly color: string;
  readonly isError: boolean;
}

/**
 * `GET /badge/{name}.svg`, `.json`
 * `?metric=&period=&tag=&label=&color=&style=&registry=&sig=`
 *
 * @param store Where statistics live.
 * @param now Tells the time in milliseconds since 1970.
 * @returns The handler.
 */
export function showBadge(store: Store, now: () => number): ApiHandler {
  return async function showBadge(c): Promise<Response> {
    const { repository, format } = parseBadgeFile(partOf(c, "file"));
    const text = queryOf(c.req.url);
    const query = parseBadgeQuery(text);
    const content = await contentOf(store, repository, { query, now: now() });
    const body = format === "svg" ? renderSvg(query, content) : renderJson(query, content);
    return answerBadge(c, body, format === "svg" ? "image/svg+xml" : "application/json");
  };
}

async function contentOf(
  store: Store,
  repository: string,
  { query, now }: { query: BadgeQuery; now: number },
): Promise<Content> {
  const [found, ...others] = await store.findRepositories(repository, query.registry);
  if (found === undefined) return UNKNOWN;
  if (others.length > 0) return AMBIGUOUS;
  const tag = query.tag === undefined ? undefined : await store.findTag(found, query.tag);
  if (query.tag !== undefined && tag === undefined) return UNKNOWN;
  const color = query.metric.startsWith("last") ? "informational" : "blue";
  const message = await messageOf(store, { found, tag, query, now });
  return message === null ? UNKNOWN : { message, color, isError: false };
}

interface Subject {
  readonly found: RepositoryStatistics;
  readonly tag: TagStatistics | undefined;
  readonly query: BadgeQuery;
  readonly now: number;
}

/** `null`: days of the period have been added up to months. */
async function messageOf(
  store: Store,
  { found, tag, query, now }: Subject,
): Promise<string | null> {
  const subject = tag ?? found;
  switch (query.metric) {
    case "stars":
      return renderNumber(found.stars);
    case "tags":
      return renderNumber(found.tagCount);
    case "lastPush":
      return renderDay(subject.lastPushed);
    case "lastPull":
      return renderDay(subject.lastPulled);
    case "pulls":
    case "pushes": {
      if (query.period === "all") return renderNumber(subject[query.metric]);
      const { days, text } = PERIODS[query.period];
      const to = dayOfTime(now);
      const range = { from: to - days + 1, to };
      const { registry, repository } = found;
      const of = { registry, repository, ...(tag === undefined ? {} : { tag: tag.tag }) };
      const history = await store.history({ of, metric: query.metric, ...range });
      const sum = sumOf(history, range);
      return sum === null ? null : `${renderNumber(sum)}/${text}`;
    }
  }
}

/**
 * Writes a number as people do.
 *
 * @param value From 0 on.
 * @returns At most four characters, such as `999`, `1.2k`, `12k`, `3.4M`.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { renderNumber } from "./badges.ts";
 *
 * assert.deepEqual([999, 1234, 12_345, 999_999].map(renderNumber), ["999", "1.2k", "12k", "1M"]);
 * ```
 */
export function renderNumber(value: number): string {
  let [rest, unit] = [value, ""];
  for (const next of ["k", "M", "G", "T"]) {
    // What would be rounded to 1000 is one of the next.
    if (rest < 999.5) break;
    [rest, unit] = [rest / 1000, next];
  }
  const digits = unit === "" || rest >= 9.95 ? 0 : 1;
  return `${rest.toFixed(digits).replace(/\.0$/, "")}${unit}`;
}

/** A day stays right however long a page keeps the badge; "2 days ago" does not. */
function renderDay(time: number | null): string {
  return time === null ? "never" : new Date(time).toISOString().slice(0, 10);
}

function renderSvg(query: BadgeQuery, { message, color, isError }: Content): string {
  return makeBadge({
    label: labelOf(query),
    message,
    color: isError ? color : colorOf(query.color ?? color),
    style: query.style,
  });
}

/** By the schema of shields.io's endpoint badge, version 1. */
function renderJson(query: BadgeQuery, { message, color, isError }: Content): string {
  return JSON.stringify({
    schemaVersion: 1,
    label: labelOf(query),
    message,
    color: isError ? color : colorOf(query.color ?? color),
    ...(isError ? { isError } : {}),
    style: query.style,
    cacheSeconds: CACHE_SECONDS,
  });
}

function colorOf(color: string): string {
  return /^(?:[0-9a-f]{3}|[0-9a-f]{6})$/i.test(color) ? `#${color}` : color;
}

/** XML has no way to write most control characters, and JSON's readers make such an image, too. */
function labelOf({ label, metric }: BadgeQuery): string {
  // deno-lint-ignore no-control-regex
  return (label ?? LABELS[metric]).replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/g, " ");
}

function answerBadge(c: ApiContext, text: string, contentType: string): Response {
  const body = new TextEncoder().encode(text);
  const etag = entityTagOf(body);
  // What a token has opened is not for the next one to find in a shared cache.
  const scope = c.req.header("authorization") === undefined ? "public" : "private";
  const caching = `${scope}, max-age=${CACHE_SECONDS}`;
  const headers = { "Cache-Control": caching, Vary: "Accept-Encoding", ETag: etag };
  if (isCurrent(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  return c.body(body, 200, {
    ...headers,
    "Content-Type": contentType,
    "Content-Length": String(body.byteLength),
  });
}
