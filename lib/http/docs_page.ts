/**
 * The page of `/docs`.
 *
 * @module
 */

import { renderOperation } from "./docs_operation.ts";
import { anchorOfSchema, membersOf } from "./docs_schema.ts";
import { inline, paragraphs } from "./docs_text.ts";
import { type Html, html } from "./html.ts";
import { operationsOf } from "./openapi/document.ts";
import type { OpenApi, PlacedOperation } from "./openapi/types.ts";

/**
 * Renders the description of the API.
 *
 * @param document The description.
 * @param url The address that the examples use.
 * @returns A page that needs its style sheet, and nothing else.
 */
export function renderDocs(document: OpenApi, url: string): string {
  const { info } = document;
  const operations = operationsOf(document);
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>API of the ${info.title}</title>
        <link rel="stylesheet" href="docs/style.css">
      </head>
      <body>
    <a class="skip" href="#content">Skip to the content</a>
    <header>
    <h1>${info.title}: API</h1>
    <p>${info.summary}. Version ${info.version}; for programs:
    <a href="api/v1/openapi.json">openapi.json</a>.</p>
    </header>
    ${renderContents(document, operations)}
    <main id="content">
    ${paragraphs(info.description)}
    ${renderAccess(document, url)}
    ${document.tags.map(({ name, description }) =>
      html`<section aria-labelledby="${anchorOfTag(name)}">
<h2 id="${anchorOfTag(name)}">${name}</h2>
<p>${inline(description)}</p>
${ofTag(operations, name).map((placed) => renderOperation(placed, document.components))}
</section>`
    )}
    ${renderSchemas(document)}
    </main>
      </body>
    </html>
  `.text;
}

function ofTag(operations: readonly PlacedOperation[], tag: string): PlacedOperation[] {
  return operations.filter(({ operation }) => operation.tags.includes(tag));
}

function renderContents({ tags }: OpenApi, operations: readonly PlacedOperation[]): Html {
  const chapters = tags.map(({ name }) => {
    const links = ofTag(operations, name).map(({ method, path, operation }) =>
      html`<li><a href="#${operation.operationId}">${operation.summary}</a>
<code class="quiet">${method.toUpperCase()} ${path}</code></li>`
    );
    return html`
      <li><a href="#${anchorOfTag(name)}">${name}</a><ul>${links}</ul></li>
    `;
  });
  return html`
    <nav aria-label="Contents">
      <ul><li><a href="#access">Access</a></li>
    ${chapters}<li><a href="#schemas">Schemas</a></li></ul>
    </nav>
  `;
}

function renderAccess({ components }: OpenApi, url: string): Html {
  const shell = [
    `DREC=${url.replace(/\/+$/, "")}`,
    "TOKEN=$(drec token read)",
    ...(url.startsWith("https:") ? ["alias curl='curl --cacert certs/ca.crt'"] : []),
  ].join("\n");
  const rows = Object.entries(components.securitySchemes).map(([name, { description }]) =>
    html`
      <tr>
        <th scope="row"><code>${name}</code></th>
        <td>${inline(description)}</td>
      </tr>
    `
  );
  return html`
    <section aria-labelledby="access">
      <h2 id="access">Access</h2>
      <p>The examples use</p>
      <pre tabindex="0"><code>${shell}</code></pre>
      <table>
        <thead>
          <tr>
            <th scope="col">Scheme</th>
            <th scope="col">Meaning</th>
          </tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </section>
  `;
}

function renderSchemas({ components }: OpenApi): Html {
  const sections = Object.entries(components.schemas).map(([name, schema]) =>
    html`
      <section aria-labelledby="${anchorOfSchema(name)}">
      <h3 id="${anchorOfSchema(name)}">${name}</h3>
      <p>${inline(schema.description ?? "")}</p>
      ${membersOf(schema)}
      </section>
    `
  );
  return html`<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>
${sections}</section>`;
}

function anchorOfTag(name: string): string {
  return `chapter-${name.toLowerCase().replaceAll(" ", "-")}`;
}
