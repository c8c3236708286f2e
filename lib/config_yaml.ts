/**
 * YAML with line numbers: what a configuration file says, and where it says it.
 *
 * @module
 */

import {
  constructFromEvents,
  type Event,
  EVENT_ID,
  getScalarValue,
  parseEvents,
  YAMLException,
} from "js-yaml";

/** Keys and indexes that lead from the root of a document to a value. */
export type Path = readonly (string | number)[];

/** A key that a mapping has twice. */
export interface DuplicateKey {
  readonly path: Path;
  /** Of the second one, counted from 1. */
  readonly line: number;
  readonly firstLine: number;
}

/** A document, read. */
export interface YamlDocument {
  /** `undefined` if there is nothing but comments. */
  readonly value: unknown;
  readonly duplicates: readonly DuplicateKey[];
  /**
   * @param path Of a key or an item.
   * @returns Its line, counted from 1; where it has none of its own, that of what it is part of.
   */
  lineOf(path: Path): number;
}

/** Text that is no YAML. Its message never quotes the text, which may hold a token. */
export class YamlError extends Error {
  override readonly name = "YamlError";
  /** Counted from 1. */
  readonly line: number;

  /**
   * @param message What is wrong.
   * @param line Where it was noticed, counted from 1.
   */
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

/**
 * Reads one YAML document.
 *
 * @param text YAML 1.2; anchors are allowed, merge keys are not.
 * @returns The value with the lines of its keys.
 * @throws {YamlError} If the text is no YAML or has several documents.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseYaml } from "./config_yaml.ts";
 *
 * const document = parseYaml("server:\n  port: 1\n");
 * assert.equal(document.lineOf(["server", "port"]), 2);
 * ```
 */
export function parseYaml(text: string): YamlDocument {
  try {
    const events = parseEvents(text, {});
    // Duplicates are collected below instead of ending the reading at the first.
    const documents = constructFromEvents(events, { source: text, json: true });
    if (documents.length > 1) throw new YamlError("expected one YAML document, not several", 1);
    return { value: documents[0], ...locate(events, text) };
  } catch (error) {
    throw error instanceof YAMLException ? withoutSource(error) : error;
  }
}

function withoutSource(error: YAMLException): YamlError {
  const [reason = "", quoted] = error.reason.split(/ !<| "|: /);
  const hint = quoted === undefined ? "" : "; text that begins with *, & or ! needs quotes";
  return new YamlError(`cannot read YAML: ${reason}${hint}`, (error.mark?.line ?? 0) + 1);
}

/** Walks the parser's events beside the values and notes the line of each key and item. */
function locate(
  events: readonly Event[],
  text: string,
): Pick<YamlDocument, "duplicates" | "lineOf"> {
  const lines = new Map<string, number>();
  const duplicates: DuplicateKey[] = [];
  const rest = events.filter(({ type }) => type !== EVENT_ID.DOCUMENT).values();
  const lineAt = (offset: number): number => text.slice(0, Math.max(offset, 0)).split("\n").length;

  function visit(event: Event, path: Path): void {
    if (event.type === EVENT_ID.SEQUENCE) visitItems(path);
    if (event.type === EVENT_ID.MAPPING) visitPairs(path);
  }

  function visitItems(path: Path): void {
    let index = 0;
    for (let item = next(); item.type !== EVENT_ID.POP; item = next()) {
      note([...path, index], item);
      visit(item, [...path, index++]);
    }
  }

  function visitPairs(path: Path): void {
    for (let key = next(); key.type !== EVENT_ID.POP; key = next()) {
      const name = key.type === EVENT_ID.SCALAR ? getScalarValue(text, key) : "";
      visit(key, []);
      note([...path, name], key);
      visit(next(), [...path, name]);
    }
  }

  function note(path: Path, event: Event): void {
    const line = lineAt(startOf(event));
    const firstLine = lines.get(JSON.stringify(path));
    if (firstLine !== undefined) duplicates.push({ path, line, firstLine });
    lines.set(JSON.stringify(path), line);
  }

  function next(): Event {
    return rest.next().value ?? { type: EVENT_ID.POP };
  }

  visit(next(), []);
  return { duplicates, lineOf };

  function lineOf(path: Path): number {
    const line = lines.get(JSON.stringify(path));
    return line ?? (path.length === 0 ? 1 : lineOf(path.slice(0, -1)));
  }
}

function startOf(event: Event): number {
  switch (event.type) {
    case EVENT_ID.SCALAR:
      return event.valueStart;
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart;
    default:
      return 0;
  }
}
