/**
 * An order of repositories by a number or a time, and its parts in an index.
 *
 * @module
 */

import type { Cursor } from "../store.ts";
import type { Pace } from "./pace.ts";
import { compareEntries, type Entries, type Entry, NEVER } from "./repository_entries.ts";
import {
  all,
  type Condition,
  type Filters,
  LISTED,
  narrowed,
  ofRegistry,
} from "./repository_filters.ts";
import { type OrderColumn, orderIndexOf } from "./schema_orders.ts";

/** An order of repositories. */
export interface NumberOrder {
  readonly column: OrderColumn;
  /** The reverse: without a number first, then the least, and names backwards. */
  readonly isReversed?: boolean;
  /** Only those whose number is below, or that have none. */
  readonly below?: number;
}

/** Which part of an order. */
export interface NumberPart {
  readonly order: NumberOrder;
  readonly filters: Filters;
  readonly limit: number;
  /** Number, name and registry; `undefined`: from the beginning. */
  readonly after: Cursor | undefined;
}

/** The same for one registry. */
export interface RegistryPart extends NumberPart {
  readonly pace: Pace;
}

/**
 * Cuts what is behind the cursor into ranges of the order's index. Where all have the same number,
 * or none, the order is that of names, so that a prefix is a range, too.
 *
 * @returns Conditions, in the order in which their rows come: equal to the cursor's number, behind
 *   it, without a number.
 */
export function stretchesOf(registry: string, part: RegistryPart): Condition[] {
  const { order: { column, isReversed = false, below }, filters: { range }, after } = part;
  const bound = below === undefined ? [] : [{ sql: `${column} < ?`, parameters: [below] }];
  const least = isReversed ? ">" : "<";
  const isNever: Condition = { sql: `${column} IS NULL`, parameters: [] };
  const never = all([isNever, ...range]);
  const ever: Condition = all([{ sql: `${column} IS NOT NULL`, parameters: [] }, ...bound]);
  if (after === undefined) return isReversed ? [never, ever] : [ever, never];
  const [value = null] = after;
  const names = namesBehind(registry, { ...part, after });
  if (value === null) return [all([isNever, ...names]), ...(isReversed ? [ever] : [])];
  return [
    all([{ sql: `${column} = ?`, parameters: [value] }, ...names]),
    all([{ sql: `${column} ${least} ?`, parameters: [value] }, ...bound]),
    ...(isReversed ? [] : [never]),
  ];
}

/**
 * Names of a prefix behind that of the cursor, which may be of another prefix. Of two bounds on the
 * same side SQLite takes one for the range of the index, so the nearer one is made of them.
 */
function namesBehind(
  registry: string,
  { order: { isReversed = false }, filters: { range }, after }: RegistryPart & { after: Cursor },
): Condition[] {
  const [_, name = "", cursorRegistry = ""] = after;
  // A name of the cursor's that another registry has, too, may be still to come.
  const isNext = isReversed ? registry < String(cursorRegistry) : registry > String(cursorRegistry);
  const behind = {
    sql: `repository ${isReversed ? "<" : ">"}${isNext ? "=" : ""} ?`,
    parameters: [name],
  };
  const [first, end] = range;
  const far = isReversed ? end : first;
  if (far === undefined) return narrowed(range, { after: behind });
  const sql = isReversed ? "repository <= min(?, ?)" : "repository >= max(?, ?)";
  const nearer = { sql, parameters: [name, ...far.parameters] };
  return narrowed(range, { after: all([nearer, behind]) });
}

/** @returns Compares two entries of any registries. */
export function comparing({ isReversed = false }: NumberOrder): typeof compareEntries {
  return isReversed ? (one, other) => compareEntries(other, one) : compareEntries;
}

/** @returns The order of one registry, in SQL. */
export function orderBy({ column, isReversed = false }: NumberOrder): string {
  return isReversed ? `ORDER BY ${column}, repository DESC` : `ORDER BY ${column} DESC, repository`;
}

/** @returns The entries of a stretch. */
export function entriesOf(
  registry: string,
  { order }: RegistryPart,
  stretch: Condition,
): Entries {
  return {
    select: `SELECT id, registry, repository, ${order.column} AS value
      FROM repositories INDEXED BY ${orderIndexOf(order.column)}`,
    within: all([LISTED, ofRegistry(registry), stretch]),
    order: orderBy(order),
  };
}

/** @returns The entries of a stretch that do not come behind one of them; see `Stretch.upTo()`. */
export function upTo({ column, isReversed = false }: NumberOrder, last: Entry): Condition[] {
  const [before, more] = isReversed ? [">=", "<"] : ["<=", ">"];
  const named = { sql: `repository ${before} ?`, parameters: [last.repository] };
  if (last.value === NEVER) return [all([{ sql: `${column} IS NULL`, parameters: [] }, named])];
  return [
    { sql: `${column} ${more} ?`, parameters: [last.value] },
    all([{ sql: `${column} = ?`, parameters: [last.value] }, named]),
  ];
}
