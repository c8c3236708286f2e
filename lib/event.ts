/**
 * The wire: what registries POST, read leniently into {@linkcode RegistryEvent}.
 *
 * Accepted are the envelopes of Distribution 2.0 to 3.x and its forks, a bare Azure Container
 * Registry event, and an Event Grid array. Unknown keys, actions and media types pass. What cannot
 * be read is named, one event at a time, and never stops its neighbours: to refuse a body would
 * make the registry send it again for ever.
 *
 * @module
 */

import { idOf, rejectedBody } from "./event_id.ts";
import { parseTarget } from "./event_target.ts";
import type { EnvelopeEntry, RegistryEvent } from "./event_types.ts";
import {
  cut,
  isObject,
  type Json,
  looseText,
  Rejection,
  text,
  withoutAbsent,
} from "./event_values.ts";
import { parseJson } from "./json.ts";

export { isChildType, isIndexType, isManifestType } from "./event_media_types.ts";
export type {
  EnvelopeEntry,
  Reference,
  RegistryEvent,
  RejectedEvent,
  TargetKind,
} from "./event_types.ts";

/** Registries send one event in a body. Without a bound, a few MiB of `{}` would take minutes. */
const MAX_EVENTS = 100_000;
/** Before the format existed; a registry without a clock says 1970. */
const EARLIEST_US = Date.UTC(2015, 0, 1) * 1000;
const DAY_US = 86_400_000_000;

/**
 * Reads a request body.
 *
 * @param body The bytes as they came; not UTF-8 is replaced, not refused.
 * @param receivedAt Milliseconds since 1970, the arrival.
 * @returns The entries in order; empty for an empty envelope (`{}`, `{"events":[]}`).
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseEnvelope } from "./event.ts";
 *
 * const body = new TextEncoder().encode('{"events":[{"action":"pull"}]}');
 * const [entry] = parseEnvelope(body, Date.UTC(2026, 0, 1));
 * assert.ok(entry && "rejected" in entry);
 * assert.match(entry.rejected.reason, /"target"/);
 * ```
 */
export function parseEnvelope(body: Uint8Array, receivedAt: number): EnvelopeEntry[] {
  let root: unknown;
  try {
    root = parseJson(body);
  } catch (error) {
    return [rejectedBody(body, `not JSON: ${(error as Error).message}`)];
  }
  const entries = entriesOf(root);
  if (entries === undefined) {
    return [rejectedBody(body, 'neither an envelope {"events": […]} nor an event')];
  }
  if (entries.length > MAX_EVENTS) {
    return [rejectedBody(body, `more than ${MAX_EVENTS} events: ${entries.length}`)];
  }
  return entries.map((entry) => parseEntry(entry, receivedAt));
}

/** The entries of any accepted root; `undefined` where the root is none of them. */
function entriesOf(root: unknown): unknown[] | undefined {
  if (Array.isArray(root)) return root.map((member) => unwrapGridEvent(member));
  if (!isObject(root)) return undefined;
  if (Array.isArray(root.events)) return root.events;
  if (isObject(root.data) && "action" in root.data) return [unwrapGridEvent(root)];
  if ("action" in root && "target" in root) return [root];
  const empty = Object.keys(root).length === 0 || ("events" in root && root.events === null);
  return empty ? [] : undefined;
}

/** Event Grid wraps the registry's event in `data`; the outer id stands in for a missing one. */
function unwrapGridEvent(member: unknown): unknown {
  if (!isObject(member) || !isObject(member.data) || !("action" in member.data)) return member;
  const { id } = member.data;
  const isMissing = id === undefined || id === null || id === "";
  return isMissing ? { ...member.data, id: member.id } : member.data;
}

function parseEntry(entry: unknown, receivedAt: number): EnvelopeEntry {
  try {
    if (!isObject(entry)) throw new Rejection("an event must be an object");
    return { event: parseEvent(entry, receivedAt) };
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return { rejected: { id: idOf(entry), reason: error.message } };
  }
}

function parseEvent(entry: Json, receivedAt: number): RegistryEvent {
  const action = text(entry, "action");
  if (action === undefined) throw new Rejection('"action" is missing');
  if (!isObject(entry.target)) throw new Rejection('"target" is not an object');
  if (entry.id !== undefined && entry.id !== null && typeof entry.id !== "string") {
    throw new Rejection('"id" is not text');
  }
  const target = parseTarget(entry.target, action);
  const request = isObject(entry.request) ? entry.request : {};
  const receivedUs = receivedAt * 1000;
  const claimed = typeof entry.timestamp === "string" ? parseTimestamp(entry.timestamp) : undefined;
  const clockSkewed = claimed === undefined || claimed < EARLIEST_US ||
    claimed > receivedUs + DAY_US;
  return withoutAbsent({
    id: idOf(entry),
    at: clockSkewed ? receivedUs : claimed,
    clockSkewed,
    action: cut(action),
    ...target,
    method: looseText(text(request, "method", "request.method")),
    requestId: looseText(request.id),
    address: typeof request.addr === "string" ? addressOf(request.addr) : undefined,
    userAgent: looseText(request.useragent),
    actor: isObject(entry.actor) ? looseText(entry.actor.name) : undefined,
    instance: isObject(entry.source) ? looseText(entry.source.instanceID) : undefined,
  });
}

/**
 * Reads an RFC 3339 time with any number of fraction digits and any offset.
 *
 * @param value For example `2026-11-23T08:36:27.801470094-08:00`.
 * @returns Microseconds since 1970, cut, or `undefined` where it is no such time.
 */
export function parseTimestamp(value: string): number | undefined {
  const match =
    /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
      .exec(value);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  const midnight = Date.UTC(part(1), part(2) - 1, part(3));
  // A day or a month that is not there rolls over into another month.
  const isRealDay = new Date(midnight).getUTCMonth() === part(2) - 1;
  const isRealTime = part(4) <= 23 && part(5) <= 59 && part(6) <= 60;
  const isRealOffset = part(9) <= 23 && part(10) <= 59;
  if (!isRealDay || !isRealTime || !isRealOffset) return undefined;
  const seconds = part(4) * 3600 + part(5) * 60 + part(6);
  const offset = (match[8] === "-" ? -60 : 60) * (part(9) * 60 + part(10));
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  return midnight * 1000 + (seconds - offset) * 1_000_000 + micros;
}

/** `1.2.3.4:5`, `[::1]:5`, and the bare addresses that come out of `X-Forwarded-For`. */
function addressOf(value: string): string | undefined {
  const bracketed = /^\[([^\]]*)\]/.exec(value)?.[1];
  if (bracketed !== undefined) return looseText(bracketed);
  const colons = value.split(":").length - 1;
  return looseText(colons === 1 ? value.slice(0, value.indexOf(":")) : value);
}
