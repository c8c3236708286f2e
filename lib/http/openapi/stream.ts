/**
 * The live stream, in the description.
 *
 * @module
 */

import { STREAM_LIMITS } from "../../stream/limits.ts";
import { guarded } from "./operation.ts";
import { query, shared } from "./parameters.ts";
import { COMMON_HEADERS } from "./problems.ts";
import { object, text } from "./schema.ts";
import type { Paths, Schema } from "./types.ts";

/** By name. */
export const STREAM_SCHEMAS: Readonly<Record<string, Schema>> = {
  Removed: object({
    registry: text("The registry.", "default"),
    repository: text("The repository.", "team/app"),
  }, { description: "Data of the event `removed` of the live stream." }),
};

const EXAMPLE = `retry: 3624
id: 8df6cbf7b82f-0

id: 8df6cbf7b82f-1
event: removed
data: {"registry":"default","repository":"team/app"}

`;

/** Paths of this chapter. */
export const STREAM: Paths = {
  "/api/v1/stream": {
    get: guarded({
      id: "streamRepositories",
      tag: "Live",
      summary: "Be told of changes as they are committed",
      description: "Server-sent events; the connection stays open. `repository` has a" +
        " `RepositoryItem` that has changed or is new, at most once in" +
        ` ${
          STREAM_LIMITS.intervalMs / 1000
        } s for each. \`removed\` has a \`Removed\`. \`reset\` has` +
        " `{}`: changes may have been missed, so load again what you show. A comment comes every" +
        ` ${
          STREAM_LIMITS.heartbeatMs / 1000
        } s. Open the stream first, and load the list when it is` +
        " open, so that nothing falls in between. Who was away for less than" +
        ` ${STREAM_LIMITS.maxAgeMs / 60_000} minutes goes on where it stopped.`,
      parameters: [
        ...shared("registry"),
        query(
          "repository",
          text("Only the repository of this name, exactly.", "team/app"),
          "team/app",
        ),
        ...shared("prefix"),
        query(
          "lastEventId",
          text(
            "The `id` that was seen last, for clients that cannot send the header, which counts if" +
              " both are there.",
            "8df6cbf7b82f-1",
          ),
          "8df6cbf7b82f-1",
        ),
        {
          name: "Last-Event-ID",
          in: "header",
          description: "The `id` that was seen last. Browsers send it by themselves.",
          schema: { type: "string" },
          example: "8df6cbf7b82f-1",
        },
      ],
      answer: {
        description: "The stream. It ends when DREC stops, or when the reader does not keep up.",
        headers: COMMON_HEADERS,
        content: { "text/event-stream": { schema: { type: "string" }, example: EXAMPLE } },
      },
    }),
  },
};
