import type { Database } from '../../database/client.ts';
import type { EventLog } from '../events/eventLog.ts';

/** So many integrations are marked in one transaction. */
const markedAtOnce = 500;

/** The operator's word that a backup was restored, for sites that do not tell of our writes themselves. */
export class Restoration {
  readonly #db: Database;
  readonly #events: EventLog;
  readonly #now: () => number;

  constructor(parts: { db: Database; events: EventLog; now: () => number }) {
    this.#db = parts.db;
    this.#events = parts.events;
    this.#now = parts.now;
  }

  /** Has everything read before the next push of every integration, of every account. Returns how many there are. */
  async markAll(): Promise<number> {
    let marked = 0;
    for (let after = 0; ; ) {
      const rows = await this.#db.siteIntegration.findMany({
        where: { id: { gt: after } },
        orderBy: { id: 'asc' },
        take: markedAtOnce,
        select: { id: true, accountId: true, siteId: true },
      });
      const last = rows.at(-1);
      if (last === undefined) return marked;
      await this.#db.$transaction(async (tx) => {
        await tx.siteIntegration.updateMany({
          where: { id: { in: rows.map(({ id }) => id) } },
          data: { restoredAt: new Date(this.#now()) },
        });
        await this.#events.recordAll(
          tx,
          rows.map(({ id, ...owner }) => ({
            ...owner,
            integrationId: id,
            type: 'sync' as const,
            action: 'database_restored',
            details: { by: 'operator' },
          })),
        );
      });
      marked += rows.length;
      after = last.id;
    }
  }
}
