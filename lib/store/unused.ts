/**
 * What has not been used for long: the question and its answers.
 *
 * @module
 */

/** What can be unused. */
export const UNUSED_KINDS = ["repositories", "tags"] as const;

/** One of {@linkcode UNUSED_KINDS}. */
export type UnusedKind = typeof UNUSED_KINDS[number];

/** Which unused things, and which part of them. */
export interface UnusedQuery {
  readonly kind: UnusedKind;
  /** Milliseconds since 1970: what was used then or later is left out. */
  readonly before: number;
  readonly registry?: string;
  /** What the name of the repository begins with, exactly. */
  readonly prefix?: string;
  /** At most this many items, from 1 on. A page may be shorter and yet not the last. */
  readonly limit: number;
  /** From the page before. */
  readonly after?: readonly (string | number | null)[];
}

/** Something in use that a delete by digest would harm. */
export type Protector = { readonly tag: string } | { readonly digest: string };

/** Something that has not been used for long. */
export interface UnusedItem {
  readonly registry: string;
  readonly repository: string;
  /** `null`: the repository as a whole. */
  readonly tag: string | null;
  readonly digest: string | null;
  /**
   * Bytes of the image that the tag points to, or of all different layers and configurations of
   * the repository. `null`: unknown.
   */
  readonly size: number | null;
  /** Of a tag also the use of its manifest. */
  readonly lastUsed: number | null;
  /** `null`: unknown. Of a tag: where only one consumer used the repository on that day. */
  readonly lastConsumer: string | null;
  /** Tags in use with the same digest, and indexes in use that the manifest belongs to. */
  readonly protectedBy: readonly Protector[];
}

/** Protectors that are named at most, of each kind. */
export const MAX_PROTECTORS = 10;
/** How deep an index may be within others. */
export const MAX_NESTING = 4;
/** References that a repository's size is summed up from; with more it is unknown. */
export const MAX_SIZED_REFERENCES = 10_000;

/**
 * Orders a page: the oldest use first.
 *
 * @param items Of one page.
 * @returns The same; never used comes first.
 */
export function oldestFirst(items: readonly UnusedItem[]): UnusedItem[] {
  return items.toSorted((a, b) => (a.lastUsed ?? -1) - (b.lastUsed ?? -1));
}
