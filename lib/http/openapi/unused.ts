/**
 * What is unused, in the description.
 *
 * @module
 */

import { UNUSED_KINDS } from "../../store/unused.ts";
import { DEFAULT_DAYS, FORMATS, MAX_DAYS } from "../api/unused.ts";
import { HOST, MAX_HOST } from "../api/unused_commands.ts";
import { reading } from "./operation.ts";
import { query, shared } from "./parameters.ts";
import { COMMON_HEADERS } from "./problems.ts";
import { choice, count, list, nullable, object, page, ref, text, time } from "./schema.ts";
import type { Paths, Schema } from "./types.ts";

const OF = {
  registry: text("The registry.", "default"),
  repository: text("The repository.", "team/app"),
};
const USE = {
  size: nullable(count("Bytes, different layers once; `null`: unknown.", 4832)),
  lastUsed: nullable(time("The last use; `null`: never.", "2026-05-02T09:12:31.514Z")),
  lastConsumer: nullable(text("The consumer of the last use; `null`: unknown.", "ci")),
  observedSince: nullable(
    time(
      "Since when its registry has been watched without a possible gap; `null`: unknown.",
      "2026-01-10T07:00:02.110Z",
    ),
  ),
  certain: {
    type: "boolean",
    description: "`false` where that is less than `days` ago: it may have been used unseen.",
    examples: [true],
  },
} as const satisfies Readonly<Record<string, Schema>>;

/** By name. */
export const UNUSED_SCHEMAS: Readonly<Record<string, Schema>> = {
  UnusedRepository: object({ ...OF, ...USE }, { description: "With `kind=repositories`." }),
  UnusedTag: object({
    ...OF,
    tag: text("The tag.", "1.0"),
    digest: nullable(
      text(
        "What it points to; `null`: unknown.",
        "sha256:645f8529e14c84ab2d9a492737bb19e63dd1a822aaeaaa56f84a82a975b5113b",
      ),
    ),
    ...USE,
    protectedBy: list({
      oneOf: [
        object({ tag: text("Another tag with the same digest.", "latest") }),
        object({ digest: text("An index that the manifest belongs to.", "sha256:77af…") }),
      ],
    }, "What is in use and would suffer if the digest were deleted; at most ten of each kind."),
  }, { description: "With `kind=tags`." }),
};

/** Paths of this chapter. */
export const UNUSED: Paths = {
  "/api/v1/unused": {
    get: reading({
      id: "listUnused",
      tag: "Unused",
      summary: "List what has not been used for long",
      description: "Advice: DREC deletes nothing. The oldest use comes first, never used before" +
        " that; tags come by the day of their own last use. A page may be shorter than `limit`, even" +
        " empty, and have a `next` all the same. With `format=crane` or `skopeo` the answer is text:" +
        " commands for review, each a comment, for tags only. What they cannot name is left out and" +
        " counted. `registry` is needed for them where several have sent events.",
      parameters: [
        query(
          "days",
          {
            type: "integer",
            description: "Not used for so many days.",
            minimum: 1,
            maximum: MAX_DAYS,
            default: DEFAULT_DAYS,
          },
          180,
        ),
        query(
          "kind",
          choice(
            `What is listed. Unless told \`${UNUSED_KINDS[0]}\`, for commands \`${
              UNUSED_KINDS[1]
            }\`.`,
            UNUSED_KINDS,
          ),
          "tags",
        ),
        ...shared("registry", "prefix"),
        query(
          "format",
          { ...choice("JSON, or commands to review.", FORMATS), default: "json" },
          "crane",
        ),
        query(
          "host",
          text(
            "The registry as clients name it, with its port: needed for commands, and refused with" +
              " `format=json`.",
            "registry.example:5000",
            { maxLength: MAX_HOST, pattern: HOST.source },
          ),
        ),
        ...shared("limit", "cursor"),
      ],
      answer: {
        description: "A page of the list.",
        headers: COMMON_HEADERS,
        content: {
          "application/json": {
            schema: { anyOf: [page(ref("UnusedTag")), page(ref("UnusedRepository"))] },
          },
          "text/plain": {
            schema: { type: "string" },
            example: "# Tags that have not been used for 180 days, as of 2026-11-25: …\n",
          },
        },
      },
    }),
  },
};
