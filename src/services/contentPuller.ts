import type { Database } from '../database/client.ts';
import type { ContentJob } from '../jobs/queues.ts';
import type { ContentSyncService } from './contentSync.service.ts';
import { withSite } from './integration.service.ts';

/** Reads what webhooks announced, on behalf of the worker. */
export class ContentPuller {
  readonly #db: Database;
  readonly #contentSync: ContentSyncService;

  constructor(parts: { db: Database; contentSync: ContentSyncService }) {
    this.#db = parts.db;
    this.#contentSync = parts.contentSync;
  }

  /** Does nothing when the integration is gone or switched off. Throws what went wrong: even what
   * only a person can mend may be mended before the last try. */
  async execute(job: ContentJob): Promise<void> {
    const integration = await this.#db.siteIntegration.findUnique({
      where: { id: job.integrationId },
      include: withSite,
    });
    if (!integration?.isActive || !integration.syncEnabled) return;
    await this.#contentSync.pull(integration, job.contentType, job.externalId, 'webhook');
  }
}
