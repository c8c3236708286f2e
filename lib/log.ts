/**
 * The log: one line a fact, to standard error, as text on a terminal and as JSON Lines otherwise.
 *
 * A message is constant; what varies are fields in snake_case. Lines are written at once, so that
 * nothing is left to flush at the end. Only the edges of the program log; layers throw.
 *
 * @module
 */

import { configureSync, getConsoleSink, getLogger, type LogRecord } from "@logtape/logtape";

import type { LogConfig } from "./config.ts";
import { AppError } from "./errors.ts";

/** What a line says beside its message; names in snake_case. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Writes lines of one part of the program. */
export interface Log {
  /** One line for each notification. */
  debug(message: string, fields?: LogFields): void;
  /** The life of the process. */
  info(message: string, fields?: LogFields): void;
  /** Input that could not be understood, or a setting that is rarely meant. */
  warning(message: string, fields?: LogFields): void;
  /** Someone must act. */
  error(message: string, fields?: LogFields): void;
}

/** Options of {@linkcode configureLog}. */
export interface ConfigureLogOptions {
  /** What `auto` means. Default: whether standard error is a terminal. */
  readonly isTerminal?: boolean;
  /** Receives each line without a newline. Default: the console, which writes to standard error. */
  readonly write?: (line: string) => void;
}

/** Of the console's methods only some write to standard error. */
const TO_STDERR = {
  trace: "error",
  debug: "error",
  info: "error",
  warning: "error",
  error: "error",
  fatal: "error",
} as const;

/** Keys of a JSON line that fields cannot take. */
const OWN_KEYS: ReadonlySet<string> = new Set(["time", "level", "logger", "message"]);

/** Fields that would hold a secret, should someone log one by mistake. */
const SECRET_FIELD = /(?:^|_)(?:authorization|cookie|password|secret|token)$/i;

/** Secrets inside of texts such as the messages of drivers: credentials of headers and of URLs. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/\b(Bearer|Basic) +[^\s"',;]+/gi, "$1 (redacted)"],
  [/(\/\/[^\s/:@"']*):[^\s/@"']+@/g, "$1:(redacted)@"],
];

/** Characters that a terminal may obey, beyond those that JSON escapes. */
const TERMINAL_CONTROLS = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/**
 * Sets up the log of the process; a second call replaces the first.
 *
 * @param config How to log.
 * @param options For tests.
 */
export function configureLog(config: LogConfig, options: ConfigureLogOptions = {}): void {
  const { isTerminal = Deno.stderr.isTerminal(), write } = options;
  const isText = config.format === "text" || (config.format === "auto" && isTerminal);
  const render = isText ? renderTextLine : renderJsonLine;
  const sink = write === undefined
    ? getConsoleSink({ formatter: render, levelMap: TO_STDERR })
    : (record: LogRecord) => write(render(record));
  configureSync({
    sinks: { stderr: sink },
    loggers: [
      { category: "drec", lowestLevel: config.level, sinks: ["stderr"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["stderr"] },
    ],
    reset: true,
  });
}

/**
 * Gives the log of one part of the program.
 *
 * @param name Such as `http` or `store`.
 * @returns A log that is silent until {@linkcode configureLog} is called.
 */
export function logger(name: string): Log {
  return getLogger(["drec", name]);
}

/**
 * Renders a record as an object on one line: `time`, `level`, `logger`, `message`, then the fields.
 *
 * @param record From LogTape.
 * @returns JSON without a newline.
 */
export function renderJsonLine(record: LogRecord): string {
  const { time, level, logger, message, fields } = partsOf(record);
  return JSON.stringify({ time, level, logger, message, ...Object.fromEntries(fields) });
}

/**
 * Renders a record for a person.
 *
 * @param record From LogTape.
 * @returns Such as `2026-12-01T10:00:00.000Z INFO    drec.http Listening port=8443`.
 */
export function renderTextLine(record: LogRecord): string {
  const { time, level, logger, message, fields } = partsOf(record);
  const pairs = fields.map(([name, value]) => ` ${name}=${showValue(value)}`);
  const line = `${time} ${level.toUpperCase().padEnd(7)} ${logger} ${message}${pairs.join("")}`;
  return line.replace(TERMINAL_CONTROLS, escape);
}

/** Says whether a fact may be logged now, and how often it was kept back since it last was. */
export type LogThrottle = (key: string) => { readonly suppressed: number } | undefined;

/**
 * Keeps a fact that repeats, such as a wrong token, from filling the log.
 *
 * @param intervalMs A fact with the same key is let through once in this time.
 * @param options The clock, in milliseconds, and how many keys to remember at most.
 * @returns A function that answers `undefined` where a line is to be left out.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { createLogThrottle } from "./log.ts";
 *
 * const mayLog = createLogThrottle(10_000, { now: () => 0 });
 * assert.deepEqual(mayLog("192.0.2.1"), { suppressed: 0 });
 * assert.equal(mayLog("192.0.2.1"), undefined);
 * ```
 */
export function createLogThrottle(
  intervalMs: number,
  { now = Date.now, maxKeys = 1000 }: { now?: () => number; maxKeys?: number } = {},
): LogThrottle {
  const seen = new Map<string, { at: number; suppressed: number }>();
  return function mayLog(key: string): { readonly suppressed: number } | undefined {
    const last = seen.get(key);
    if (last !== undefined && now() - last.at < intervalMs) {
      last.suppressed++;
      return undefined;
    }
    seen.delete(key);
    const [oldest] = seen.keys();
    if (seen.size >= maxKeys && oldest !== undefined) seen.delete(oldest);
    seen.set(key, { at: now(), suppressed: 0 });
    return { suppressed: last?.suppressed ?? 0 };
  };
}

interface Parts {
  readonly time: string;
  readonly level: string;
  readonly logger: string;
  readonly message: string;
  readonly fields: readonly [string, unknown][];
}

function partsOf({ timestamp, level, category, rawMessage, properties }: LogRecord): Parts {
  return {
    time: new Date(timestamp).toISOString(),
    level,
    logger: category.join("."),
    message: redact(typeof rawMessage === "string" ? rawMessage : rawMessage.join("")),
    fields: Object.entries(properties).flatMap(([name, value]) => fieldsOf(name, value)),
  };
}

/** An error is its message; one that nobody foresaw also shows where it comes from. */
function fieldsOf(name: string, value: unknown): [string, unknown][] {
  if (value === undefined) return [];
  const field = OWN_KEYS.has(name) ? `${name}_` : name;
  if (SECRET_FIELD.test(name)) return [[field, "(redacted)"]];
  if (!(value instanceof Error)) return [[field, plain(value)]];
  const message: [string, unknown] = [field, redact(value.message)];
  // Where in the program the disk was full tells nobody anything.
  const isOfSystem = "code" in value && /^E[A-Z0-9]+$/.test(String(value.code));
  const isForeseen = value instanceof AppError || isOfSystem || value.stack === undefined;
  return isForeseen ? [message] : [message, [`${field}_stack`, redact(value.stack ?? "")]];
}

/** What JSON can hold: no bigint, no cycle, no secret. */
function plain(value: unknown): unknown {
  if (typeof value === "string") return redact(value);
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  try {
    const text = JSON.stringify(
      value,
      (name, inner) =>
        SECRET_FIELD.test(name) ? "(redacted)" : typeof inner === "bigint" ? String(inner) : inner,
    );
    return JSON.parse(redact(text));
  } catch {
    return "(not shown)";
  }
}

function redact(text: string): string {
  return SECRET_TEXTS.reduce((result, [pattern, shown]) => result.replace(pattern, shown), text);
}

/** Quotes what would not be one plain word. */
function showValue(value: unknown): string {
  if (typeof value === "string" && /^[^\s"=\\\p{Cc}]+$/u.test(value)) return value;
  return JSON.stringify(value) ?? String(value);
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
