/**
 * The decision table: what one event means.
 *
 * Rows are numbered as in `docs/counting.md`. The order of the rules for a GET without a tag was
 * checked against recordings of real clients: each gives the counts that a person watching the
 * client would give.
 *
 * @module
 */

import { isIndexType, type RegistryEvent } from "./event.ts";
import { CHECK_LATE_US, CHECK_WINDOW_US, type Facts, isNewer, type TagCheck } from "./facts.ts";

/** What one event means. `row` is the row of the decision table that said so. */
export type Meaning =
  /** A pull of a tag, or by digest where `tag` is absent; `claims` is the id of its HEAD. */
  | { type: "pull"; row: 1 | 2 | 4; digest: string; tag?: string; claims?: string }
  /** A platform's manifest fetched as part of an index pull. */
  | { type: "childPull"; row: 3 | 5; digest: string; estimated: boolean }
  | { type: "check"; row: 6; digest: string; tag?: string }
  | { type: "blobPull" | "blobCheck"; row: 7; digest: string }
  /** A tag set; `unchanged` where it had this digest already. */
  | { type: "push"; row: 8; digest: string; tag: string; unchanged: boolean }
  | { type: "digestPush"; row: 9; digest: string }
  | { type: "blobPush"; row: 10; digest: string }
  | { type: "mount"; row: 11; digest: string }
  | { type: "tagDelete"; row: 12; tag: string }
  | { type: "manifestDelete"; row: 13 | 17; digest: string }
  | { type: "blobDelete"; row: 14; digest: string }
  /** A delete of a digest that was never seen; it stays unknown. */
  | { type: "unknownDelete"; row: 15; digest: string }
  | { type: "repositoryDelete"; row: 16 }
  /** Understood, and of no consequence. */
  | { type: "ignored"; row: 0; reason: string }
  /** Not understood: quarantined. */
  | { type: "rejected"; row: 18; reason: string };

/**
 * Gives an event its meaning.
 *
 * @param event The event.
 * @param facts What was known when it came.
 * @returns Its meaning; never throws.
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { mapEvent } from "./mapping.ts";
 *
 * const event = {
 *   id: "1", at: 0, clockSkewed: false, action: "pull", kind: "manifest", method: "HEAD",
 *   repository: "library/alpine", tag: "3", digest: "sha256:ab",
 * } as const;
 * const facts = {
 *   tagChecks: [], isChild: false, isSameRequest: false, followsUnknownIndex: false,
 * };
 * assert.equal(mapEvent(event, facts).type, "check");
 * ```
 */
export function mapEvent(event: RegistryEvent, facts: Facts): Meaning {
  const reason = whyNotUnderstood(event);
  if (reason !== undefined) return { type: "rejected", row: 18, reason };
  if (facts.tombstone !== undefined && event.at <= facts.tombstone) {
    return { type: "ignored", row: 0, reason: "the repository was deleted later" };
  }
  if (event.action === "delete") return mapDelete(event, facts);
  const digest = event.digest ?? "";
  if (event.kind === "blob") return mapBlob(event, digest);
  if (event.action === "push") return mapPush(event.tag, digest, facts);
  const tag = event.tag === undefined ? {} : { tag: event.tag };
  if (event.method === "HEAD") return { type: "check", row: 6, digest, ...tag };
  if (event.tag !== undefined) return { type: "pull", row: 1, digest, ...tag };
  return mapUntaggedGet(event, digest, facts);
}

/**
 * Says whether an event would delete a repository, if nothing stands against it (row 16).
 *
 * @param event The event.
 * @returns True for a delete that names nothing but the repository.
 */
export function isRepositoryDelete(event: RegistryEvent): boolean {
  const { action, digest, tag } = event;
  return action === "delete" && digest === undefined && tag === undefined;
}

/**
 * Says why an event cannot be understood (row 18).
 *
 * @param event The event.
 * @returns A reason for a person, or `undefined` where it can.
 */
export function whyNotUnderstood(event: RegistryEvent): string | undefined {
  const { action, kind, digest } = event;
  if (action === "delete") {
    const named = digest ?? event.tag;
    const isBare = event.mediaType === undefined && kind === "unknown";
    return named === undefined && !isBare ? "a delete without a digest" : undefined;
  }
  if (action !== "pull" && action !== "push" && action !== "mount") {
    return `unknown action "${action}"`;
  }
  if (digest === undefined) return `a ${action} without a digest`;
  return kind === "unknown" ? `a ${action} of neither a manifest nor a blob` : undefined;
}

function mapDelete(event: RegistryEvent, facts: Facts): Meaning {
  const { digest, tag } = event;
  if (digest === undefined) {
    return tag === undefined
      ? { type: "repositoryDelete", row: 16 }
      : { type: "tagDelete", row: 12, tag };
  }
  if (event.kind === "blob") return { type: "blobDelete", row: 14, digest };
  // Only Azure's registry sends a media type with a delete, and only for manifests.
  const isTold = event.mediaType !== undefined;
  if (isTold) return { type: "manifestDelete", row: 17, digest };
  if (tag !== undefined) return { type: "tagDelete", row: 12, tag };
  if (facts.digestIs === "manifest") return { type: "manifestDelete", row: 13, digest };
  if (facts.digestIs === "blob") return { type: "blobDelete", row: 14, digest };
  return { type: "unknownDelete", row: 15, digest };
}

function mapBlob(event: RegistryEvent, digest: string): Meaning {
  if (event.action === "push") return { type: "blobPush", row: 10, digest };
  if (event.action === "mount") return { type: "mount", row: 11, digest };
  return { type: event.method === "HEAD" ? "blobCheck" : "blobPull", row: 7, digest };
}

function mapPush(tag: string | undefined, digest: string, facts: Facts): Meaning {
  if (tag === undefined) return { type: "digestPush", row: 9, digest };
  const unchanged = facts.tag?.digest === digest && facts.tag.deletedAt === undefined;
  return { type: "push", row: 8, digest, tag, unchanged };
}

/** Rules a to f of a manifest GET without a tag; the first that fits. */
function mapUntaggedGet(event: RegistryEvent, digest: string, facts: Facts): Meaning {
  const check = findCheck(event.at, facts.tagChecks);
  if (check !== undefined) {
    return { type: "pull", row: 2, digest, tag: check.tag, claims: check.id };
  }
  if (facts.isChild) return { type: "childPull", row: 3, digest, estimated: false };
  if (isIndexType(event.mediaType)) return { type: "pull", row: 4, digest };
  if (facts.isSameRequest) return { type: "childPull", row: 5, digest, estimated: false };
  if (facts.followsUnknownIndex) return { type: "childPull", row: 5, digest, estimated: true };
  return { type: "pull", row: 4, digest };
}

/**
 * The HEAD that a GET belongs to: the latest at or before it, else the earliest just after. The
 * order matters: a client may HEAD its next tag of the same digest within a second.
 */
function findCheck(at: number, checks: readonly TagCheck[]): TagCheck | undefined {
  let before: TagCheck | undefined;
  let after: TagCheck | undefined;
  for (const check of checks) {
    if (check.at <= at) {
      const isInWindow = check.at >= at - CHECK_WINDOW_US;
      if (isInWindow && isNewer(check, before)) before = check;
    } else if (check.at <= at + CHECK_LATE_US && (after === undefined || isNewer(after, check))) {
      after = check;
    }
  }
  return before ?? after;
}
