/**
 * XML, as far as images of badges need it.
 *
 * @module
 */

import assert from "node:assert/strict";

/**
 * Asserts that a text is well-formed, as far as elements, entities and characters go.
 *
 * @param svg The text.
 */
export function assertWellFormed(svg: string): void {
  const open: string[] = [];
  const rest = svg.replaceAll(/<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g, (
    _,
    end,
    name,
    _attributes,
    isEmpty,
  ) => {
    if (end !== "") assert.equal(open.pop(), name);
    else if (isEmpty === "") open.push(name);
    return "";
  });
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-f]+);)/i);
  // XML has no way to write these.
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(svg, /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
}
