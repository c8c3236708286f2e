/**
 * Events for tests: as a registry writes them, as they are read, and on their way into a store.
 *
 * @module
 */

import { createConsumerMatcher } from "../../lib/consumer.ts";
import { type EnvelopeEntry, parseEnvelope, type RegistryEvent } from "../../lib/event.ts";
import type { PlanOptions, Received } from "../../lib/batch.ts";

const day = 86_400_000;

/**
 * When events of tests happen and arrive, in milliseconds since 1970: noon of today, for a database
 * may drop what is old by its own clock.
 */
export const noon = Math.floor(Date.now() / day) * day + day / 2;

/** {@linkcode noon} in microseconds. */
export const noonUs = noon * 1000;

/** Media types by what tests call them. */
export const mediaTypes = {
  image: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  blob: "application/octet-stream",
} as const;

/**
 * Makes a digest that is the same for the same seed, and another for another.
 *
 * @param seed A number, or a letter or two.
 * @returns `sha256:` and 64 hexadecimal digits.
 */
export function digestOf(seed: number | string): string {
  const hex = Array.from(String(seed), (letter) => letter.charCodeAt(0).toString(16)).join("");
  return `sha256:${hex.padStart(64, "0")}`;
}

/** Some parts of an event; `undefined` says that one is absent. */
export type EventParts = { [Name in keyof RegistryEvent]?: RegistryEvent[Name] | undefined };

/**
 * Makes an event as {@linkcode parseEnvelope} gives it.
 *
 * @param parts What differs from an image pulled by tag: `team/app:1.0`, GET, at noon, by docker.
 * @returns The event; a part that is `undefined` is absent.
 */
export function eventOf(parts: EventParts = {}): RegistryEvent {
  const event = {
    id: crypto.randomUUID(),
    at: noonUs,
    clockSkewed: false,
    action: "pull",
    kind: "manifest",
    method: "GET",
    repository: "team/app",
    digest: digestOf("a"),
    tag: "1.0",
    mediaType: mediaTypes.image,
    address: "192.0.2.1",
    userAgent: "docker/28.5.2",
    ...parts,
  };
  const present = Object.entries(event).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as RegistryEvent;
}

/** Where and when an event arrived. */
export interface Arrival {
  registry?: string;
  /** Milliseconds since 1970. */
  receivedAt?: number;
  /** Text of the body it came in. */
  body?: string;
}

/**
 * Puts an entry on its way into a store.
 *
 * @param entry An event, or an entry of an envelope.
 * @param arrival Where and when; the registry `default` at noon unless told.
 * @returns What a store is handed.
 */
export function receivedOf(entry: RegistryEvent | EnvelopeEntry, arrival: Arrival = {}): Received {
  const { registry = "default", receivedAt = noon } = arrival;
  const known: EnvelopeEntry = "event" in entry || "rejected" in entry ? entry : { event: entry };
  const body = arrival.body ?? JSON.stringify(known);
  return {
    registry,
    receivedAt,
    entry: known,
    envelope: { key: () => body, excerpt: () => body, bytes: body.length },
  };
}

/**
 * Reads a body and puts what is in it on its way into a store.
 *
 * @param body Text of a request body.
 * @param arrival Where and when.
 * @returns One for each entry.
 */
export function receivedOfBody(body: string, arrival: Omit<Arrival, "body"> = {}): Received[] {
  const entries = parseEnvelope(new TextEncoder().encode(body), arrival.receivedAt ?? noon);
  return entries.map((entry) => receivedOf(entry, { ...arrival, body }));
}

/**
 * Says how events are counted.
 *
 * @param parts What differs from: no consumers, nothing disguised, repositories are removed.
 * @returns The options.
 */
export function planOptionsOf(parts: Partial<PlanOptions> = {}): PlanOptions {
  return {
    consumerOf: createConsumerMatcher([]),
    privacy: { actors: "keep", addresses: "keep" },
    onRepositoryDelete: "remove",
    key: "a key for tests",
    ...parts,
  };
}
