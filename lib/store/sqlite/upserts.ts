/**
 * Adds to many rows with few statements: all rows of a batch to which the same columns happen go
 * into one.
 *
 * @module
 */

import type { SQLInputValue } from "node:sqlite";

import type { Counts, Times } from "../../statistics.ts";
import type { Database, Row } from "./database.ts";
import type { RowsStatement } from "./rows.ts";
import { columnOf } from "./schema.ts";

/** A table whose rows are added to. */
export interface UpsertTable {
  readonly name: string;
  /** Its key. */
  readonly keys: readonly string[];
  /** Metrics that it has columns for, where that is not all that come. */
  readonly metrics?: ReadonlySet<string>;
  /** Whether all rows that come are there: then the key alone need not make a row. */
  readonly isComplete?: true;
}

/** What happens to one row; one that is missing is made. */
export interface Upsert {
  readonly table: UpsertTable;
  /** In the order of the table's keys. */
  readonly key: readonly SQLInputValue[];
  /** Numbers to add, by names of the API. */
  readonly counts?: Readonly<Record<string, number>> | Counts;
  /** `first…` keep the least, all others the greatest. */
  readonly times?: Times;
  /** Values to overwrite, by column. */
  readonly set?: Readonly<Record<string, SQLInputValue>>;
}

/** Rows to which the same columns happen. */
interface Group {
  readonly statement: RowsStatement;
  readonly rows: SQLInputValue[][];
}

/** The upserts of a batch. No row may come twice. */
export class Upserts {
  readonly #groups = new Map<string, Group>();
  /** Columns that each row is asked back for. */
  readonly #returning: readonly string[];

  /** @param returning Columns that {@linkcode runReturning} is to give back. */
  constructor(returning: readonly string[] = []) {
    this.#returning = returning;
  }

  /** Takes a row in; nothing happens to it yet. */
  put(upsert: Upsert): void {
    const { table, key, counts = {}, times = {}, set = {} } = upsert;
    const row = [...key];
    let shape = table.name;
    const take = (values: Readonly<Record<string, SQLInputValue>>): void => {
      shape += " ";
      for (const name in values) {
        if (values === counts && table.metrics?.has(name) === false) continue;
        shape += `${name},`;
        row.push(values[name] as SQLInputValue);
      }
    };
    take(counts);
    take(times);
    take(set);
    const present = this.#groups.get(shape);
    if (present !== undefined) present.rows.push(row);
    else this.#groups.set(shape, { statement: this.#statementOf(shape, upsert), rows: [row] });
  }

  /** Writes all rows. */
  run(database: Database): void {
    for (const { statement, rows } of this.#groups.values()) database.runRows(statement, rows);
  }

  /** Writes all rows, and gives back the columns that were asked for. */
  runReturning(database: Database): Row[] {
    return [...this.#groups.values()]
      .flatMap(({ statement, rows }) => database.allRows(statement, rows));
  }

  #statementOf(shape: string, { table, counts = {}, times = {}, set = {} }: Upsert): RowsStatement {
    const names = Object.keys(counts).filter((name) => table.metrics?.has(name) !== false);
    const columns: Columns = {
      keys: table.keys,
      add: names.map(columnOf),
      move: Object.keys(times).map(columnOf),
      set: Object.keys(set),
    };
    const returning = this.#returning.length === 0 ? "" : ` RETURNING ${this.#returning.join()}`;
    const render = table.isComplete === true ? renderUpdate : renderUpsert;
    return {
      key: `upsert ${shape}${returning}`,
      render: (values) => render(table.name, columns, values) + returning,
    };
  }
}

interface Columns {
  readonly keys: readonly string[];
  readonly add: readonly string[];
  readonly move: readonly string[];
  readonly set: readonly string[];
}

/** Only the columns that change are named, because SQLite touches the index of each that is. */
function renderUpsert(table: string, columns: Columns, values: string): string {
  const { keys, add, move, set } = columns;
  const updates = updatesOf(columns, (column) => `excluded.${column}`);
  // An update of nothing, unlike DO NOTHING, still returns the row.
  const doing = updates.length === 0 ? [`${keys[0]} = ${keys[0]}`] : updates;
  return `INSERT INTO ${table} (${[...keys, ...add, ...move, ...set].join(", ")})
    VALUES ${values} ON CONFLICT (${keys.join(", ")}) DO UPDATE SET ${doing.join(", ")}`;
}

/** The row need not be complete, as an INSERT's must be. */
function renderUpdate(table: string, columns: Columns, values: string): string {
  const { keys, add, move, set } = columns;
  const names = [...keys, ...add, ...move, ...set];
  const valueOf = (column: string): string => `change.column${names.indexOf(column) + 1}`;
  const isSame = keys.map((key) => `${table}.${key} = ${valueOf(key)}`);
  return `UPDATE ${table} SET ${updatesOf(columns, valueOf).join(", ")}
    FROM (VALUES ${values}) AS change WHERE ${isSame.join(" AND ")}`;
}

function updatesOf(
  { add, move, set }: Columns,
  valueOf: (column: string) => string,
): string[] {
  return [
    ...add.map((column) => `${column} = ${column} + ${valueOf(column)}`),
    ...move.map((column) => {
      const pick = column.startsWith("first_") ? "min" : "max";
      return `${column} = ${pick}(ifnull(${column}, ${valueOf(column)}), ${valueOf(column)})`;
    }),
    ...set.map((column) => `${column} = ${valueOf(column)}`),
  ];
}
