/**
 * Badges, in the description.
 *
 * @module
 */

import {
  BADGE_METRICS,
  BADGE_PERIODS,
  BADGE_STYLES,
  COLORS,
  HEX,
  MAX_LABEL,
  MAX_TAG,
} from "../badge_query.ts";
import { CACHE_SECONDS } from "../badges.ts";
import { GUARDED, keepable, operation } from "./operation.ts";
import { query, shared } from "./parameters.ts";
import { COMMON_HEADERS } from "./problems.ts";
import { choice, object, ref, text } from "./schema.ts";
import { tokenFor } from "./security.ts";
import type { MediaType, Operation, Parameter, Paths, Schema } from "./types.ts";

/** By name. */
export const BADGE_SCHEMAS: Readonly<Record<string, Schema>> = {
  Badge: object({
    schemaVersion: { type: "integer", const: 1 },
    label: text("The text on the left.", "pulls"),
    message: text("The text on the right.", "1.2k/month"),
    color: text("A color of shields.io, or `#` and hexadecimal digits.", "blue"),
    isError: {
      type: "boolean",
      description: "Only where the number is not known.",
      const: true,
    },
    style: choice("How it looks.", BADGE_STYLES),
    cacheSeconds: { type: "integer", const: CACHE_SECONDS },
  }, {
    optional: ["isError"],
    description: "As the endpoint badge of shields.io takes it.",
  }),
};

const PARAMETERS: readonly Parameter[] = [
  query(
    "metric",
    { ...choice("What it shows.", BADGE_METRICS), default: "pulls" },
    "pulls",
  ),
  query(
    "period",
    {
      ...choice("Of which days, today included. Only with `pulls` and `pushes`.", BADGE_PERIODS),
      default: "all",
    },
    "30d",
  ),
  query(
    "tag",
    text("Only this tag. Only with `pulls`, `pushes`, `lastPush`, `lastPull`.", "1.0", {
      maxLength: MAX_TAG,
    }),
    "1.0",
  ),
  query(
    "label",
    text("The text on the left; unless told, what is shown.", "used", { maxLength: MAX_LABEL }),
    "used",
  ),
  query(
    "color",
    {
      description: "A color of shields.io, or three or six hexadecimal digits.",
      type: "string",
      anyOf: [{ enum: [...COLORS] }, { pattern: hexPattern() }],
      examples: ["ff8800"],
    },
    "ff8800",
  ),
  query(
    "style",
    { ...choice("How it looks.", BADGE_STYLES), default: "flat" },
    "flat-square",
  ),
];

/** Paths of this chapter. */
export const BADGES: Paths = {
  "/badge/{name}.svg": {
    get: badge("showBadge", "Show a number as an image", {
      "image/svg+xml": { schema: { type: "string" }, example: "<svg …>…</svg>" },
    }),
  },
  "/badge/{name}.json": {
    get: badge("showBadgeData", "Show a number for the endpoint badge of shields.io", {
      "application/json": { schema: ref("Badge") },
    }),
  },
};

function badge(
  id: string,
  summary: string,
  content: Readonly<Record<string, MediaType>>,
): Operation {
  const kept = keepable({
    id,
    tag: "Badges",
    summary,
    description: "A repository or tag that is not known gives a grey badge `unknown`, and so" +
      " does a `period` of which days are kept by month; one that several registries have" +
      " `several registries`; all are 200. Other sites may show it, and" +
      ` keep it for ${CACHE_SECONDS / 60} minutes.`,
    parameters: [...shared("name"), ...PARAMETERS, ...shared("registry")],
    answer: { description: "The badge.", headers: COMMON_HEADERS, content },
    errors: GUARDED,
  });
  return operation(kept, [...tokenFor("read"), { signature: [] }]);
}

/** Schemas have no flag for letters of either case. */
function hexPattern(): string {
  return HEX.source.replaceAll("a-f", "a-fA-F");
}
