/**
 * A line of curl for an operation, to be pasted into a shell.
 *
 * @module
 */

import type { Parameter, PlacedOperation } from "./openapi/types.ts";

/** Parameters of a query that are shown at most; more would hide the path. */
const SHOWN = 2;

/**
 * Writes the line.
 *
 * @param placed The operation.
 * @param parameters Of it.
 * @returns With `$DREC` for the address and `$TOKEN` for the token.
 */
export function curlOf(
  { method, path, operation }: PlacedOperation,
  parameters: readonly Parameter[],
): string {
  const address = parameters.filter((one) => one.in === "path")
    .reduce(
      (text, { name, example }) => text.replace(`{${name}}`, [example].flat().join(",")),
      path,
    );
  const query = parameters
    .filter(({ in: place, example }) => place === "query" && example !== undefined)
    .slice(0, SHOWN)
    .map(({ name, example }) => `${name}=${encode(example)}`).join("&");
  const flags = [
    ...(method === "get" ? [] : [`-X ${method.toUpperCase()}`]),
    ...(path.endsWith("/stream") ? ["-N"] : []),
    ...(operation.security.length === 0 ? [] : ['-H "Authorization: Bearer $TOKEN"']),
    ...(operation.requestBody === undefined ? [] : [`-d '{"events":[]}'`]),
  ];
  return ["curl", ...flags, `"$DREC${address}${query === "" ? "" : `?${query}`}"`].join(" ");
}

/** In double quotes a shell may take `!` for a command of before. */
function encode(example: unknown): string {
  return encodeURIComponent(String(example)).replaceAll("!", "%21");
}
