/**
 * Download counts in the shapes of npm's, in the description.
 *
 * @module
 */

import { FIRST_DAY } from "../../calendar.ts";
import { MAX_DAYS } from "../api/days.ts";
import { MAX_NAMES, PERIODS } from "../api/downloads_query.ts";
import { json, reading } from "./operation.ts";
import { inPath, severalInPath, shared } from "./parameters.ts";
import { count, day, list, object, ref, text } from "./schema.ts";
import type { Operation, Parameter, Paths, ResponseObject, Schema } from "./types.ts";

const TAG = "Download counts";
const DAY = "\\d{4}-\\d\\d-\\d\\d";

const RANGE = { start: day("First day.", "2026-11-17"), end: day("Last day.", "2026-11-23") };
const PACKAGE = { package: text("The name that was asked for.", "team/app") };
const DOWNLOADS = { downloads: count("Pulls in the period.", 26) };
const BY_DAY = {
  downloads: list(
    object({ day: day("The day, UTC."), downloads: count("Pulls on that day.", 26) }),
    "Every day of the period in order.",
  ),
};

/** By name. */
export const DOWNLOADS_SCHEMAS: Readonly<Record<string, Schema>> = {
  DownloadsPoint: object({ ...DOWNLOADS, ...RANGE }),
  DownloadsPointOfPackage: object({ ...DOWNLOADS, ...RANGE, ...PACKAGE }),
  DownloadsRange: object({ ...RANGE, ...BY_DAY }),
  DownloadsRangeOfPackage: object({ ...RANGE, ...PACKAGE, ...BY_DAY }),
  DownloadsError: object({ error: text("What is wrong.", "package team/app not found") }),
};

const PERIOD: Parameter = inPath(
  "period",
  text(
    `One of ${
      Object.keys(PERIODS).join(", ")
    }, each ending yesterday; or a day; or two days with a` +
      ` colon between them, both inclusive, at most ${MAX_DAYS}, none before ${FIRST_DAY}. UTC.`,
    "last-week",
    { pattern: `^(?:${Object.keys(PERIODS).join("|")}|${DAY}(?::${DAY})?)$` },
  ),
  "last-week",
);
const NAMES: Parameter = severalInPath(
  "name",
  {
    ...list(
      text("A name.", "team/app", { minLength: 1 }),
      "Name of a repository in any registry, or several with commas between them. A comma in a" +
        " name is `%2C`; a slash needs no encoding.",
    ),
    minItems: 1,
    maxItems: MAX_NAMES,
  },
  ["team/app"],
);

/** Paths of this chapter. */
export const DOWNLOADS_PATHS: Paths = {
  "/api/v1/downloads/point/{period}": { get: ofAll("Point") },
  "/api/v1/downloads/point/{period}/{name}": { get: ofNames("Point") },
  "/api/v1/downloads/range/{period}": { get: ofAll("Range") },
  "/api/v1/downloads/range/{period}/{name}": { get: ofNames("Range") },
};

function ofAll(kind: "Point" | "Range"): Operation {
  return reading({
    id: `showDownloads${kind}`,
    tag: TAG,
    summary: kind === "Point" ? "Count all pulls of a period" : "Count all pulls by day",
    parameters: [PERIOD, ...shared("registry")],
    answer: json("The numbers.", `Downloads${kind}`),
    more: { "400": failure("The request is not possible. `error` says why.") },
  });
}

function ofNames(kind: "Point" | "Range"): Operation {
  const one = ref(`Downloads${kind}OfPackage`);
  return reading({
    id: `showDownloads${kind}OfPackages`,
    tag: TAG,
    summary: kind === "Point"
      ? "Count the pulls of repositories in a period"
      : "Count the pulls of repositories by day",
    description: "If several registries have a repository of that name, it is their sum.",
    parameters: [PERIOD, NAMES, ...shared("registry")],
    answer: json("The numbers of one name; of several, an object with those of each.", {
      anyOf: [one, {
        type: "object",
        description: "By name; `null`: it is not known.",
        additionalProperties: { anyOf: [one, { type: "null" }] },
      }],
    }),
    more: {
      "400": failure("The request is not possible. `error` says why."),
      "404": failure("The single name is not known."),
    },
  });
}

function failure(description: string): ResponseObject {
  return json(description, "DownloadsError");
}
