/**
 * The description of the description.
 *
 * @module
 */

import { json, keepable, operation, plain } from "./operation.ts";
import type { Paths } from "./types.ts";

const TAG = "Description";

/** Paths of this chapter. They hold no data, so that they need no token. */
export const SELF: Paths = {
  "/api/v1/openapi.json": {
    get: operation(keepable({
      id: "showOpenApi",
      tag: TAG,
      summary: "Describe the API for programs",
      answer: json("This document.", {
        type: "object",
        description: "OpenAPI 3.1.",
        properties: {
          openapi: { type: "string", pattern: "^3\\.1\\.\\d+$", examples: ["3.1.0"] },
          info: { type: "object" },
          paths: { type: "object" },
          components: { type: "object" },
        },
        required: ["openapi", "info", "paths", "components"],
      }),
      errors: ["invalid", "internal"],
    })),
  },
  "/docs": {
    get: operation(keepable({
      id: "showDocs",
      tag: TAG,
      summary: "Describe the API for people",
      answer: plain("A page made of the same description.", "<!doctype html>…", "text/html"),
      errors: ["internal"],
    })),
  },
  "/docs/style.css": {
    get: operation(keepable({
      id: "showDocsStyle",
      tag: TAG,
      summary: "How that page looks",
      answer: plain("A style sheet.", "body { … }", "text/css"),
      errors: ["internal"],
    })),
  },
};
