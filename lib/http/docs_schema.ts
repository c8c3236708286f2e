/**
 * Schemas on the page: their types in words, and their members as a table.
 *
 * @module
 */

import { inline } from "./docs_text.ts";
import { type Html, html } from "./html.ts";
import type { Schema } from "./openapi/types.ts";

const COMPONENT = "#/components/schemas/";

/**
 * Names the anchor of a schema.
 *
 * @param name Of the component.
 * @returns The id of its heading.
 */
export function anchorOfSchema(name: string): string {
  return `schema-${name}`;
}

/**
 * Says what a schema allows, in a few words.
 *
 * @param schema The schema.
 * @returns For example `array of Tag`, with a link.
 */
export function typeOf(schema: Schema): Html {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(COMPONENT.length);
    return html`<a href="#${anchorOfSchema(name)}">${name}</a>`;
  }
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined && schema.type === undefined) {
    return html`${choices.map((choice, index) => [index === 0 ? "" : " or ", typeOf(choice)])}`;
  }
  if ("const" in schema) return html`<code>${JSON.stringify(schema.const)}</code>`;
  const types = [schema.type ?? "any"].flat().join(" or ");
  const format = schema.format === undefined ? "" : `, ${schema.format}`;
  if (schema.items !== undefined) return html`${types} of ${typeOf(schema.items)}`;
  const { additionalProperties: others } = schema;
  if (typeof others === "object") return html`${types} with values of ${typeOf(others)}`;
  return html`${types}${format}`;
}

/**
 * Says within which bounds a value must be.
 *
 * @param schema The schema.
 * @returns Sentences; none where there is no bound.
 */
export function boundsOf(schema: Schema): Html[] {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, pattern, default: fallback } =
    schema;
  const enums = schema.enum ?? schema.anyOf?.flatMap((of) => of.enum ?? []) ?? [];
  const codes = enums.map((value, index) => [index === 0 ? "" : ", ", code(value)]);
  return [
    enums.length === 0 ? html`` : html`<p>One of ${codes}.</p>`,
    range("", minimum, maximum),
    range(" characters", minLength, maxLength),
    range(" items", minItems, maxItems),
    pattern === undefined ? html`` : html`<p>Matches <code>${pattern}</code>.</p>`,
    fallback === undefined ? html`` : html`<p>Default: ${code(fallback)}.</p>`,
  ];
}

/**
 * Renders the members of an object as a table, those of objects within it, too.
 *
 * @param schema The object.
 * @returns The table, or what else the schema is.
 */
export function membersOf(schema: Schema): Html {
  const rows = rowsOf(schema, "");
  if (rows.length === 0) return html`<p>${typeOf(schema)}</p>`;
  return html`
    <table>
      <thead>
        <tr>
          <th scope="col">Member</th>
          <th scope="col">Type</th>
          <th scope="col">Meaning</th>
        </tr>
      </thead>
      <tbody>${rows}</tbody>
    </table>
  `;
}

function rowsOf(schema: Schema, prefix: string): Html[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, member]) => {
    const path = `${prefix}${name}`;
    const optional = required.includes(name) ? "" : html`
      <span class="quiet">may be missing</span>
    `;
    const row = html`
      <tr>
        <th scope="row"><code>${path}</code>${optional}</th>
        <td>${typeOf(member)}</td>
        <td><p>${inline(member.description ?? "")}</p>${boundsOf(member)}</td>
      </tr>
    `;
    const inner = member.items === undefined
      ? rowsOf(member, `${path}.`)
      : rowsOf(member.items, `${path}[].`);
    return [row, ...inner];
  });
}

function range(unit: string, least: number | undefined, most: number | undefined): Html {
  if (most === undefined) {
    return least === undefined || least === 0 ? html`` : html`<p>At least ${least}${unit}.</p>`;
  }
  return html`<p>${least === undefined ? "At most " : `${least} to `}${most}${unit}.</p>`;
}

function code(value: unknown): Html {
  return html`<code>${String(value)}</code>`;
}
