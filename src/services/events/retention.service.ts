import type { Logger } from 'pino';
import type { Database } from '../../database/client.ts';
import { Prisma } from '../../database/generated/client.ts';

const dayMs = 86_400_000;
/** How many rows one statement reads. A short statement locks the rows that it deletes only briefly. */
const pageSize = 5_000;

/** The tables that would grow for ever. `stays` selects the old rows that are not deleted. */
const records = {
  events: { table: 'sync_event', time: 'created_at', stays: 'FALSE' },
  connection_checks: {
    table: 'connection_check',
    time: 'created_at',
    // The newest check stays, because debug-status shows it.
    stays:
      'NOT EXISTS (SELECT FROM connection_check newer WHERE newer.integration_id = kept.integration_id AND newer.id > kept.id)',
  },
  sync_runs: {
    table: 'sync_run',
    time: 'created_at',
    // The newest run stays, because sync-status shows it. So do runs that have not ended.
    stays:
      "status IN ('queued', 'syncing') OR NOT EXISTS (SELECT FROM sync_run newer WHERE newer.integration_id = kept.integration_id AND newer.id > kept.id)",
  },
  webhook_deliveries: {
    table: 'webhook_delivery',
    time: 'received_at',
    stays: "status IN ('pending', 'failed')",
  },
} as const;

/** How many rows of each kind were deleted. */
export type Removed = Record<keyof typeof records | 'write_operations', number>;

interface Parts {
  db: Database;
  keepDays: number | null;
  logger: Logger;
  now: () => number;
}

/**
 * Deletes records that are older than the retention: events, connection tests, runs, webhook deliveries that
 * are processed, dead or held, and write operations.
 */
export class RetentionService {
  readonly #parts: Parts;

  /** With `keepDays` null nothing is deleted. `now` is in ms. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Deletes old records page by page. `signal` stops the work between two pages; the next call goes on. */
  async removeOld(signal: AbortSignal): Promise<Removed> {
    const removed: Removed = {
      events: 0,
      connection_checks: 0,
      sync_runs: 0,
      webhook_deliveries: 0,
      write_operations: 0,
    };
    if (this.#parts.keepDays === null) return removed;
    const before = new Date(this.#parts.now() - this.#parts.keepDays * dayMs);
    for (const kind of ['events', 'connection_checks', 'sync_runs', 'webhook_deliveries'] as const) {
      removed[kind] = await this.#sweep(records[kind], before, signal);
    }
    removed.write_operations = await this.#sweepOperations(before, signal);
    if (Object.values(removed).some((count) => count > 0))
      this.#parts.logger.info(removed, 'old records deleted');
    return removed;
  }

  /**
   * The newest answered write operation of each integration stays, and so do all later ones. A comparison
   * with them shows whether the site knows writes that this database does not. The ids are UUIDs, so old
   * operations are found by their time.
   */
  async #sweepOperations(before: Date, signal: AbortSignal): Promise<number> {
    let removed = 0;
    while (!signal.aborted) {
      const count = await this.#parts.db.$executeRaw`
        DELETE FROM write_operation WHERE id IN (
          SELECT id FROM write_operation old
          WHERE created_at < ${before} AND EXISTS (
            SELECT FROM write_operation newer
            WHERE newer.integration_id = old.integration_id AND newer.answered_at IS NOT NULL
              AND (newer.created_at, newer.id) > (old.created_at, old.id)
          )
          ORDER BY created_at LIMIT ${pageSize}
        )`;
      removed += count;
      if (count < pageSize) break;
    }
    return removed;
  }

  /**
   * Ids grow with time, so the rows are read in the order of their ids. The first page without an old row is
   * the last. No index on the time is needed.
   */
  async #sweep(
    { table, time, stays }: (typeof records)[keyof typeof records],
    before: Date,
    signal: AbortSignal,
  ): Promise<number> {
    let removed = 0;
    let after = 0n;
    while (!signal.aborted) {
      const [page] = await this.#parts.db.$queryRaw<{ last: bigint | null; old: number; removed: number }[]>`
        WITH page AS (
          SELECT id, ${Prisma.raw(time)} < ${before} AS is_old
          FROM ${Prisma.raw(table)} WHERE id > ${after} ORDER BY id LIMIT ${pageSize}
        ), removed AS (
          DELETE FROM ${Prisma.raw(table)} kept USING page
          WHERE kept.id = page.id AND page.is_old AND NOT (${Prisma.raw(stays)})
          RETURNING 1
        )
        SELECT (SELECT max(id)::bigint FROM page) AS last,
               (SELECT count(*)::int FROM page WHERE is_old) AS old,
               (SELECT count(*)::int FROM removed) AS removed`;
      if (!page || page.last === null) return removed;
      removed += page.removed;
      if (page.old === 0) return removed;
      after = page.last;
    }
    return removed;
  }
}
