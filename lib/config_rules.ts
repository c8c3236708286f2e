/**
 * What several keys say together: combinations that cannot be, defaults that follow from another
 * key, and warnings about what is possible but rarely meant.
 *
 * @module
 */

import { isLoopbackAddress, renderDuration, renderSize } from "./config_formats.ts";
import type { KeyName, Values } from "./config_keys.ts";
import { type CheckedSettings, type Findings, isAtLeast, type Setting } from "./config_settings.ts";

/** The files that HTTPS is served with. */
export interface SslConfig {
  /** PEM file: the certificate, perhaps with its chain. */
  readonly cert: string;
  /** PEM file of the private key. */
  readonly certKey: string;
  /** More names for the generated certificate. */
  readonly names: readonly string[];
}

/** A registry's event has been seen to reach 25 MB. */
const LEAST_SAFE_BODY = 32 * 2 ** 20;

/**
 * Decides between HTTPS and plain HTTP.
 *
 * @param checked The settings.
 * @param options Where problems go.
 * @returns The files, or `off`; where both are said, the higher layer decides.
 */
export function resolveSsl(
  checked: CheckedSettings,
  { findings }: { findings: Findings },
): "off" | SslConfig {
  const { values, settings, broken } = checked;
  const off = settings.get("server.ssl");
  const cert = settings.get("server.ssl.cert");
  const certKey = settings.get("server.ssl.cert_key");
  const file = [cert, certKey].find((setting) => setting && off && isAtLeast(setting, off));
  if (off !== undefined && file === undefined) return "off";
  if (off !== undefined && file?.layer === off.layer) {
    add(off, `off and ${file.placeOf([]).label} exclude each other; keep one of the two`, findings);
  } else if (!broken.has("server.ssl.cert") && !broken.has("server.ssl.cert_key")) {
    if (certKey === undefined) add(cert, "needs server.ssl.cert_key beside it", findings);
    if (cert === undefined) add(certKey, "needs server.ssl.cert beside it", findings);
  }
  return {
    cert: values["server.ssl.cert"],
    certKey: values["server.ssl.cert_key"],
    names: values["server.ssl.names"],
  };
}

/**
 * Decides how long the event log is kept: no longer than the ids that are a part of it.
 *
 * @param checked The settings.
 * @param options Where problems go.
 * @returns Milliseconds.
 */
export function resolveEventRetention(
  { values, settings, broken }: CheckedSettings,
  { findings }: { findings: Findings },
): number {
  const [events, ids] = [values["retention.events"], values["retention.ids"]];
  const setting = settings.get("retention.events");
  if (setting !== undefined && events > ids && !broken.has("retention.ids")) {
    const text = `expected at most retention.ids (${renderDuration(ids)}), not `;
    add(setting, text + renderDuration(events), findings);
  }
  return Math.min(events, ids);
}

/**
 * Decides how many bytes of bodies may be in memory: at least one whole body.
 *
 * @param checked The settings.
 * @param options Where problems go.
 * @returns Bytes.
 */
export function resolveBodiesInFlight(
  { values, settings, broken }: CheckedSettings,
  { findings }: { findings: Findings },
): number {
  const [body, inFlight] = [values["limits.body"], values["limits.bodies_in_flight"]];
  const setting = settings.get("limits.bodies_in_flight");
  if (setting !== undefined && inFlight < body && !broken.has("limits.body")) {
    const text = `expected at least limits.body (${renderSize(body)}), not `;
    add(setting, text + renderSize(inFlight), findings);
  }
  return Math.max(inFlight, body);
}

/**
 * Checks that consumers can be told apart, and that each looks at something.
 *
 * @param checked The settings.
 * @param options Where problems go.
 */
export function checkConsumers(
  { values, settings }: CheckedSettings,
  { findings }: { findings: Findings },
): void {
  const rules = values.consumers;
  for (const [index, rule] of rules.entries()) {
    const first = rules.findIndex(({ name }) => name === rule.name);
    const setting = settings.get("consumers");
    if (first < index) {
      const text = `"${rule.name}" is the name of another consumer; put both rules into one`;
      add(setting, text, findings, [index, "name"]);
    }
    if (rule.addresses.length + rule.actors.length + rule.useragents.length === 0) {
      add(setting, "expected addresses, actors or useragents to tell it by", findings, [index]);
    }
  }
}

/**
 * Warns about what is possible, but rarely meant.
 *
 * @param checked The settings.
 * @param state What was decided.
 * @returns Sentences without a full stop, each naming its key.
 */
export function warningsOf(
  { values, settings }: CheckedSettings,
  { isPlain, hasMongo }: { isPlain: boolean; hasMongo: boolean },
): string[] {
  const doubts: [boolean, string][] = [
    [
      isPlain && !isLoopbackAddress(values["server.address"]) && !isProxied(values),
      `server.ssl is off on ${values["server.address"]}: tokens and events cross the network ` +
      "in plain text; put a proxy with TLS in front and name it in server.trusted_proxies",
    ],
    [
      values["limits.body"] < LEAST_SAFE_BODY,
      `limits.body is ${renderSize(values["limits.body"])}: one event of a registry can have ` +
      "25 MB, and what is larger than the limit is not counted; 32MiB is safe",
    ],
    [
      hasMongo && settings.has("sqlite.path"),
      "sqlite.path has no effect: dial_info is configured, so that MongoDB is the store",
    ],
    [
      values["stars.user_header"] !== undefined && !isProxied(values),
      "stars.user_header has no effect without server.trusted_proxies",
    ],
  ];
  return doubts.filter(([isDoubtful]) => isDoubtful).map(([, text]) => text);
}

function isProxied(values: Pick<Values, Extract<KeyName, "server.trusted_proxies">>): boolean {
  return values["server.trusted_proxies"].length > 0;
}

function add(
  setting: Setting | undefined,
  text: string,
  findings: Findings,
  path: readonly (string | number)[] = [],
): void {
  if (setting !== undefined) findings.problems.push({ place: setting.placeOf(path), text });
}
