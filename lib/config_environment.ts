/**
 * Settings from environment variables and flags.
 *
 * The name of a variable follows from that of its key: `server.ssl.cert` is `DREC_SERVER_SSL_CERT`.
 *
 * @module
 */

import { isWholeNumber } from "./config_formats.ts";
import { CONFIG_KEYS, isKeyName, type KeyName, KEYS } from "./config_keys.ts";
import { readSecret, type ReadText } from "./config_secrets.ts";
import type { Findings, Place, Setting } from "./config_settings.ts";
import { suggestKey } from "./config_suggestions.ts";
import { parseYaml, YamlError } from "./config_yaml.ts";

/** Variables, by their names. */
export type Environment = Readonly<Record<string, string>>;

/** What a variable sets, and whether it names a file that holds the value. */
interface Variable {
  readonly key: KeyName;
  readonly isFile: boolean;
}

/** Names the file to read instead of `config.yml`. */
export const CONFIG_VARIABLE = "DREC_CONFIG";

/** Variables that begin like ours and are no keys of the configuration. */
const OTHER_VARIABLES: readonly string[] = [CONFIG_VARIABLE, "DREC_REQUIRE"];

/** All variables that are read, with their keys. */
const VARIABLES: ReadonlyMap<string, Variable> = new Map([
  ...CONFIG_KEYS.flatMap(variablesOf),
  ["MONGODB_URI", { key: "dial_info.uri", isFile: false }],
  ["MONGODB_URI_FILE", { key: "dial_info.uri", isFile: true }],
]);

/** The names of all variables that are read: what `--allow-env` has to cover. */
export const CONFIG_VARIABLES: readonly string[] = [...VARIABLES.keys(), CONFIG_VARIABLE];

/**
 * Names the environment variable of a key.
 *
 * @param key With dots.
 * @returns Such as `DREC_SERVER_PORT`.
 */
export function variableOf(key: KeyName): string {
  return `DREC_${key.replaceAll(".", "_").toUpperCase()}`;
}

/**
 * Names the flag of a key.
 *
 * @param key With dots.
 * @returns Such as `--server-port`.
 */
export function flagOf(key: KeyName): string {
  return `--${key.replaceAll(/[._]/g, "-")}`;
}

/**
 * Collects what the environment says to DREC, with no more permission than there is.
 *
 * Where Deno lists the environment (`--allow-env`, or `--ignore-env` beside a narrower
 * `--allow-env=DREC_*,MONGODB_URI,MONGODB_URI_FILE`), misspelt `DREC_…` variables are among the
 * result. With the narrower permission alone it lists nothing, and each known name is asked for.
 *
 * @returns The variables that are set.
 */
export function readEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(listVariables()).filter(([name]) => isOurs(name)));
}

/**
 * Reads the settings of the environment.
 *
 * @param environment All variables, or those of {@linkcode readEnvironment}.
 * @param readText Reads the files that `…_FILE` variables name.
 * @param options Where problems go.
 * @returns The settings; an empty variable sets nothing.
 */
export function environmentSettings(
  environment: Environment,
  readText: ReadText,
  { findings }: { findings: Findings },
): Setting[] {
  const settings = new Map<KeyName, Setting>();
  for (const [name, text] of Object.entries(environment)) {
    if (text.trim() === "" || !isOurs(name) || isForeign(name, text)) continue;
    const place: Place = { layer: "environment", label: name, line: 0 };
    const setting = settingOf(name, text.trim(), { place, readText, findings });
    if (setting === undefined) continue;
    const other = settings.get(setting.name)?.placeOf([]).label;
    if (other === undefined) settings.set(setting.name, setting);
    else findings.problems.push({ place, text: `says the same as ${other}; set one of the two` });
  }
  return [...settings.values()];
}

/**
 * Reads the settings of flags.
 *
 * @param flags Texts by the names of keys.
 * @param options Where problems go.
 * @returns The settings; an empty text sets nothing.
 */
export function flagSettings(
  flags: Readonly<Record<string, string>>,
  { findings }: { findings: Findings },
): Setting[] {
  return Object.entries(flags).flatMap(([name, text]) => {
    if (text === "") return [];
    if (!isKeyName(name)) throw new TypeError(`No key of the configuration is named "${name}"`);
    const place: Place = { layer: "flag", label: flagOf(name), line: 0 };
    return textSetting(name, text, { place, findings }) ?? [];
  });
}

interface Context {
  readonly place: Place;
  readonly findings: Findings;
}

function variablesOf(key: KeyName): [string, Variable][] {
  const name = variableOf(key);
  const plain: [string, Variable] = [name, { key, isFile: false }];
  return KEYS[key].isSecret ? [plain, [`${name}_FILE`, { key, isFile: true }]] : [plain];
}

function isOurs(name: string): boolean {
  return name.startsWith("DREC_") || VARIABLES.has(name);
}

/** Kubernetes describes a Service called `drec` to all pods by `DREC_SERVICE_HOST` and others. */
function isForeign(name: string, text: string): boolean {
  return OTHER_VARIABLES.includes(name) || name.startsWith("DREC_TEST_") ||
    /^(?:tcp|udp|sctp):\/\//.test(text) ||
    /_SERVICE_(?:HOST|PORT)(?:_[A-Z0-9_]+)?$/.test(name) ||
    /_PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?$/.test(name);
}

function listVariables(): Record<string, string> {
  // Where the state is "prompt", asking for all would ask a person.
  if (Deno.permissions.querySync({ name: "env" }).state === "prompt") return readKnownVariables();
  try {
    return Deno.env.toObject();
  } catch {
    return readKnownVariables();
  }
}

function readKnownVariables(): Record<string, string> {
  const isReadable = (variable: string): boolean =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted";
  return Object.fromEntries(
    CONFIG_VARIABLES.filter(isReadable).flatMap((name) => {
      const text = Deno.env.get(name);
      return text === undefined ? [] : [[name, text]];
    }),
  );
}

function settingOf(
  name: string,
  text: string,
  context: Context & { readText: ReadText },
): Setting | undefined {
  const variable = VARIABLES.get(name);
  const { place, findings, readText } = context;
  if (variable === undefined) {
    findings.problems.push({ place, text: describeUnknown(name) });
    return undefined;
  }
  if (!variable.isFile) return textSetting(variable.key, text, context);
  const content = readSecret(text, readText, context);
  if (content === undefined) return undefined;
  const value = KEYS[variable.key].form === "tokens" ? tokenList(content.split("\n")) : content;
  return plainSetting(variable.key, value, place);
}

function describeUnknown(name: string): string {
  const words = name.slice("DREC_".length).toLowerCase();
  const suggestion = suggestKey(words.replace(/_file$/, "")) ?? suggestKey(words);
  if (suggestion === undefined || !isKeyName(suggestion)) {
    return "unknown variable; take DREC_ and the name of a key, such as DREC_SERVER_PORT";
  }
  return `unknown variable; did you mean "${variableOf(suggestion)}"?`;
}

function textSetting(key: KeyName, text: string, context: Context): Setting | undefined {
  try {
    return plainSetting(key, valueOf(key, text), context.place);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    context.findings.problems.push({ place: context.place, text: error.message });
    return undefined;
  }
}

function plainSetting(name: KeyName, value: unknown, place: Place): Setting {
  const placeOf = (path: readonly (string | number)[]) => {
    const inner = path.map((part) => typeof part === "number" ? `[${part}]` : `.${part}`).join("");
    return { ...place, label: `${place.label}${inner}` };
  };
  return { name, value, layer: place.layer, placeOf };
}

/** What a file would hold for this text; what does not fit is left for the checks to name. */
function valueOf(key: KeyName, text: string): unknown {
  switch (KEYS[key].form) {
    case "number":
      return isWholeNumber(text) ? Number(text) : text;
    case "boolean":
      return text === "true" || (text === "false" ? false : text);
    case "list":
      return splitList(text);
    case "yaml":
      return parseYaml(text).value;
    case "tokens":
      if (text === "none") return text;
      return text.startsWith("[") ? parseYaml(text).value : tokenList(text.split(","));
    default:
      return text;
  }
}

function splitList(text: string): string[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

function tokenList(parts: readonly string[]): { token: string }[] {
  return parts.map((part) => part.trim()).filter((part) => part !== "")
    .map((token) => ({ token }));
}
