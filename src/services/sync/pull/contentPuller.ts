import type { Database } from '../../../database/client.ts';
import type { ContentJob } from '../../../jobs/queues.ts';
import { SiteResting } from '../../../outbound/sitePace.ts';
import { withSite } from '../../integrations/integrationRow.ts';
import type { SitePauses } from '../../integrations/sitePauses.ts';
import type { ContentSyncService } from './contentSync.service.ts';

interface Parts {
  db: Database;
  contentSync: ContentSyncService;
  pauses: SitePauses;
}

/** Reads what webhooks announced, on behalf of the worker. */
export class ContentPuller {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Does nothing when the integration is gone or switched off. Throws what went wrong: even what
   * only a person can mend may be mended before the last try. */
  async execute(job: ContentJob): Promise<void> {
    const integration = await this.#parts.db.siteIntegration.findUnique({
      where: { id: job.integrationId },
      include: withSite,
    });
    if (!integration?.isActive || !integration.syncEnabled) return;
    if (this.#parts.pauses.isOn(integration)) throw new Error('The site is left alone for a while.');
    try {
      await this.#parts.contentSync.pull(integration, job.contentType, job.externalId, 'webhook');
    } catch (error) {
      if (error instanceof SiteResting)
        await this.#parts.pauses.begin(this.#parts.db, integration, error.restMs);
      throw error;
    }
  }
}
