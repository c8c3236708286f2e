/**
 * An event with where it came from, and the keys by which the past is known.
 *
 * @module
 */

import type { RegistryEvent } from "./event.ts";

/** Microseconds that a HEAD of a tag may lie before the GET that belongs to it. */
export const CHECK_WINDOW_US = 60_000_000;
/** How far it may lie behind, for clocks of replicas differ. */
export const CHECK_LATE_US = 2_000_000;

/** An event with where it came from, as the facts see it. */
export interface Sighting {
  readonly registry: string;
  readonly event: RegistryEvent;
  /** Keyed identity of the client; see `privacy.ts`. */
  readonly fingerprint: string;
  /** The actor's name as it is stored. */
  readonly actor?: string;
  readonly keys: SightingKeys;
}

/**
 * What an event names, as {@linkcode keyOf}. Each is made once: to make a text and find its hash takes
 * several times as long as to look it up.
 */
export interface SightingKeys {
  readonly repository: string;
  readonly tag: string | undefined;
  /** Of `""`, where the event names none. */
  readonly digest: string;
  readonly actor: string | undefined;
  /** Of the client, too: a request is one client's, about one repository. */
  readonly request: string | undefined;
}

/**
 * Makes a sighting.
 *
 * @param seen What was seen.
 * @returns The same, with its keys.
 */
export function sightingOf(seen: Omit<Sighting, "keys">): Sighting {
  const { registry, event, fingerprint, actor } = seen;
  const { repository, tag, digest = "", requestId } = event;
  const inRepository = keyOf(registry, repository);
  const keys: SightingKeys = {
    repository: inRepository,
    tag: tag === undefined ? undefined : keyOf(inRepository, tag),
    digest: keyOf(inRepository, digest),
    actor: actor === undefined ? undefined : keyOf(inRepository, actor),
    request: requestId === undefined ? undefined : keyOf(inRepository, fingerprint, requestId),
  };
  return { ...seen, keys };
}

/**
 * Names a tag of the event's repository.
 *
 * @param sighting The event.
 * @param tag Its own tag, as a rule.
 * @returns {@linkcode keyOf} registry, repository and tag.
 */
export function tagKeyOf({ event, keys }: Sighting, tag: string): string {
  return tag === event.tag && keys.tag !== undefined ? keys.tag : keyOf(keys.repository, tag);
}

/**
 * Joins names to a key. No name but the last may contain a line break: registry, repository, tag
 * and digest cannot.
 *
 * @param parts The names.
 * @returns A text for use as a map key.
 */
export function keyOf(...parts: readonly string[]): string {
  let key = parts[0] ?? "";
  for (let index = 1; index < parts.length; index++) key += `\n${parts[index]}`;
  return key;
}

/**
 * Says whether an event is a GET of a manifest that names no tag: the one thing whose meaning
 * hangs on what came before.
 *
 * @param event The event.
 * @returns True for such an event.
 */
export function isUntaggedGet(event: RegistryEvent): boolean {
  return event.action === "pull" && event.kind === "manifest" && event.method !== "HEAD" &&
    event.tag === undefined;
}

/**
 * Says whether an event may belong together with another of the same client, so that the client's
 * fingerprint matters.
 *
 * @param event The event.
 * @returns True for GET and HEAD of a manifest.
 */
export function isJoined(event: RegistryEvent): boolean {
  return event.action === "pull" && event.kind === "manifest";
}
