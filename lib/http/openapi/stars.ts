/**
 * Stars, in the description.
 *
 * @module
 */

import { MAX_USER } from "../api/stars.ts";
import { changing, json, ofRepository, type OperationText } from "./operation.ts";
import { inPath, shared } from "./parameters.ts";
import { count, object, page, ref, text, time } from "./schema.ts";
import type { Parameter, Paths, Schema } from "./types.ts";

const TAG = "Stars";
const STARS = count("Stars of the repository, also those that others count in MongoDB.", 4);

/** By name. */
export const STAR_SCHEMAS: Readonly<Record<string, Schema>> = {
  Star: object({
    user: text("Who gave it.", "alice"),
    at: time("When.", "2026-11-25T14:36:55.021Z"),
  }),
  StarChange: object({
    stars: STARS,
    starred: { type: "boolean", description: "Whether the user has given one now." },
  }, { description: "What there is after the change." }),
};

const USER: Parameter = inPath(
  "user",
  text(
    "Who the star is from; there need not be an account of that name. Percent-encode it, also `/`.",
    "alice",
    { minLength: 1, maxLength: MAX_USER, pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]+$" },
  ),
  "alice",
);

/** Paths of this chapter. */
export const STARS_PATHS: Paths = {
  "/api/v1/repositories/{name}/-/stars": {
    get: ofRepository({
      id: "listStars",
      tag: TAG,
      summary: "List who gave a repository a star",
      description: "In order of the user.",
      parameters: shared("name", "registry", "limit", "cursor"),
      answer: json("A page of stars, and how many there are.", page(ref("Star"), { stars: STARS })),
    }),
  },
  "/api/v1/repositories/{name}/-/stars/{user}": {
    put: changing(textOf("giveStar", "Give a star"), "admin"),
    delete: changing(textOf("takeStar", "Take a star back"), "admin"),
  },
};

function textOf(id: string, summary: string): OperationText {
  return {
    id,
    tag: TAG,
    summary,
    description: "The same again changes nothing. A body is not looked at. The role `admin` may" +
      " change any star. Where a proxy names its user in the header `stars.user_header`, that user" +
      " may change the own star without a token. What a browser marks as coming from another site" +
      " is refused unless its origin is in `server.cors`.",
    parameters: [...shared("name"), USER, ...shared("registry")],
    answer: json("What there is now.", "StarChange"),
  };
}
