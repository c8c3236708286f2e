/**
 * Adds days up to months when all of a month is older than days are kept, in steps short enough not
 * to hold up events. A step moves what it adds up in one transaction, so that a process that dies
 * has done it or not, and nothing is counted twice.
 *
 * @module
 */

import { dayOfTime, monthAfter, monthOf } from "../../calendar.ts";
import { METRICS } from "../../statistics.ts";
import type { Retention } from "../store.ts";
import type { Database } from "./database.ts";
import { columnOf, TAG_METRICS } from "./schema.ts";

/** Rows that one step moves, as a rule: what it begins, it ends. */
const ROWS = 300;
/** Months of one owner, or owners without any, that one step looks at. */
const LOOKS = 300;

/** A table of days whose rows belong to an owner: they are in order of owner and day. */
interface Days {
  readonly table: string;
  readonly months: string;
  readonly owner: string;
  /** What tells the rows of an owner's day apart. */
  readonly others: readonly string[];
}

const TABLES: readonly Days[] = [
  { table: "days", months: "months", owner: "repository_id", others: ["consumer_id"] },
  {
    table: "namespace_days",
    months: "namespace_months",
    owner: "namespace_id",
    others: ["registry_id", "consumer_id"],
  },
];
const TAG_COLUMNS = TAG_METRICS.map(columnOf);

/** How far a sweep over the owners has come. */
interface Sweep {
  readonly days: Days;
  owner: number;
  day: number;
  /** The day on which the last complete sweep ended: late events are swept up every day. */
  doneOn: number;
}

/** What is left of a step. */
interface Budget {
  rows: number;
  looks: number;
}

/** The steps of one store. */
export class Folding {
  readonly #database: Database;
  readonly #retention: Retention;
  readonly #sweeps: Sweep[];

  constructor(database: Database, retention: Retention) {
    this.#database = database;
    this.#retention = retention;
    this.#sweeps = TABLES.map((days) => ({ days, owner: -1, day: 0, doneOn: -1 }));
  }

  /**
   * Adds up a step of what is due.
   *
   * @param now Milliseconds since 1970.
   * @returns True while there is more.
   */
  step(now: number): boolean {
    const { days, tagDays } = this.#retention;
    const budget = { rows: ROWS, looks: LOOKS };
    return this.#database.transaction(() => {
      const hasMoreTags = this.#foldTags(monthOf(dayOfTime(now - tagDays)), budget);
      const before = monthOf(dayOfTime(now - days));
      for (const sweep of this.#sweeps) {
        if (sweep.doneOn >= dayOfTime(now)) continue;
        if (this.#sweep(sweep, before, budget)) sweep.doneOn = dayOfTime(now);
        else return true;
      }
      return hasMoreTags;
    });
  }

  /** The days of tags have an index by day, which tells what is due. */
  #foldTags(before: number, budget: Budget): boolean {
    const rows = this.#database.all(
      `SELECT tag_id, day FROM tag_days INDEXED BY tag_days_by_day WHERE day < ?
        ORDER BY day LIMIT ${ROWS}`,
      before,
    );
    const added = TAG_COLUMNS.map((name) => `${name} = ${name} + excluded.${name}`).join(", ");
    for (const { tag_id: tagId, day } of rows) {
      this.#database.run(
        `INSERT INTO tag_months (tag_id, month, ${TAG_COLUMNS.join(", ")})
          SELECT tag_id, ?, ${TAG_COLUMNS.join(", ")} FROM tag_days WHERE tag_id = ? AND day = ?
          ON CONFLICT (tag_id, month) DO UPDATE SET ${added}`,
        monthOf(Number(day)),
        Number(tagId),
        Number(day),
      );
      const sql = "DELETE FROM tag_days WHERE tag_id = ? AND day = ?";
      this.#database.run(sql, Number(tagId), Number(day));
    }
    budget.rows -= rows.length;
    return rows.length === ROWS;
  }

  /** @returns True when all owners have been looked at. */
  #sweep(sweep: Sweep, before: number, budget: Budget): boolean {
    const { table, owner } = sweep.days;
    while (budget.rows > 0 && budget.looks > 0) {
      budget.looks--;
      const first = this.#database.get(
        `SELECT ${owner} AS owner, day FROM ${table} WHERE (${owner}, day) > (?, ?)
          ORDER BY ${owner}, day LIMIT 1`,
        sweep.owner,
        sweep.day,
      );
      if (first === undefined) {
        sweep.owner = -1;
        return true;
      }
      sweep.owner = Number(first.owner);
      const day = Number(first.day);
      if (day < before) {
        sweep.day = monthAfter(day) - 1;
        budget.rows -= this.#foldMonth(sweep.days, sweep.owner, monthOf(day));
      } else sweep.day = Number.MAX_SAFE_INTEGER;
    }
    return false;
  }

  #foldMonth({ table, months, owner, others }: Days, id: number, month: number): number {
    const columns = METRICS.map(columnOf);
    const kept = others.join(", ");
    this.#database.run(
      `INSERT INTO ${months} (${owner}, month, ${kept}, ${columns.join(", ")})
        SELECT ${owner}, ?, ${kept}, ${columns.map((name) => `sum(${name})`).join(", ")}
        FROM ${table} WHERE ${owner} = ? AND day BETWEEN ? AND ? GROUP BY ${owner}, ${kept}
        ON CONFLICT (${owner}, month, ${kept})
        DO UPDATE SET ${columns.map((name) => `${name} = ${name} + excluded.${name}`).join(", ")}`,
      month,
      id,
      month,
      monthAfter(month) - 1,
    );
    const sql = `DELETE FROM ${table} WHERE ${owner} = ? AND day BETWEEN ? AND ?`;
    return this.#database.run(sql, id, month, monthAfter(month) - 1);
  }
}
