/**
 * Reads values of columns.
 *
 * @module
 */

/**
 * Reads a number that may be missing, such as a time.
 *
 * @param value The column.
 * @returns The number, `null` for none.
 */
export function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/**
 * Reads a time that is stored in microseconds.
 *
 * @param value The column.
 * @returns Milliseconds since 1970, `null` for none.
 */
export function deletedOf(value: unknown): number | null {
  return typeof value === "number" ? Math.floor(value / 1000) : null;
}
