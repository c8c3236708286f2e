/**
 * The description of all that DREC answers over HTTP: OpenAPI 3.1.
 *
 * A new route is described in the module of its chapter. A test compares both, in both directions.
 *
 * @module
 */

import { VERSION } from "../../version.ts";
import { BADGE_SCHEMAS, BADGES } from "./badges.ts";
import { DOWNLOADS_PATHS, DOWNLOADS_SCHEMAS } from "./downloads.ts";
import { EVENT_SCHEMAS, eventPaths } from "./events.ts";
import { OPERATIONS, OPERATIONS_SCHEMAS } from "./operations.ts";
import { SHARED_PARAMETERS } from "./parameters.ts";
import { HEADERS, problemResponses, problemSchemas } from "./problems.ts";
import { REPOSITORIES } from "./repositories.ts";
import { REPOSITORY_SCHEMAS } from "./repository_schemas.ts";
import { SECURITY_SCHEMES } from "./security.ts";
import { SELF } from "./self.ts";
import { STAR_SCHEMAS, STARS_PATHS } from "./stars.ts";
import { STREAM, STREAM_SCHEMAS } from "./stream.ts";
import { TIME, TIME_SCHEMAS } from "./time.ts";
import { METHODS, type OpenApi, type PlacedOperation, type Schema, type Tag } from "./types.ts";
import { UNUSED, UNUSED_SCHEMAS } from "./unused.ts";

const DESCRIPTION = `What a container registry's notifications have been counted as.

JSON is UTF-8 with names in camelCase. Times are RFC 3339 in UTC, \`null\` for never. Days are UTC.

**Names.** A repository's name may contain \`/\`; \`/-/\` separates it from what is asked of it. A slash of the name may be sent as it is or as \`%2F\`.

**Lists** are \`{"items": […], "next": "…"}\`. \`next\` is the \`cursor\` of the next page, \`null\` on the last one.

**Queries** are read strictly: an unknown or repeated parameter is 400. An empty one is as good as none. Metrics, probes, the event route and this description in HTML read no query and refuse none.

**Errors** are \`application/problem+json\` (RFC 9457) with a \`code\` and a \`requestId\`, but for the event route (text) and download counts (\`{"error": "…"}\`). A path that is not there is 404, a method that a path does not have 405 with \`Allow\`.

**Methods.** Every \`GET\` can be a \`HEAD\`. With \`server.cors\`, pages of the origins listed there are answered their preflights (\`OPTIONS\`).`;

const TAGS: readonly Tag[] = [
  { name: "Repositories", description: "Repositories, their tags, manifests, users and events." },
  { name: "Numbers over time", description: "Series, a summary, rankings." },
  { name: "Download counts", description: "Pulls in the shapes of npm's download counts." },
  { name: "Unused", description: "What nobody has used for long." },
  { name: "Stars", description: "Who likes which repository." },
  { name: "Badges", description: "Numbers as images for pages of others." },
  { name: "Live", description: "Changes as they happen." },
  { name: "Operations", description: "For operators and their tools." },
  { name: "Events", description: "Where registries post." },
  { name: "Description", description: "This description." },
];

const SCHEMAS: Readonly<Record<string, Schema>> = {
  ...REPOSITORY_SCHEMAS,
  ...TIME_SCHEMAS,
  ...DOWNLOADS_SCHEMAS,
  ...UNUSED_SCHEMAS,
  ...STAR_SCHEMAS,
  ...BADGE_SCHEMAS,
  ...STREAM_SCHEMAS,
  ...OPERATIONS_SCHEMAS,
  ...EVENT_SCHEMAS,
  ...problemSchemas(),
};

/** What the description depends on. */
export interface DescribeOptions {
  /** Path of the event route, such as `/events`. */
  readonly route: string;
}

/**
 * Describes the API.
 *
 * @param options As it is configured.
 * @returns The description.
 */
export function describeApi({ route }: DescribeOptions): OpenApi {
  return {
    openapi: "3.1.0",
    info: {
      title: "Docker Registry Event Collector",
      version: VERSION,
      summary: "Who pulls, pushes and no longer needs what in a container registry",
      description: DESCRIPTION,
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/", description: "The server of this document." }],
    tags: TAGS,
    paths: {
      ...REPOSITORIES,
      ...TIME,
      ...DOWNLOADS_PATHS,
      ...UNUSED,
      ...STARS_PATHS,
      ...BADGES,
      ...STREAM,
      ...OPERATIONS,
      ...eventPaths(route),
      ...SELF,
    },
    components: {
      schemas: SCHEMAS,
      responses: problemResponses(),
      parameters: SHARED_PARAMETERS,
      headers: HEADERS,
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}

/**
 * Lists all operations of a description.
 *
 * @param document The description.
 * @returns In its order.
 */
export function operationsOf({ paths }: OpenApi): PlacedOperation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [{ method, path, operation }];
    })
  );
}
