/**
 * The updates of a batch while they grow: all that changes in one document is one update, an upsert
 * of operators that leave alone what they do not name.
 *
 * @module
 */

import type { Document } from "mongodb";

import { DAY_MS } from "../../calendar.ts";
import type { Change, Metric, Times } from "../../statistics.ts";
import { type CollectionName, COUNTERS, INITIAL_COUNTERS } from "./documents.ts";
import type { DocumentPlace } from "./places.ts";
import { dateOfDay, longOf } from "./values.ts";

/** An upsert, unless told that the document must exist. */
export interface UpdateWrite {
  readonly collection: CollectionName;
  readonly filter: Document;
  readonly update: Document | Document[];
  readonly mustExist?: true;
}

/** One write. */
export type Write =
  | UpdateWrite
  /** A document that is not there yet. */
  | { readonly collection: CollectionName; readonly insert: Document }
  /** The removal of all that fits. */
  | { readonly collection: CollectionName; readonly removeAll: Document };

/** Everything but what only adds up. */
export interface Assignment {
  /** Fields to set; those that are `undefined` are unset. */
  readonly set?: Readonly<Record<string, unknown>>;
  /** Numbers to add beside the counters of a change. */
  readonly increments?: Readonly<Record<string, number>>;
  /** Members to add to arrays. */
  readonly members?: Readonly<Record<string, readonly unknown[]>>;
}

interface Draft {
  readonly place: DocumentPlace;
  readonly filter: Document;
  readonly increments: Map<string, number>;
  readonly operators: Record<OperatorName, Record<string, unknown>>;
}

const OPERATORS = ["$set", "$unset", "$min", "$max", "$addToSet"] as const;
type OperatorName = typeof OPERATORS[number];

/** The updates of a batch, one a document. */
export class Updates {
  readonly #drafts = new Map<string, Draft>();
  readonly #filterOf: (place: DocumentPlace) => Document;

  /** @param filterOf Finds the document of a place. */
  constructor(filterOf: (place: DocumentPlace) => Document) {
    this.#filterOf = filterOf;
  }

  /**
   * Adds the numbers and times of a change.
   *
   * @param place The document.
   * @param change What is added.
   */
  add(place: DocumentPlace, { counts, times }: Pick<Change, "counts" | "times">): void {
    const { increments, operators } = this.#draftOf(place);
    for (const [metric, value] of Object.entries(counts) as [Metric, number][]) {
      increments.set(COUNTERS[metric], (increments.get(COUNTERS[metric]) ?? 0) + value);
    }
    for (const [name, time] of Object.entries(times) as [keyof Times, number][]) {
      const operator = name.startsWith("first") ? "$min" : "$max";
      operators[operator][name.toLowerCase()] = new Date(time);
    }
    if (place.collection === "tags" && times.lastUsed !== undefined) {
      operators.$max.usedday = dateOfDay(Math.floor(times.lastUsed / DAY_MS));
    }
  }

  /**
   * Sets what does not add up.
   *
   * @param place The document.
   * @param assignment What is set.
   */
  assign(place: DocumentPlace, { set = {}, increments = {}, members = {} }: Assignment): void {
    const draft = this.#draftOf(place);
    for (const [field, value] of Object.entries(set)) {
      if (value === undefined) draft.operators.$unset[field] = 1;
      else draft.operators.$set[field] = value;
    }
    for (const [field, value] of Object.entries(increments)) {
      draft.increments.set(field, (draft.increments.get(field) ?? 0) + value);
    }
    for (const [field, values] of Object.entries(members)) {
      if (values.length > 0) draft.operators.$addToSet[field] = { $each: values };
    }
  }

  /** @returns The writes, in the order in which their documents were first named. */
  finish(): UpdateWrite[] {
    return [...this.#drafts.values()].map(({ place, filter, increments, operators }) => ({
      collection: place.collection,
      filter,
      update: updateOf(operators, {
        onInsert: { _id: place.id, ...place.of, ...place.identity },
        filter,
        increments: [...increments],
      }),
    }));
  }

  #draftOf(place: DocumentPlace): Draft {
    const key = `${place.collection}\n${place.id}`;
    const present = this.#drafts.get(key);
    if (present !== undefined) return present;
    const draft: Draft = {
      place,
      filter: this.#filterOf(place),
      increments: new Map((INITIAL_COUNTERS[place.collection] ?? []).map((field) => [field, 0])),
      operators: { $set: {}, $unset: {}, $min: {}, $max: {}, $addToSet: {} },
    };
    // A document of 2015, or one that a front end has made, gets the registry it lacks.
    if (draft.filter.registry === null) draft.operators.$set.registry = place.of.registry;
    this.#drafts.set(key, draft);
    return draft;
  }
}

/** What an upsert sets by its filter or by another operator must not be named a second time. */
function updateOf(
  operators: Draft["operators"],
  { onInsert, filter, increments }: {
    onInsert: Document;
    filter: Document;
    increments: readonly (readonly [field: string, value: number])[];
  },
): Document {
  const longs = increments.map(([field, value]) => [field, longOf(value)] as const);
  // Where nothing is added, nothing is touched: a front end may have left a `null` there.
  const zeros = Object.fromEntries(longs.filter(([_, value]) => value.isZero()));
  const isNamed = (field: string): boolean =>
    field in filter || OPERATORS.some((name) => field in operators[name]);
  const update: Record<string, Document> = {
    ...operators,
    $inc: Object.fromEntries(longs.filter(([_, value]) => !value.isZero())),
    $setOnInsert: Object.fromEntries(
      Object.entries({ ...onInsert, ...zeros }).filter(([field]) => !isNamed(field)),
    ),
  };
  const used = Object.entries(update).filter(([_, fields]) => Object.keys(fields).length > 0);
  return Object.fromEntries(used);
}
