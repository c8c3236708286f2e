/**
 * Where the name of a repository ends in a path such as
 * `/api/v1/repositories/team/app/-/tags/latest`.
 *
 * Names contain slashes, and what a registry reports is not always a name that it would accept. The
 * last literal `/-/` that is followed by a known word separates the name from what is asked of it;
 * a slash sent as `%2F` belongs to the name always. So any name can be asked for:
 *
 * | name | path |
 * |---|---|
 * | `team/app` | `team/app` or `team%2Fapp` |
 * | `a/-/tags` | `a%2F-%2Ftags` |
 * | `a/../b` | `a%2F..%2Fb`, because most clients resolve `..` between slashes before they send |
 *
 * The name of a badge, `/badge/team/app.svg`, is all that follows, to be cut at its last dot.
 *
 * Only `.` and `..` alone are beyond clients that do so; the list shows them (`?prefix=..`).
 *
 * @module
 */

import { pathOf } from "./request.ts";

const REPOSITORIES = "/api/v1/repositories/";
const BADGES = "/badge/";

/** Download counts, where all that follows the period is names. */
const DOWNLOADS = /^(\/api\/v1\/downloads\/(?:point|range)\/[^/]+\/)(.+)$/s;

/** What can be asked of a repository. Greedy before it: the last separator counts. */
const ASKED =
  /^(.+)(\/-\/(?:tags|tags\/[^/]+|stars|stars\/[^/]*|manifests|actors|clients|consumers|events|series))$/s;

/**
 * The path by which a request is routed: the name of a repository is made one segment of it.
 *
 * @param request Its address need not be normalised.
 * @returns The path as it was sent, with `%2F` for each slash of the name.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { routingPath } from "./repository_path.ts";
 *
 * const request = new Request("https://drec/api/v1/repositories/team/app/-/tags");
 * assert.equal(routingPath(request), "/api/v1/repositories/team%2Fapp/-/tags");
 * ```
 */
export function routingPath(request: Request): string {
  const path = pathOf(request.url);
  if (path.startsWith(BADGES)) return BADGES + path.slice(BADGES.length).replaceAll("/", "%2F");
  if (!path.startsWith(REPOSITORIES)) {
    const [, start = path, names = ""] = DOWNLOADS.exec(path) ?? [];
    return start + names.replaceAll("/", "%2F");
  }
  const rest = path.slice(REPOSITORIES.length);
  const [, name = rest, asked = ""] = ASKED.exec(rest) ?? [];
  return `${REPOSITORIES}${name.replaceAll("/", "%2F")}${asked}`;
}
