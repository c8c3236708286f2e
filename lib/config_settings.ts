/**
 * Settings from several layers, laid over one another and checked, with the place of each at hand.
 *
 * @module
 */

import type { z } from "zod";

import { defaultValues, type KeyName, KEYS, type Values } from "./config_keys.ts";
import type { Path } from "./config_yaml.ts";

/** Where a setting comes from; a later layer wins. */
export const LAYERS = ["file", "environment", "flag"] as const;

/** One of {@linkcode LAYERS}. */
export type Layer = typeof LAYERS[number];

/** Where something is said, for messages. */
export interface Place {
  readonly layer: Layer;
  /** `config.yml:12: server.port`, `DREC_SERVER_PORT` or `--server-port`. */
  readonly label: string;
  /** Orders the problems of a file. */
  readonly line: number;
}

/** A key that someone set. */
export interface Setting {
  readonly name: KeyName;
  /** As a file would hold it, unchecked. */
  readonly value: unknown;
  readonly layer: Layer;
  /**
   * @param path Into the value; empty for the whole.
   * @returns The place of that part.
   */
  placeOf(path: Path): Place;
}

/** What is wrong, and where. */
export interface Problem {
  readonly place: Place;
  /** What would be right; never a secret. */
  readonly text: string;
}

/** What reading a configuration turns up; readers append to it. */
export interface Findings {
  readonly problems: Problem[];
  /** What works, but perhaps not as meant. */
  readonly warnings: string[];
}

/** The winning setting of each key that someone set. */
export type Settings = ReadonlyMap<KeyName, Setting>;

/** Settings that passed their own checks. */
export interface CheckedSettings {
  readonly values: Values;
  /** Without those whose value is wrong. */
  readonly settings: Settings;
  /** Keys whose value is wrong: what depends on them cannot be judged. */
  readonly broken: ReadonlySet<KeyName>;
}

/**
 * Compares the layers of two settings.
 *
 * @param setting One.
 * @param other Another.
 * @returns True if the first is of the same layer as the second or of a higher one.
 */
export function isAtLeast(setting: Setting, other: Setting): boolean {
  return byLayer(setting, other) >= 0;
}

/**
 * Checks each setting by itself and lays the layers over one another.
 *
 * @param settings In any order. A wrong value is told also where a higher layer replaces it.
 * @param findings Receives what is wrong.
 * @returns For each key the value of the highest layer: flag, then environment, then file. A wrong
 *   one is replaced by the default.
 */
export function checkSettings(settings: readonly Setting[], findings: Findings): CheckedSettings {
  const values: Record<string, unknown> = { ...defaultValues() };
  const winners = new Map<KeyName, Setting>();
  const broken = new Set<KeyName>();
  for (const setting of settings.toSorted(byLayer)) {
    const { name } = setting;
    const result = KEYS[name].schema.safeParse(setting.value);
    if (result.success) {
      values[name] = result.data;
      winners.set(name, setting);
      broken.delete(name);
    } else {
      findings.problems.push(...problemsOf(setting, result.error.issues));
      winners.delete(name);
      broken.add(name);
    }
  }
  // Each value was made by the schema of its own key.
  return { values: values as Values, settings: winners, broken };
}

/**
 * Renders problems for a person, one a line, in the order of the file.
 *
 * @param problems What is wrong.
 * @returns Such as `config.yml:12: server.prot: unknown key; did you mean "server.port"?`.
 */
export function renderProblems(problems: readonly Problem[]): string {
  const sorted = problems.toSorted((a, b) =>
    byLayer(a.place, b.place) || a.place.line - b.place.line
  );
  return sorted.map(({ place, text }) => `${place.label}: ${text}`).join("\n");
}

function byLayer(a: { readonly layer: Layer }, b: { readonly layer: Layer }): number {
  return LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer);
}

function problemsOf(setting: Setting, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.flatMap(innermost).flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code === "unrecognized_keys") {
      const places = issue.keys.map((key) => setting.placeOf([...path, key]));
      return places.map((place) => ({ place, text: issue.message }));
    }
    const text = issue.message + remedyOf(setting, path);
    return [{ place: setting.placeOf(path), text }];
  });
}

/** Of the alternatives of a union, the one that got further tells more. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== "invalid_union") return [issue];
  const further = issue.errors.find((issues) => issues.some(({ path }) => path.length > 0));
  return further?.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

/** Says what was found instead, unless that is secret, and whether quotes are the trouble. */
function remedyOf({ name, value, layer }: Setting, path: Path): string {
  const { isSecret, schema } = KEYS[name];
  const found = path.reduce(partOf, value);
  if (found === undefined) return ", but it is missing";
  if (isSecret) return typeof found === "number" ? "; write it in quotes" : "";
  const shown = `, not ${show(found)}`;
  if (path.length > 0) return shown;
  if (typeof found === "number" && schema.safeParse(String(found)).success) {
    return `${shown}; write it in quotes`;
  }
  // A variable or a flag has no quotes: there only digits are a number.
  const isQuoted = layer === "file" && typeof found === "string" && found.trim() !== "" &&
    schema.safeParse(Number(found)).success;
  return isQuoted ? `${shown}; write it without quotes` : shown;
}

function partOf(value: unknown, part: string | number): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === String(part))?.[1];
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
