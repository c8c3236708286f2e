/**
 * Which document a row of statistics is.
 *
 * Identifiers are the names that tell rows apart, joined by line breaks, so that an upsert needs no
 * other unique index.
 *
 * @module
 */

import { keyOf } from "../../facts.ts";
import type { Target } from "../../statistics.ts";
import type { CollectionName } from "./documents.ts";
import { dateOfDay, longOf } from "./values.ts";

/** A row of statistics: the document it is and what identifies it. */
export interface DocumentPlace {
  readonly collection: CollectionName;
  readonly id: string;
  /** Set where the document is new; these are the shard key. */
  readonly of: Readonly<Record<string, string>>;
  /** Set where the document is new. */
  readonly identity: Readonly<Record<string, unknown>>;
}

/**
 * Says which document a row of statistics is.
 *
 * @param target The row.
 * @param collector Whose document of a registry's day it is.
 * @returns The document's place.
 */
export function placeOf(target: Target, collector: string): DocumentPlace {
  if (target.kind === "namespace") return placeOfNamespace(target, collector);
  const { registry, repository } = target;
  const place = (collection: CollectionName, parts: string[], identity = {}): DocumentPlace => ({
    collection,
    id: keyOf(registry, repository, ...parts),
    of: { registry, repositoryname: repository },
    identity,
  });
  switch (target.kind) {
    case "repository":
      return place("repositories", [], { actors: [], numactors: longOf(0), numtagrows: longOf(0) });
    case "tag":
      return place("tags", [target.tag], { tag: target.tag });
    case "manifest":
      return place("manifests", [target.digest], { digest: target.digest });
    case "day": {
      const { day, consumer } = target;
      const identity = { day: dateOfDay(day), consumer };
      return place("daily", [textOfDay(day), "consumer", consumer], identity);
    }
    case "tagDay": {
      const { day, tag } = target;
      return place("daily", [textOfDay(day), "tag", tag], { day: dateOfDay(day), tag });
    }
    case "breakdown": {
      const { dimension: kind, name } = target;
      const dimension = kind === "anonymous" || kind === "overflow" ? "actor" : kind;
      const shown = kind === dimension ? name : `(${kind})`;
      return place("breakdowns", [kind, name], { dimension, kind, name: shown });
    }
  }
}

/**
 * Says which document the accounting of a registry's day is.
 *
 * @param registry The registry.
 * @param day Days since 1970.
 * @param collector Who counts.
 * @returns The document's place.
 */
export function placeOfRegistry(registry: string, day: number, collector: string): DocumentPlace {
  return {
    collection: "registries",
    id: keyOf(registry, textOfDay(day), collector),
    of: { registry },
    identity: { day: dateOfDay(day), collector },
  };
}

/** Beside the accounting, so that a batch needs no command more. */
function placeOfNamespace(
  { registry, namespace, day, consumer }: Target & { kind: "namespace" },
  collector: string,
): DocumentPlace {
  const { identity, ...place } = placeOfRegistry(registry, day, collector);
  const id = keyOf(place.id, namespace, consumer);
  return { ...place, id, identity: { ...identity, namespace, consumer } };
}

/** As identifiers hold a day, such as `2026-11-23`. */
function textOfDay(day: number): string {
  return dateOfDay(day).toISOString().slice(0, 10);
}
