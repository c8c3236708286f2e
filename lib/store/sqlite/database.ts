/**
 * One SQLite file: opening, migrating, prepared statements, transactions.
 *
 * @module
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";

import { AppError } from "../../errors.ts";
import { openError, storeError } from "./errors.ts";
import { chunksOf, type RowsStatement } from "./rows.ts";
import { MIGRATIONS } from "./schema.ts";

/** A row as it comes out of a statement. */
export type Row = Readonly<Record<string, unknown>>;

/** How long another process may hold the write lock: it stops everything here. */
const BUSY_MS = 250;
/** Longer than the lock of a `LockProbe`, which is held for some microseconds. */
const IMPATIENT_MS = 25;

/**
 * Pages of the write-ahead log (4 KiB each) after which SQLite copies them into the database, within
 * a commit: the same few change with each event, so that a long log is worth it. SQLite's own 1,000
 * are some 1,500 events.
 */
const WAL_PAGES = 4_000;

/**
 * Memory for pages of the database, in KiB. With SQLite's own 2 MiB, reading 1,000 rows of a large
 * database takes four times as long.
 */
const CACHE_KIB = 8_192;

/** A database file with its prepared statements. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** The write-ahead log. SQLite takes no lock on it, so that it may be opened beside it. */
  readonly #log: Deno.FsFile;
  /** The disk has failed to take the log, and to ask it again proves nothing: it may have let go. */
  #isSuspect = false;
  readonly path: string;

  /**
   * Opens a file, makes it where it is missing, and brings its tables up to date.
   *
   * @param path The file, not a link to it; its folder must exist.
   * @throws {AppError} `unavailable` or `unsupported`, with the remedy.
   */
  constructor(path: string) {
    this.path = path;
    try {
      this.#database = new DatabaseSync(path, { timeout: BUSY_MS });
      this.#requireOwn();
      // FULL: a commit is on the disk when it returns. NORMAL would lose the last ones of a crash.
      this.get("PRAGMA journal_mode = WAL");
      this.#database.exec(`PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = ${WAL_PAGES};
        PRAGMA cache_size = -${CACHE_KIB}`);
      this.#migrate();
      this.#makeLog();
      this.#log = Deno.openSync(`${path}-wal`, { read: true, write: true });
    } catch (error) {
      throw openError(`Cannot open store "${path}"`, path, error);
    }
  }

  /** All rows of a query. */
  all(sql: string, ...parameters: SQLInputValue[]): Row[] {
    return this.#statement(sql).all(...parameters) as Row[];
  }

  /** The first row of a query. */
  get(sql: string, ...parameters: SQLInputValue[]): Row | undefined {
    return this.#statement(sql).get(...parameters) as Row | undefined;
  }

  /** Executes a statement and counts the rows that it changed. */
  run(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...parameters).changes);
  }

  /**
   * Executes a statement for many rows in a few calls: a call costs more than a row.
   *
   * @param statement How it is written for a number of rows.
   * @param rows The parameters of each row, as many for each.
   */
  runRows(statement: RowsStatement, rows: readonly (readonly SQLInputValue[])[]): void {
    for (const chunk of chunksOf(rows)) this.#ofRows(statement, chunk).run(...chunk.flat());
  }

  /**
   * Like {@linkcode runRows}, for a statement that returns rows.
   *
   * @returns Those of all calls, in no order.
   */
  allRows(statement: RowsStatement, rows: readonly (readonly SQLInputValue[])[]): Row[] {
    return chunksOf(rows).flatMap((chunk) =>
      this.#ofRows(statement, chunk).all(...chunk.flat()) as Row[]
    );
  }

  /** Executes an insert and names the new row. */
  insert(sql: string, ...parameters: SQLInputValue[]): number {
    return Number(this.#statement(sql).run(...parameters).lastInsertRowid);
  }

  /**
   * Does something in one transaction that begins with the write lock.
   *
   * @param action What to do; where it throws, nothing is done.
   * @returns What the action returned; {@linkcode flush} makes it durable.
   * @throws {EventFault} Where a value is at fault.
   * @throws {AppError} `unavailable`, where the store is.
   */
  transaction<T>(action: () => T): T {
    try {
      // Not `exec()`, whose errors have no result code.
      this.run("BEGIN IMMEDIATE");
      const result = action();
      this.run("COMMIT");
      return result;
    } catch (error) {
      this.#rollback();
      throw storeError(`Cannot write to store "${this.path}"`, error);
    }
  }

  /**
   * Does something without waiting long for a lock that another process holds.
   *
   * @param action What to do.
   * @returns What the action returned.
   */
  impatiently<T>(action: () => T): T {
    this.reading(() => this.#database.exec(`PRAGMA busy_timeout = ${IMPATIENT_MS}`));
    try {
      return action();
    } finally {
      this.#database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
  }

  /**
   * Waits until all that was committed is on the disk.
   *
   * @throws {AppError} `unavailable`, if the disk fails.
   */
  async flush(): Promise<void> {
    try {
      await this.#log.syncData();
      // Its own success tells nothing to who asks after a failure, or beside it.
      if (this.#isSuspect) this.#copyLog();
      this.#isSuspect = false;
    } catch (error) {
      this.#isSuspect = true;
      throw storeError(`Cannot write to store "${this.path}"`, error);
    }
  }

  /**
   * Reads something, and names the store where that fails.
   *
   * @param action What to do.
   * @returns What the action returned.
   * @throws {AppError} `unavailable`.
   */
  reading<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw storeError(`Cannot read store "${this.path}"`, error);
    }
  }

  /** Whether it has not been closed. */
  get isOpen(): boolean {
    return this.#database.isOpen;
  }

  /** Closes the file. */
  close(): void {
    if (!this.#database.isOpen) return;
    this.#log.close();
    this.#database.close();
  }

  #statement(sql: string): StatementSync {
    return this.#shaped(sql, () => sql);
  }

  #ofRows({ key, render }: RowsStatement, rows: readonly (readonly unknown[])[]): StatementSync {
    const row = (): string => `(${rows[0]?.map(() => "?").join(", ")})`;
    return this.#shaped(`${rows.length} ${key}`, () => render(Array.from(rows, row).join(", ")));
  }

  #shaped(key: string, render: () => string): StatementSync {
    const present = this.#statements.get(key);
    if (present !== undefined) return present;
    const statement = this.#database.prepare(render());
    this.#statements.set(key, statement);
    return statement;
  }

  #rollback(): void {
    try {
      if (this.#database.isOpen) this.#database.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself, or never began.
    }
  }

  /**
   * Makes the write-ahead log, and from then on leaves it to {@linkcode flush} to wait for the
   * disk. It is the same wait for the same file that `synchronous = FULL` has within COMMIT, but
   * other requests are read meanwhile.
   */
  #makeLog(): void {
    this.run("INSERT OR REPLACE INTO meta VALUES ('opened_at', ?)", String(Date.now()));
    this.#database.exec("PRAGMA synchronous = NORMAL");
  }

  /** Writes all that the log has into the database, and waits for the disk. */
  #copyLog(): void {
    const isBusy = this.get("PRAGMA wal_checkpoint(TRUNCATE)")?.busy !== 0;
    if (isBusy) throw new Error("the database is read while the disk fails");
  }

  /** Before anything is changed in the file of another program. */
  #requireOwn(): void {
    const isNew = this.get("PRAGMA user_version")?.user_version === 0;
    if (!isNew || this.get("SELECT name FROM sqlite_schema") === undefined) return;
    throw new AppError("unsupported", "it has the tables of another program", {
      hint: "name a database of DREC in `sqlite.path`, or a file that does not exist yet",
    });
  }

  #migrate(): void {
    const version = Number(this.get("PRAGMA user_version")?.user_version);
    if (version > MIGRATIONS.length) {
      throw new AppError("unsupported", "its tables are of a newer version of DREC", {
        hint: "run that version, or restore a backup made before it",
      });
    }
    for (let next = version; next < MIGRATIONS.length; next++) {
      this.#database.exec(`BEGIN IMMEDIATE; ${MIGRATIONS[next]};
        PRAGMA user_version = ${next + 1}; COMMIT`);
    }
  }
}
