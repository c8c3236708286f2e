/**
 * The little markup that the description's texts have: paragraphs, `code`, and **strong** words.
 *
 * @module
 */

import { Html, html } from "./html.ts";

/**
 * Renders a text of several paragraphs.
 *
 * @param text With an empty line between paragraphs.
 * @returns Paragraphs.
 */
export function paragraphs(text: string): Html[] {
  return text.split(/\n{2,}/).map((paragraph) => html`<p>${inline(paragraph)}</p>`);
}

/**
 * Renders a text within a line.
 *
 * @param text May have `code` and **strong** words.
 * @returns The parts in order.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { inline } from "./docs_text.ts";
 *
 * assert.equal(inline("a `<b>` c").map(({ text }) => text).join(""), "a <code>&lt;b&gt;</code> c");
 * ```
 */
export function inline(text: string): Html[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith("`")) return html`<code>${part.slice(1, -1)}</code>`;
    if (part.startsWith("**")) return html`<strong>${part.slice(2, -2)}</strong>`;
    return html`${part}`;
  });
}
