/**
 * The event route, in the description.
 *
 * @module
 */

import { PLAIN_NAME } from "../../names.ts";
import { inPath } from "./parameters.ts";
import { list, ref, text } from "./schema.ts";
import { tokenFor } from "./security.ts";
import type { Operation, Paths, ResponseObject, Schema } from "./types.ts";

const ENVELOPE = "application/vnd.docker.distribution.events.v2+json";

/** What registries send. Nothing is refused for having more or less: see the description. */
export const EVENT_SCHEMAS: Readonly<Record<string, Schema>> = {
  Envelope: {
    type: "object",
    description: "An envelope of Distribution.",
    properties: { events: list(ref("RegistryEvent"), "At most 100,000.") },
    required: ["events"],
  },
  RegistryEvent: {
    type: "object",
    description: "An event of a registry, as far as DREC looks at it.",
    properties: {
      id: text("The same id is counted once.", "227f290f-51ff-49e1-adc7-a1fff4e36053"),
      timestamp: text("RFC 3339; the arrival counts where it is absurd.", "2026-11-24T01:09:15Z"),
      action: text("`pull`, `push`, `mount` or `delete`.", "pull"),
      target: {
        type: "object",
        description: "What it is about.",
        properties: {
          repository: text("At most 256 characters, no control characters.", "team/app"),
          tag: text("A tag.", "1.0"),
          digest: text(
            "A digest.",
            "sha256:645f8529e14c84ab2d9a492737bb19e63dd1a822aaeaaa56f84a82a975b5113b",
          ),
          mediaType: text("Its media type.", "application/vnd.oci.image.manifest.v1+json"),
          size: { type: "integer", description: "Bytes.", examples: [428] },
          url: text(
            "Tells manifests from layers.",
            "https://registry.example/v2/team/app/manifests/sha256:645f…",
          ),
        },
        required: ["repository"],
      },
      request: {
        type: "object",
        description: "What the client asked for.",
        properties: {
          id: text("Its id.", "f3b1c1b4-8c1e-4f5b-9d0c-0b7b1a2f7c55"),
          addr: text("Address of the client.", "192.0.2.1:4711"),
          method: text("`HEAD` is a check.", "GET"),
          useragent: text("How it calls itself.", "docker/28.5.2"),
        },
      },
      actor: {
        type: "object",
        description: "Who asked.",
        properties: { name: text("The user.", "alice") },
      },
      source: {
        type: "object",
        description: "The registry process.",
        properties: { instanceID: text("New at each start.", "ba9f8d1c-…") },
      },
    },
    required: ["action", "target"],
  },
};

const ANSWERS: Readonly<Record<string, ResponseObject>> = {
  "200": {
    description: "All that is in the body is durable: counted, known already, ignored, or in" +
      " quarantine because it is not understood. The answer has no body, but for the one to the" +
      " handshake of an Event Grid subscription, which repeats its code.",
  },
  "202": {
    description:
      "The body was larger than `limits.body`: a note of it is in quarantine. The answer" +
      " has no body.",
  },
  "401": refusal("The token is missing, unknown, or bound to another registry.", {
    "WWW-Authenticate": {
      description: "How to say who asks.",
      required: true,
      schema: { type: "string", const: 'Bearer realm="drec"' },
    },
  }),
  "403": refusal("The token is for another role, or a page of another site sends the events."),
  "503": refusal(
    "The store is down, full or too slow, the queue is full, or DREC is starting or stopping." +
      " Sending the same again is right.",
  ),
};

const NO_REGISTRY = { "404": refusal("No possible name of a registry.") };

/**
 * Describes the event route.
 *
 * @param route Its path, such as `/events`.
 * @returns Both of its paths.
 */
export function eventPaths(route: string): Paths {
  const path = route.replace(/\/+$/, "");
  const registry = inPath(
    "registry",
    text("The registry that the events are from.", "main", { pattern: PLAIN_NAME.source }),
    "main",
  );
  return {
    [path]: { post: posting("postEvents", "Send events of the registry called default") },
    [`${path}/{registry}`]: {
      post: {
        ...posting("postEventsOfRegistry", "Send events of a registry"),
        parameters: [registry],
        responses: { ...ANSWERS, ...NO_REGISTRY },
      },
    },
  };
}

function posting(operationId: string, summary: string): Operation {
  return {
    operationId,
    tags: ["Events"],
    summary,
    description: "Where registries post their notifications: an envelope of Distribution, a bare" +
      " event of Azure Container Registry, or an array of Event Grid. The `Content-Type` is not" +
      " looked at. What is not understood is answered 200 and kept in quarantine, for it would be no" +
      " better the next time. Anything but 2xx makes a registry send the same again, and nothing" +
      " else before. A slash at the end makes no difference. A token bound to a registry counts for" +
      " that on the bare route.",
    requestBody: {
      description: "Events. `Content-Encoding: gzip` and `deflate` are understood.",
      // Without one the answer is 200, too: it is quarantined.
      required: false,
      content: {
        [ENVELOPE]: { schema: ref("Envelope") },
        "application/json": {
          schema: {
            anyOf: [ref("Envelope"), ref("RegistryEvent"), list(ref("RegistryEvent"))],
          },
        },
      },
    },
    responses: ANSWERS,
    security: tokenFor("ingest"),
  };
}

function refusal(description: string, headers: ResponseObject["headers"] = {}): ResponseObject {
  const content = { "text/plain": { schema: { type: "string" } } } as const;
  return { description, headers, content };
}
