/**
 * What later events find a row of the event log by: one text each, in a sparse index of its own, so
 * that a lookup is an equality whatever the size of the log.
 *
 * Checks and index fetches matter for a minute. Their keys name the span of time they lie in, so
 * that a poller's thousands of old ones are not looked at.
 *
 * @module
 */

import type { LogEntry } from "../../batch.ts";
import { CHECK_LATE_US, CHECK_WINDOW_US, type ClientQuestion, keyOf } from "../../facts.ts";
import type { EventDocument } from "./documents.ts";

/** Longer than the window of one GET, which so touches at most two spans. */
const SPAN_US = CHECK_WINDOW_US + 2 * CHECK_LATE_US;

/** A client's doings at a time. */
interface Deed {
  readonly registry: string;
  readonly repository: string;
  readonly fingerprint: string;
}

/**
 * Lists the keys under which a client's deeds within a window are found.
 *
 * @param question Who and when; `name` is the digest of a check.
 * @returns One for each span that the window touches: several GETs may share a long one.
 */
export function spanKeys(question: ClientQuestion & { readonly name?: string }): string[] {
  const keys: string[] = [];
  for (let span = spanOf(question.from); span <= spanOf(question.to); span++) {
    keys.push(deedKey(question, span, question.name));
  }
  return keys;
}

/**
 * Gives a row of the event log the keys that it will be looked up by.
 *
 * @param entry The row.
 * @returns The fields to add: at most two, none for what nothing hangs on.
 */
export function lookupKeysOf(
  { registry, outcome, meaning, event, fingerprint = "", isUnknownIndexFetch, claimedBy }: LogEntry,
): Pick<EventDocument, "check" | "fetch" | "request" | "blob"> {
  if (outcome !== "counted" || event?.digest === undefined) return {};
  const { repository, digest, requestId, at } = event;
  const deed = { registry, repository, fingerprint };
  if (event.kind === "blob") {
    return event.action === "delete" ? {} : { blob: keyOf(registry, repository, digest) };
  }
  if (meaning.type === "check") {
    const isFree = event.tag !== undefined && claimedBy === undefined;
    return isFree ? { check: deedKey(deed, spanOf(at), digest) } : {};
  }
  if (event.action !== "pull") return {};
  return {
    ...(requestId === undefined
      ? {}
      : { request: keyOf(registry, repository, fingerprint, requestId) }),
    ...(isUnknownIndexFetch === undefined ? {} : { fetch: deedKey(deed, spanOf(at)) }),
  };
}

function deedKey({ registry, repository, fingerprint }: Deed, span: number, digest = ""): string {
  return keyOf(registry, repository, digest, fingerprint, String(span));
}

function spanOf(at: number): number {
  return Math.floor(at / SPAN_US);
}
