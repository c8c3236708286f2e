/**
 * One operation on the page.
 *
 * @module
 */

import { boundsOf, membersOf, typeOf } from "./docs_schema.ts";
import { curlOf } from "./docs_curl.ts";
import { inline, paragraphs } from "./docs_text.ts";
import { type Html, html } from "./html.ts";
import { exampleOf } from "./openapi/schema.ts";
import type {
  Components,
  MediaType,
  Operation,
  Parameter,
  PlacedOperation,
  Reference,
  ResponseObject,
  Security,
} from "./openapi/types.ts";

/**
 * Renders an operation.
 *
 * @param placed The operation.
 * @param components What it refers to.
 * @returns A section with a heading that can be linked to.
 */
export function renderOperation(placed: PlacedOperation, components: Components): Html {
  const { method, path, operation } = placed;
  const { operationId, summary, description = "", requestBody } = operation;
  const parameters = parametersOf(operation, components);
  return html`
    <section aria-labelledby="${operationId}">
    <h3 id="${operationId}">${summary}</h3>
    <p><code><span class="method">${method}</span> ${path}</code>
    <a href="#${operationId}" aria-label="Link to: ${summary}">#</a></p>
    ${description === "" ? "" : paragraphs(description)}
    <p class="quiet">${accessOf(operation.security)}</p>
    ${parameters.length === 0 ? "" : tableOf(parameters)}
    ${requestBody === undefined ? "" : html`<h4>Body</h4><p>${inline(requestBody.description)}</p>
${bodiesOf(requestBody.content, components)}`}
    <h4>Example</h4>
    <pre tabindex="0"><code>${curlOf(placed, parameters)}</code></pre>
    <h4>Answers</h4>
    <table>
    <thead><tr><th scope="col">Status</th><th scope="col">Body</th><th scope="col">When</th></tr></thead>
    <tbody>${Object.entries(operation.responses).map((entry) =>
      answerRow(entry, components)
    )}</tbody>
    </table>
    ${bodiesOf(answerOf(operation, components).content ?? {}, components)}
    </section>
  `;
}

/**
 * Finds what is referred to.
 *
 * @param value An object, or a reference to one.
 * @param among Components of its kind, by name.
 * @returns The object.
 * @throws {TypeError} If there is none.
 */
export function resolve<T extends object>(
  value: T | Reference,
  among: Readonly<Record<string, T>>,
): T {
  if (!("$ref" in value)) return value;
  const found = among[value.$ref.slice(value.$ref.lastIndexOf("/") + 1)];
  if (found === undefined) throw new TypeError(`Nothing is at ${value.$ref}`);
  return found;
}

function parametersOf(operation: Operation, components: Components): Parameter[] {
  return (operation.parameters ?? []).map((one) => resolve(one, components.parameters));
}

function answerOf({ responses }: Operation, components: Components): ResponseObject {
  return resolve(responses["200"] ?? { description: "" }, components.responses);
}

function accessOf(security: Security): Html {
  const schemes = security.map((one) => Object.entries(one).flat(2));
  if (schemes.length === 0) return html`Needs no token.`;
  const role = schemes[0]?.[1] ?? "";
  const isSigned = schemes.some(([name]) => name === "signature");
  return html`Needs a token for <a href="#access">${role}</a>${
    isSigned ? ", or a signature" : ""
  }.`;
}

function tableOf(parameters: readonly Parameter[]): Html {
  return html`
    <h4>Parameters</h4>
    <table>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Where, type</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>${parameters.map(parameterRow)}</tbody>
    </table>
  `;
}

function parameterRow(parameter: Parameter): Html {
  const { name, in: place, description, required, schema, example } = parameter;
  const shown = example === undefined
    ? ""
    : html`<p class="quiet">Example: <code>${[example].flat().join(",")}</code></p>`;
  return html`
    <tr>
      <th scope="row"><code>${name}</code></th>
      <td>${place}, ${typeOf(schema)}${required === true ? ", required" : ""}</td>
      <td><p>${inline(description)}</p>${boundsOf(schema)}${shown}</td>
    </tr>
  `;
}

function answerRow(
  [status, answer]: [string, ResponseObject | Reference],
  components: Components,
): Html {
  const { description, content = {} } = resolve(answer, components.responses);
  const bodies = Object.entries(content).map(([type, { schema }]) =>
    html`<p><code>${type}</code> ${type.endsWith("json") ? typeOf(schema) : ""}</p>`
  );
  return html`
    <tr>
      <th scope="row">${status}</th>
      <td>${bodies}</td>
      <td>${inline(description)}</td>
    </tr>
  `;
}

function bodiesOf(content: Readonly<Record<string, MediaType>>, components: Components): Html[] {
  return Object.entries(content).map(([type, { schema, example }]) => {
    if (!type.endsWith("json")) return example === undefined ? html`` : pre(String(example));
    const value = example ?? exampleOf(schema, components.schemas);
    const isPlain = schema.$ref === undefined && schema.properties !== undefined;
    return html`${isPlain ? membersOf(schema) : ""}${pre(JSON.stringify(value, null, 2))}`;
  });
}

function pre(text: string): Html {
  return html`<pre tabindex="0"><code>${text}</code></pre>`;
}
