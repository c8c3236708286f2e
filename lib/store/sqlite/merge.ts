/**
 * One list of several that are in the same order, read no further than needed.
 *
 * @module
 */

/** A list that is read in parts. */
export interface Source<T> {
  /**
   * Reads the next items.
   *
   * @param count How many.
   * @param after The item to go on behind; `undefined`: from the beginning.
   * @returns Fewer where there are no more.
   */
  read(count: number, after: T | undefined): T[] | Promise<T[]>;
}

/** What has been read of a source and not been taken. */
interface Reader<T> {
  readonly source: Source<T>;
  items: T[];
  taken: number;
  isAtEnd: boolean;
}

/** Items that are read of each source at least: a statement costs as much as some tens of rows. */
const LEAST = 20;

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
  const [only] = sources;
  if (only !== undefined && sources.length === 1) return await only.read(count, undefined);
  // Four times its share, for they are not alike.
  const part = Math.min(count, Math.max(LEAST, Math.ceil(4 * count / sources.length)));
  const readers = sources.map((source): Reader<T> => ({
    source,
    items: [],
    taken: 0,
    isAtEnd: false,
  }));
  const first: T[] = [];
  for (const reader of readers) await refill(reader, part);
  while (first.length < count) {
    const next = readerOfFirst(readers, compare);
    if (next === undefined) break;
    first.push(next.items[next.taken++] as T);
    await refill(next, part);
  }
  return first;
}

async function refill<T>(reader: Reader<T>, count: number): Promise<void> {
  if (reader.isAtEnd || reader.taken < reader.items.length) return;
  const items = await reader.source.read(count, reader.items.at(-1));
  Object.assign(reader, { items, taken: 0, isAtEnd: items.length < count });
}

function readerOfFirst<T>(
  readers: readonly Reader<T>[],
  compare: (one: T, other: T) => number,
): Reader<T> | undefined {
  let best: Reader<T> | undefined;
  for (const reader of readers) {
    const item = reader.items[reader.taken];
    if (item === undefined) continue;
    if (best === undefined || compare(item, best.items[best.taken] as T) < 0) best = reader;
  }
  return best;
}
