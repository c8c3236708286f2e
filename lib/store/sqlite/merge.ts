/**
 * One list of several that are in the same order, read no further than needed.
 *
 * @module
 */

/** How much of a list is read at once: what is cheap may be read up to `most`. */
export interface Part {
  /** What it probably takes. */
  readonly some: number;
  /** What it may take. */
  readonly most: number;
}

/** A list that is read in parts. */
export interface Source<T> {
  /**
   * Reads the next items.
   *
   * @param part How many.
   * @param after The item to go on behind; `undefined`: from the beginning.
   * @returns At least one, if there are more.
   */
  read(part: Part, after: T | undefined): Items<T> | Promise<Items<T>>;
}

/** A part of a list. */
export interface Items<T> {
  readonly items: readonly T[];
  /** There are no more. */
  readonly isLast: boolean;
}

/** What has been read of a source and not been taken. */
interface Reader<T> {
  readonly source: Source<T>;
  read: Items<T>;
  taken: number;
}

/** Items that are read of each source at least: a statement takes as long as some of them. */
const LEAST = 10;

/**
 * Takes the first items of all.
 *
 * @param sources Each in the order of `compare`.
 * @param count How many.
 * @param compare Orders two items; no two are equal.
 * @returns Fewer where there are no more.
 */
export async function takeFirst<T>(
  sources: readonly Source<T>[],
  count: number,
  { compare }: { compare: (one: T, other: T) => number },
): Promise<T[]> {
  const share = Math.max(LEAST, Math.ceil(count / sources.length));
  const readers = sources.map((source): Reader<T> => {
    return { source, read: { items: [], isLast: false }, taken: 0 };
  });
  const some = sources.length === 1 ? count : Math.min(count, share);
  for (const reader of readers) await refill(reader, { some, most: count });
  const first: T[] = [];
  const inOrder: Reader<T>[] = [];
  for (const reader of readers) putInOrder(inOrder, reader, compare);
  for (let next = inOrder.shift(); next !== undefined; next = inOrder.shift()) {
    first.push(next.read.items[next.taken++] as T);
    const missing = count - first.length;
    if (missing === 0) break;
    // Who has given the most so far may well give the rest.
    await refill(next, { some: missing, most: missing });
    putInOrder(inOrder, next, compare);
  }
  return first;
}

async function refill<T>(reader: Reader<T>, part: Part): Promise<void> {
  const { items, isLast } = reader.read;
  if (isLast || reader.taken < items.length) return;
  reader.read = await reader.source.read(part, items.at(-1));
  reader.taken = 0;
}

/** Puts a reader where its next item comes; hundreds are not looked at for each item. */
function putInOrder<T>(
  inOrder: Reader<T>[],
  reader: Reader<T>,
  compare: (one: T, other: T) => number,
): void {
  const item = reader.read.items[reader.taken];
  if (item === undefined) return;
  let [from, to] = [0, inOrder.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    const other = inOrder[middle];
    if (other === undefined || compare(item, other.read.items[other.taken] as T) < 0) to = middle;
    else from = middle + 1;
  }
  inOrder.splice(from, 0, reader);
}
