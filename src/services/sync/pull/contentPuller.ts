import type { Database } from '../../../database/client.ts';
import type { ContentJob } from '../../../jobs/queues.ts';
import { SiteResting } from '../../../outbound/sitePace.ts';
import { withSite } from '../../integrations/integrationRow.ts';
import type { SitePauses } from '../../integrations/sitePauses.ts';
import type { ContentSyncService } from './contentSync.service.ts';

/** Reads what webhooks announced, on behalf of the worker. */
export class ContentPuller {
  readonly #db: Database;
  readonly #contentSync: ContentSyncService;
  readonly #pauses: SitePauses;

  constructor(parts: { db: Database; contentSync: ContentSyncService; pauses: SitePauses }) {
    this.#db = parts.db;
    this.#contentSync = parts.contentSync;
    this.#pauses = parts.pauses;
  }

  /** Does nothing when the integration is gone or switched off. Throws what went wrong: even what
   * only a person can mend may be mended before the last try. */
  async execute(job: ContentJob): Promise<void> {
    const integration = await this.#db.siteIntegration.findUnique({
      where: { id: job.integrationId },
      include: withSite,
    });
    if (!integration?.isActive || !integration.syncEnabled) return;
    if (this.#pauses.isOn(integration)) throw new Error('The site is left alone for a while.');
    try {
      await this.#contentSync.pull(integration, job.contentType, job.externalId, 'webhook');
    } catch (error) {
      if (error instanceof SiteResting) await this.#pauses.begin(this.#db, integration, error.restMs);
      throw error;
    }
  }
}
