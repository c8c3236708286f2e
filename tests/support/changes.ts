/**
 * Changes as a batch merges them, one after the other.
 *
 * @module
 */

import { addChange, type Change } from "../../lib/statistics.ts";

/**
 * Merges changes so that each row has one.
 *
 * @param changes In any order.
 * @returns One change a row, in order of their keys, so that they can be compared.
 */
export function merged(changes: Iterable<Change>): Change[] {
  const rows = new Map<string, Change>();
  for (const change of changes) addChange(rows, change);
  return sortedByKey(rows.values());
}

/**
 * Puts the changes of different rows in an order of their own.
 *
 * @param changes One a row.
 * @returns The same, in order of their keys.
 */
export function sortedByKey(changes: Iterable<Change>): Change[] {
  return [...changes].sort((one, other) => one.key < other.key ? -1 : 1);
}
