/**
 * Statements about many rows at once: a call costs more than a row.
 *
 * @module
 */

/** A statement about many rows at once. */
export interface RowsStatement {
  /** Names it: it is prepared once for each number of rows. */
  readonly key: string;
  /** Writes it, given the text of the rows' parameters: `(?, ?), (?, ?)`. */
  readonly render: (values: string) => string;
}

/** Numbers of rows that statements are prepared for: few, and any number is a sum of a few. */
const CHUNKS = [64, 16, 8, 4, 3, 2, 1] as const;

/**
 * Cuts rows into as few chunks as possible, each of a number that there are statements for.
 *
 * @param rows The rows.
 * @returns The chunks, in order.
 */
export function chunksOf<T>(rows: readonly T[]): (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let start = 0; start < rows.length;) {
    const size = CHUNKS.find((size) => size <= rows.length - start) ?? 1;
    chunks.push(start === 0 && size === rows.length ? rows : rows.slice(start, start + size));
    start += size;
  }
  return chunks;
}
