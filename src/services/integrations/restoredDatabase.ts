import type { Database, Transaction } from '../../database/client.ts';
import type { SiteIntegration } from '../../database/generated/client.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { EventLog } from '../events/eventLog.ts';
import { configOf } from './integrationConfig.ts';

/** How many integrations one transaction marks. It locks their rows. */
const batchSize = 100;

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  events: EventLog;
  now: () => number;
}

/** Marks integrations after a restored backup. A marked integration is read in full before its next push. */
export class RestoredDatabase {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Marks every integration that can sync content, in all accounts, and records an event for each. Returns
   * how many.
   */
  async markAll(): Promise<{ integrations: number }> {
    let integrations = 0;
    for (let after: number | null = 0; after !== null; ) {
      const batch = await this.#parts.db.$transaction((tx) => this.#markBatch(tx, after ?? 0));
      integrations += batch.marked;
      after = batch.last;
    }
    return { integrations };
  }

  async #markBatch(tx: Transaction, after: number): Promise<{ marked: number; last: number | null }> {
    // The rows are locked in the order of their ids, so that two of these commands do not deadlock.
    const locked = await tx.$queryRaw<{ id: number }[]>`
      SELECT id FROM site_integration WHERE id > ${after} ORDER BY id LIMIT ${batchSize} FOR NO KEY UPDATE`;
    const rows = await tx.siteIntegration.findMany({
      where: { id: { in: locked.map(({ id }) => id) } },
      select: { id: true, accountId: true, siteId: true, platform: true, config: true },
    });
    const synced = rows.filter((row) => this.#syncsContent(row.platform, row.config));
    await tx.siteIntegration.updateMany({
      where: { id: { in: synced.map(({ id }) => id) } },
      data: { restoredAt: new Date(this.#parts.now()), restoredOperation: null },
    });
    await this.#parts.events.recordAll(
      tx,
      synced.map(({ id, accountId, siteId }) => ({
        accountId,
        siteId,
        integrationId: id,
        type: 'sync',
        action: 'database_restored',
        details: { told_by: 'operator' },
      })),
    );
    return { marked: synced.length, last: locked.at(-1)?.id ?? null };
  }

  #syncsContent(platform: string, config: SiteIntegration['config']): boolean {
    // An integration is not synced if this version no longer has its platform.
    if (!this.#parts.platforms.has(platform)) return false;
    return this.#parts.platforms.capabilitiesOf(platform, configOf({ config }).json).content;
  }
}
