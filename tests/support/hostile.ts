/**
 * Names that mean something to a browser, a spreadsheet, a file system, JavaScript, MongoDB, SQL, C
 * or a terminal; and events that have them in every field.
 *
 * @module
 */

import { digestOf, mediaTypes } from "./events.ts";

/** The names; the last two have control characters, which no repository may have. */
export const hostileNames: readonly string[] = [
  "<script>alert(1)</script>",
  `"><img src=x onerror=alert(1)>`,
  "javascript:alert(1)",
  "=cmd()",
  `=cmd|' /C calc'!A0`,
  "../../etc/passwd",
  "a/../b",
  "..",
  "😀".repeat(256),
  "__proto__",
  "constructor",
  "$inc",
  "$where",
  "a.b.$set",
  "'; DROP TABLE repositories; --",
  "%00",
  "%2e%2e%2f",
  "{{7*7}}${7*7}",
  "a\u202eb",
  "/-/tags",
  "a/-/stars/b",
  "nul\0byte",
  "line\r\nSet-Cookie: a=b",
];

/**
 * Says whether a registry's event can be about a repository of that name.
 *
 * @param name The name.
 * @returns False where the event is quarantined.
 */
export function isPossibleRepository(name: string): boolean {
  return name !== "" && Array.from(name).length <= 256 && !/\p{Cc}/u.test(name);
}

/**
 * Writes events as a registry would: a push and a pull, with a name in every field.
 *
 * @param name The name.
 * @param repository That of the repository; the name unless told.
 * @returns Events, to be put into an envelope.
 */
export function hostileEvents(name: string, repository = name): Record<string, unknown>[] {
  return ["push", "pull"].map((action) => ({
    id: `${action} ${name} ${repository}`,
    timestamp: new Date().toISOString(),
    action,
    target: {
      repository,
      // What is no tag is left out, which makes it a push or pull by digest.
      tag: action === "push" ? "1.0" : name,
      digest: digestOf(1),
      mediaType: action === "push" ? mediaTypes.image : name,
      url: `https://registry/v2/${encodeURIComponent(repository)}/manifests/${digestOf(1)}`,
      references: [{
        digest: digestOf(2),
        mediaType: name,
        platform: { os: name, architecture: name },
      }],
    },
    request: {
      id: name,
      addr: name,
      host: name,
      method: action === "push" ? "PUT" : name,
      useragent: name,
    },
    actor: { name },
    source: { addr: name, instanceID: name },
  }));
}
