/**
 * HTML as text, with everything that is put into it escaped.
 *
 * @module
 */

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  /** @param text The markup. */
  constructor(text: string) {
    this.text = text;
  }
}

/** What can be put into HTML: text is escaped, lists are joined. */
export type Insert = string | number | Html | readonly Insert[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Writes HTML.
 *
 * @param parts The markup.
 * @param inserts What is put into it.
 * @returns The HTML.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { html } from "./html.ts";
 *
 * assert.equal(html`<p title="${'"'}">${["<", html`<br>`]}</p>`.text, '<p title="&quot;">&lt;<br></p>');
 * ```
 */
export function html(parts: TemplateStringsArray, ...inserts: readonly Insert[]): Html {
  const [first = "", ...others] = parts;
  return new Html(
    first + others.map((part, index) => render(inserts[index] ?? "") + part).join(""),
  );
}

/**
 * Escapes text for HTML, as content or as the value of an attribute in quotes.
 *
 * @param text Any text.
 * @returns The same, as a browser shows it.
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

function render(insert: Insert): string {
  if (insert instanceof Html) return insert.text;
  if (typeof insert === "object") return insert.map(render).join("");
  return escapeHtml(String(insert));
}
