/**
 * Settings from several layers, laid over one another and checked, with the place of each at hand.
 *
 * @module
 */

import type { z } from "zod";
import { CONFIG_KEYS, defaultValues, type KeyName, KEYS, type Values } from "./config_keys.ts";
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
 * Lays settings over one another.
 *
 * @param settings In any order.
 * @returns For each key that of the highest layer: flag, then environment, then file.
 */
export function mergeSettings(settings: readonly Setting[]): Settings {
  const byLayer = settings.toSorted((a, b) => LAYERS.indexOf(a.layer) - LAYERS.indexOf(b.layer));
  return new Map(byLayer.map((setting) => [setting.name, setting]));
}

/**
 * Compares the layers of two settings.
 *
 * @param setting One.
 * @param other Another.
 * @returns True if the first is of the same layer as the second or of a higher one.
 */
export function isAtLeast(setting: Setting, other: Setting): boolean {
  return LAYERS.indexOf(setting.layer) >= LAYERS.indexOf(other.layer);
}

/**
 * Checks the value of each setting by itself.
 *
 * @param settings From {@linkcode mergeSettings}.
 * @param findings Receives what is wrong.
 * @returns All values; a wrong one is replaced by its default.
 */
export function checkSettings(settings: Settings, findings: Findings): CheckedSettings {
  const values: Record<string, unknown> = { ...defaultValues() };
  const broken = new Set<KeyName>();
  for (const name of CONFIG_KEYS) {
    const setting = settings.get(name);
    if (setting === undefined) continue;
    const result = KEYS[name].schema.safeParse(setting.value);
    if (result.success) {
      values[name] = result.data;
    } else {
      broken.add(name);
      findings.problems.push(...problemsOf(setting, result.error.issues));
    }
  }
  const sound = [...settings].filter(([name]) => !broken.has(name));
  // Each value was made by the schema of its own key.
  return { values: values as Values, settings: new Map(sound), broken };
}

/**
 * Renders problems for a person, one a line, in the order of the file.
 *
 * @param problems What is wrong.
 * @returns Such as `config.yml:12: server.prot: unknown key; did you mean "server.port"?`.
 */
export function renderProblems(problems: readonly Problem[]): string {
  const sorted = problems.toSorted((a, b) =>
    LAYERS.indexOf(a.place.layer) - LAYERS.indexOf(b.place.layer) || a.place.line - b.place.line
  );
  return sorted.map(({ place, text }) => `${place.label}: ${text}`).join("\n");
}

function problemsOf(setting: Setting, issues: readonly z.core.$ZodIssue[]): Problem[] {
  return issues.map(innermost).flatMap((issue) => {
    const path = issue.path.filter((part) => typeof part !== "symbol");
    if (issue.code === "unrecognized_keys") {
      const places = issue.keys.map((key) => setting.placeOf([...path, key]));
      return places.map((place) => ({ place, text: issue.message }));
    }
    const text = issue.message + remedyOf(setting, path);
    return [{ place: setting.placeOf(path), text }];
  });
}

/** Of the alternatives of a union, the one that got furthest tells most. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const deepest = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length)[0];
  return deepest === undefined || deepest.path.length === 0
    ? issue
    : { ...deepest, path: [...issue.path, ...deepest.path] };
}

/** Says what was found instead, unless that is secret, and whether quotes are the trouble. */
function remedyOf({ name, value }: Setting, path: Path): string {
  const { isSecret, schema } = KEYS[name];
  const found = path.reduce(partOf, value);
  if (isSecret) return typeof found === "number" ? "; write it in quotes" : "";
  const shown = `, not ${show(found)}`;
  if (path.length > 0) return shown;
  if (typeof found === "number" && schema.safeParse(String(found)).success) {
    return `${shown}; write it in quotes`;
  }
  const isQuoted = typeof found === "string" && found.trim() !== "" &&
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
  if (typeof value !== "string") return value === undefined ? "nothing" : String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
}
