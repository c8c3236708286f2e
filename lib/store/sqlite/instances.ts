/**
 * Instances of registries.
 *
 * @module
 */

import type { LogEntry } from "../../batch.ts";
import {
  type InstanceNews,
  type InstanceSpan,
  InstanceWatch,
  MAX_INSTANCES,
  watchedSince,
} from "../../instances.ts";
import type { Context } from "./changes.ts";
import type { Database } from "./database.ts";

const NOTHING: InstanceNews = { seen: [], due: [] };

/** Writes what a batch says of instances, where it is news. */
export class Instances {
  readonly #watch = new InstanceWatch();
  #pending = NOTHING;

  /**
   * Writes what is due.
   *
   * @param context Inside the transaction.
   * @param log The rows of the log that the batch adds.
   */
  write({ database, names }: Context, log: readonly LogEntry[]): void {
    this.#pending = this.#watch.newsOf(log);
    for (const span of this.#pending.due) writeSpan(database, names.registry(span.registry), span);
  }

  /** Remembers what was written; to be called after the commit. */
  commit(): void {
    this.#watch.commit(this.#pending);
    this.#pending = NOTHING;
  }
}

/** Beyond the bound the oldest go: what is watched then seems to be watched for less long. */
function writeSpan(database: Database, registryId: number, span: InstanceSpan): void {
  database.run(
    `INSERT INTO instances VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE
      SET first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
    registryId,
    span.instance,
    span.first,
    span.last,
  );
  database.run(
    `DELETE FROM instances WHERE (registry_id, instance) IN (
      SELECT registry_id, instance FROM instances WHERE registry_id = ?
        ORDER BY first_at DESC LIMIT -1 OFFSET ${MAX_INSTANCES})`,
    registryId,
  );
}

/** @returns Since when each registry has been watched without a possible gap. */
export function readWatchedSince(database: Database): Map<string, number> {
  const rows = database.all(`SELECT name, instance, first_at, last_at
    FROM instances JOIN registries ON registries.id = registry_id`);
  return watchedSince(rows.map((row) => ({
    registry: String(row.name),
    instance: String(row.instance),
    first: Number(row.first_at),
    last: Number(row.last_at),
  })));
}
