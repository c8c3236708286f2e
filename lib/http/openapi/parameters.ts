/**
 * Parameters that several operations have.
 *
 * @module
 */

import { FIRST_DAY, INTERVALS } from "../../calendar.ts";
import { PLAIN_NAME } from "../../names.ts";
import { MAX_LEVELS } from "../../namespace.ts";
import { METRICS } from "../../statistics.ts";
import { MAX_CONSUMERS } from "../api/consumers.ts";
import { DEFAULT_DAYS, MAX_DAYS } from "../api/days.ts";
import { DEFAULT_LIMIT, MAX_LIMIT } from "../parameters.ts";
import { metricOf } from "./metric_texts.ts";
import { choice, day, text } from "./schema.ts";
import type { Parameter, Reference, Schema } from "./types.ts";

/**
 * Describes a parameter of the query, which may be left out or be empty.
 *
 * @param name Its name.
 * @param schema What it can be, with a description.
 * @param example One; none where it depends on what else is asked for.
 * @returns The parameter.
 */
export function query(
  name: string,
  { description = "", ...schema }: Schema,
  example?: unknown,
): Parameter {
  const shown = example === undefined ? {} : { example };
  return { name, in: "query", description, allowEmptyValue: true, schema, ...shown };
}

/**
 * Describes a part of the path.
 *
 * @param name Its name.
 * @param schema What it can be, with a description.
 * @param example One.
 * @returns The parameter.
 */
export function inPath(
  name: string,
  { description = "", ...schema }: Schema,
  example: string,
): Parameter {
  return { name, in: "path", required: true, description, schema, example };
}

/**
 * Describes a part of the path that is several texts with commas between them.
 *
 * As an array clients encode each text by itself, and leave the commas between them as they are.
 *
 * @param name Its name.
 * @param schema An array, with a description.
 * @param example One.
 * @returns The parameter.
 */
export function severalInPath(
  name: string,
  { description = "", ...schema }: Schema,
  example: readonly string[],
): Parameter {
  const written = { style: "simple", explode: false } as const;
  return { name, in: "path", required: true, description, ...written, schema, example };
}

const PARAMETERS = {
  name: inPath(
    "name",
    text(
      "Name of a repository, such as `team/app`; none has more than 256 characters. Percent-encode it; a slash may be sent as it is" +
        " or as `%2F`. `%2F` is needed where the name itself has `/-/` and a word that can be asked" +
        " for, `..` between slashes, or a slash at an end.",
      "team/app",
      { minLength: 1 },
    ),
    "team/app",
  ),
  registry: query(
    "registry",
    text(
      "Only this registry: `default`, or what follows the event route in the address that it posts" +
        " to. Without it a list spans all of them, and a single repository is the one of that name.",
      "default",
      { pattern: PLAIN_NAME.source },
    ),
    "default",
  ),
  prefix: query(
    "prefix",
    text("What the name of the repository begins with, exactly.", "team/"),
    "team/",
  ),
  namespace: query(
    "prefix",
    text(
      `Only the repositories in this directory. It ends in a slash, and has at most ${MAX_LEVELS}` +
        " directories, as deeper ones have no numbers of their own.",
      "team/",
      { pattern: `^(?:[^/]*/){1,${MAX_LEVELS}}$` },
    ),
    "team/",
  ),
  limit: query(
    "limit",
    {
      type: "integer",
      description: "Items on a page.",
      minimum: 1,
      maximum: MAX_LIMIT,
      default: DEFAULT_LIMIT,
    },
    10,
  ),
  cursor: query("cursor", {
    type: "string",
    description:
      "`next` of the page before, handed back as it is, with the same other parameters." +
      " What does not change meanwhile appears exactly once.",
  }),
  metric: query("metric", metricOf(METRICS), "pulls"),
  interval: query(
    "interval",
    {
      ...choice(
        "What days are added up to, in UTC. Weeks begin on Monday. An interval counts only those of" +
          " its days that were asked for.",
        INTERVALS,
      ),
      default: "day",
    },
    "week",
  ),
  from: query(
    "from",
    day(
      `First day, inclusive; unless told ${
        DEFAULT_DAYS - 1
      } days before \`to\`. At most ${MAX_DAYS}` +
        ` days at once, none before ${FIRST_DAY}.`,
      "2026-11-01",
    ),
    "2026-11-01",
  ),
  to: query(
    "to",
    day(`Last day, inclusive, none before ${FIRST_DAY}; today unless told.`, "2026-11-24"),
    "2026-11-24",
  ),
  consumer: query(
    "consumer",
    text(
      "Only what these consumers did: `prod-eu,ci`; or what all but these did: `!ci,!trivy`. Both" +
        ` together are not possible, nor are more than ${MAX_CONSUMERS}, nor a \`tag\` beside them.` +
        " Consumers are the rules of `consumers` in `config.yml`, else `other`.",
      "ci,prod-eu",
      { pattern: consumersPattern() },
    ),
    "!ci,!trivy",
  ),
} as const satisfies Readonly<Record<string, Parameter>>;

/** The parameters, as components. */
export const SHARED_PARAMETERS: Readonly<Record<string, Parameter>> = PARAMETERS;

/**
 * Refers to parameters.
 *
 * @param names Their names as components.
 * @returns The references.
 */
export function shared(...names: (keyof typeof PARAMETERS)[]): Reference[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }));
}

function consumersPattern(): string {
  const name = PLAIN_NAME.source.replace(/^\^|\$$/g, "");
  const more = `{0,${MAX_CONSUMERS - 1}}`;
  const [only, except] = ["", "!"].map((mark) => `${mark}${name}(?:,${mark}${name})${more}`);
  return `^(?:${only}|${except})$`;
}
