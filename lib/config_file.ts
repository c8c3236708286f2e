/**
 * Settings from a configuration file.
 *
 * @module
 */

import { CONFIG_KEYS, CONFIG_SECTIONS, isKeyName } from "./config_keys.ts";
import type { Findings, Place, Setting } from "./config_settings.ts";
import { suggestKey } from "./config_suggestions.ts";
import { parseYaml, type Path, YamlError } from "./config_yaml.ts";

/**
 * Reads the settings of a file.
 *
 * @param text YAML.
 * @param fileName For messages.
 * @param options Where problems go.
 * @returns The settings; an empty text, an empty mapping and `null` set nothing.
 */
export function fileSettings(
  text: string,
  fileName: string,
  { findings }: { findings: Findings },
): Setting[] {
  try {
    const { value, duplicates, lineOf } = parseYaml(text);
    const placeOf = placer(fileName, lineOf);
    findings.problems.push(...duplicates.map(({ path, line, firstLine }) => ({
      place: { ...placeOf(path), line },
      text: `the key stands here twice, first in line ${firstLine}; keep one of them`,
    })));
    return settingsOf(value, [], { placeOf, findings });
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    const place: Place = { layer: "file", label: `${fileName}:${error.line}`, line: error.line };
    findings.problems.push({ place, text: error.message });
    return [];
  }
}

interface Context {
  readonly placeOf: (path: Path) => Place;
  readonly findings: Findings;
}

function placer(fileName: string, lineOf: (path: Path) => number): (path: Path) => Place {
  return (path) => {
    const line = lineOf(path);
    const at = `${fileName}:${line}`;
    return { layer: "file", label: path.length === 0 ? at : `${at}: ${render(path)}`, line };
  };
}

/** `consumers[0].name` */
function render(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

function settingsOf(value: unknown, path: Path, context: Context): Setting[] {
  const name = render(path);
  const isSection = path.length === 0 || (CONFIG_SECTIONS.has(name) && !hasDots(path));
  if (isSection && isMapping(value)) {
    return Object.entries(value).flatMap(([key, inner]) =>
      settingsOf(inner, [...path, key], context)
    );
  }
  const isKey = isKeyName(name) && !hasDots(path);
  if (isKey && !isUnset(value)) {
    const placeOf = (inner: Path) => context.placeOf([...path, ...inner]);
    return [{ name, value: withoutUnset(value), layer: "file", placeOf }];
  }
  if ((isKey || isSection) && isUnset(value)) return [];
  const text = isSection ? expectSection(name) : describeUnknown(name, path);
  context.findings.problems.push({ place: context.placeOf(path), text });
  return [];
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}

/** Empty keys of list entries are unset, too; empty entries are left for the checks to name. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => !isUnset(inner)));
}

/** `server.port: 1` in one line is no nesting in YAML. */
function hasDots(path: Path): boolean {
  return path.some((part) => String(part).includes("."));
}

function expectSection(name: string): string {
  return `expected ${name === "" ? "keys" : "keys below it"}: ${keysIn(name).join(", ")}`;
}

function describeUnknown(name: string, path: Path): string {
  if (hasDots(path) && isKeyName(name)) {
    const [outer = "", ...inner] = name.split(".");
    return `unknown key; write "${outer}:" and indented below it "${inner.join(": ")}:"`;
  }
  const suggestion = suggestKey(name);
  if (suggestion !== undefined) return `unknown key; did you mean "${suggestion}"?`;
  const section = render(path.slice(0, -1));
  return `unknown key; ${section || "the top level"} has ${keysIn(section).join(", ")}`;
}

/** The names that may stand directly in a section. */
function keysIn(section: string): string[] {
  const prefix = section === "" ? "" : `${section}.`;
  const inside = CONFIG_KEYS.filter((name) => name.startsWith(prefix));
  return [...new Set(inside.map((name) => name.slice(prefix.length).split(".")[0] ?? ""))];
}
