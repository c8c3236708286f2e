/**
 * The rows of statistics that changes belong to.
 *
 * @module
 */

import { keyOf } from "./facts.ts";

/** What has a repository. */
export interface OfRepository {
  readonly registry: string;
  readonly repository: string;
}

/** What an actor's, a client's or a consumer's row is called; the special ones have no name. */
export type Dimension = "actor" | "anonymous" | "overflow" | "client" | "consumer";

/** The row that a change belongs to. A `tag` of `""` is the row of all tags beyond the bound. */
export type Target =
  | (OfRepository & { readonly kind: "repository" })
  | (OfRepository & { readonly kind: "tag"; readonly tag: string })
  | (OfRepository & { readonly kind: "manifest"; readonly digest: string })
  | (OfRepository & { readonly kind: "day"; readonly day: number; readonly consumer: string })
  | (OfRepository & { readonly kind: "tagDay"; readonly day: number; readonly tag: string })
  | (OfRepository & {
    readonly kind: "breakdown";
    readonly dimension: Dimension;
    readonly name: string;
  })
  | {
    readonly kind: "namespace";
    readonly registry: string;
    /** A directory with its `/`, or `""` for the whole registry. */
    readonly namespace: string;
    readonly day: number;
    readonly consumer: string;
  };

/**
 * Names a row.
 *
 * @param target The row.
 * @returns A key that no other row has.
 */
export function keyOfTarget(target: Target): string {
  switch (target.kind) {
    case "repository":
      return keyOf(target.registry, target.repository, "r");
    case "tag":
      return keyOf(target.registry, target.repository, "t", target.tag);
    case "manifest":
      return keyOf(target.registry, target.repository, "m", target.digest);
    case "day":
      return keyOf(target.registry, target.repository, "d", String(target.day), target.consumer);
    case "tagDay":
      return keyOf(target.registry, target.repository, "e", String(target.day), target.tag);
    case "breakdown":
      return keyOf(target.registry, target.repository, "b", target.dimension, target.name);
    case "namespace": {
      // No repository has an empty name, so that the delete of none takes this.
      const { registry, namespace, day, consumer } = target;
      return keyOf(registry, "", "n", namespace, String(day), consumer);
    }
  }
}
