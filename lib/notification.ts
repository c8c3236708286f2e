/**
 * A request body on its way into the store: its entries, and what is kept of them should they have to
 * be quarantined.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

import type { Envelope, Notification, Received } from "./batch.ts";
import { parseEnvelope } from "./event.ts";
import { whyNotUnderstood } from "./mapping.ts";
import type { EventFault } from "./store/store.ts";

/** As registries write them: a key that each event has, and what a `target.url` has within. */
const ACTION = '"action"';
const MANIFEST_URL = "/manifests/";
const BLOB_URL = "/blobs/";
/** What the quarantine keeps of a body. */
const EXCERPT_BYTES = 64 * 1024;

/**
 * Says whether an entry is about a layer: told before the store is asked, so that it costs nothing.
 *
 * @param received The entry.
 * @returns True for a push, pull or mount of a blob that can be understood; where layers are
 *   ignored, what cannot be understood is not.
 */
export function isAboutLayer({ entry }: Received): boolean {
  if (!("event" in entry)) return false;
  const { event } = entry;
  return event.kind === "blob" && event.action !== "delete" &&
    whyNotUnderstood(event) === undefined;
}

/**
 * Says why an entry is in the quarantine: it could not be read, or read but not understood.
 *
 * @param entry The entry.
 * @returns Its id and the reason, for a person.
 */
export function rejectionOf(entry: Received["entry"]): { id: string; reason: string } {
  if ("rejected" in entry) return entry.rejected;
  return { id: entry.event.id, reason: whyNotUnderstood(entry.event) ?? "cannot be stored" };
}

/**
 * Reads the entries of a body.
 *
 * @param notification The body.
 * @returns Its entries; one, rejected, for a body that is too large to be read.
 */
export function receivedOf({ registry, receivedAt, body, oversize }: Notification): Received[] {
  const envelope = envelopeOf(body, oversize);
  const entries = oversize === undefined ? parseEnvelope(body, receivedAt) : [{
    rejected: { id: idInside(body) ?? envelope.key(), reason: `too large: ${oversize} bytes` },
  }];
  return entries.map((entry) => ({ registry, receivedAt, entry, envelope }));
}

/** What can be told of a body without reading it. */
export interface Outline {
  /** About how many events it has; at least 1. */
  readonly events: number;
  /** Whether all may be about layers. */
  readonly mayBeLayers: boolean;
}

/**
 * Tells what can be told of a body without reading it as JSON, which takes several times as long.
 *
 * @param body The body.
 * @returns So many events as the key occurs that each must have; no layers only if it speaks of
 *   manifests, and of no blob.
 */
export function outlineOf(body: Uint8Array): Outline {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1");
  let events = 0;
  for (let at = text.indexOf(ACTION); at >= 0; at = text.indexOf(ACTION, at + ACTION.length)) {
    events++;
  }
  const mayBeLayers = !text.includes(MANIFEST_URL) || text.includes(BLOB_URL);
  return { events: Math.max(1, events), mayBeLayers };
}

/** What a body is called and what is kept of it, should it have to be quarantined. */
function envelopeOf(body: Uint8Array, oversize: number | undefined): Envelope {
  const bytes = oversize ?? body.length;
  return {
    bytes,
    key: () => createHash("sha256").update(body).update(String(bytes)).digest("hex"),
    excerpt: () => new TextDecoder().decode(body.subarray(0, EXCERPT_BYTES)),
  };
}

/** The id of the first event of a body that is too large to be parsed. */
function idInside(body: Uint8Array): string | undefined {
  const head = new TextDecoder().decode(body.subarray(0, EXCERPT_BYTES));
  return /"id"\s*:\s*"([\w:.-]{1,128})"/.exec(head)?.[1];
}

/**
 * What is recorded in place of an entry that cannot be: the second time without its body.
 *
 * @param received The entry.
 * @param fault What the store says of it.
 * @returns A rejected entry with the same id.
 * @throws {EventFault} If nothing is left to leave out.
 */
export function quarantined({ entry, envelope, ...item }: Received, fault: EventFault): Received {
  const reason = `cannot be stored: ${fault.message}`;
  if ("event" in entry) {
    return { ...item, entry: { rejected: { id: entry.event.id, reason } }, envelope };
  }
  if (envelope.excerpt() === "") throw fault;
  return { ...item, entry, envelope: { ...envelope, excerpt: () => "" } };
}
