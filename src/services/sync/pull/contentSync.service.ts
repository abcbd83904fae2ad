import type { Database } from '../../../database/client.ts';
import { CallerError, notFound, RemoteError } from '../../../errors.ts';
import type { ContentJob } from '../../../jobs/jobs.ts';
import { SiteResting } from '../../../outbound/sitePace.ts';
import { inScope, type TenantScope } from '../../access/tenantScope.ts';
import { mustBeIncluded } from '../../content/contentEdit.service.ts';
import { lockContent } from '../../content/contentLocks.ts';
import { pulledEvent } from '../../events/contentEvents.ts';
import type { IntegrationService } from '../../integrations/integration.service.ts';
import { type IntegrationRow, withSite } from '../../integrations/integrationRow.ts';
import type { SitePauses } from '../../integrations/sitePauses.ts';
import type { ItemReader, PullResult } from './itemReader.ts';
import type { SlowReadings } from './slowReadings.ts';

/** Why a content is read. Only a change that no webhook announced shows that webhooks may be missing. */
export type PullCause = 'webhook' | 'user';

interface Parts {
  db: Database;
  integrations: IntegrationService;
  reader: ItemReader;
  pauses: SitePauses;
  slow: SlowReadings;
}

/** Reads contents from their sites, one at a time. */
export class ContentSyncService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Reads one stored content again. Throws 404, 422 for a content that is not on the site, 501, and RemoteError for a
   * fault of the site.
   */
  async pullStored(scope: TenantScope, integrationId: number, contentId: number): Promise<PullResult> {
    const integration = await this.#parts.integrations.get(scope, integrationId);
    const content = await this.#parts.db.content.findFirst({
      where: { id: contentId, siteId: integration.siteId, ...inScope(scope) },
    });
    if (!content) throw notFound();
    mustBeIncluded(content);
    if (content.externalId === null || content.platform !== integration.platform) {
      const where = content.platform === null ? 'the site yet' : `the ${integration.platform} site`;
      throw new CallerError('unprocessable', `This content is not on ${where}.`, { code: 'not_on_site' });
    }
    return this.pull(integration, content.contentType, content.externalId, 'user');
  }

  /**
   * Reads the content of a job, whose change a webhook announced. Does nothing when the integration is gone or
   * switched off. Throws every fault, so that the queue retries: a person may fix the cause before the last retry.
   * Throws StillReading when the site is slow.
   */
  async pullAnnounced({ integrationId, contentType, externalId }: ContentJob, jobId: string): Promise<void> {
    const integration = await this.#parts.db.siteIntegration.findUnique({
      where: { id: integrationId },
      include: withSite,
    });
    if (!integration?.isActive || !integration.syncEnabled) return;
    if (this.#parts.pauses.isOn(integration)) throw new Error('Calls to the site are paused.');
    const announced = { jobId, integrationId, item: `${contentType}:${externalId}` };
    await this.#parts.slow.read(announced, () => this.#pullOrRest(integration, contentType, externalId));
  }

  /** Pauses calls to a site that has failed too often. */
  async #pullOrRest(integration: IntegrationRow, contentType: string, externalId: string): Promise<void> {
    try {
      await this.pull(integration, contentType, externalId, 'webhook');
    } catch (error) {
      if (error instanceof SiteResting) {
        const { restMs } = error;
        await this.#parts.db.$transaction((tx) => this.#parts.pauses.begin(tx, integration, restMs));
      }
      throw error;
    }
  }

  /** Reads one item and merges it into the stored content. Throws RemoteError, VaultError, 501. */
  async pull(
    integration: IntegrationRow,
    contentType: string,
    externalId: string,
    cause: PullCause,
  ): Promise<PullResult> {
    const started = performance.now();
    const item = { integration, contentType, externalId };
    const reading = await this.#parts.reader.read(item).catch(async (error: unknown) => {
      if (error instanceof RemoteError) {
        await this.#parts.reader.record(this.#parts.db, item, null, {
          action: 'pull_failed',
          error: error.message,
          details: { code: error.code, cause },
        });
      }
      throw error;
    });
    return this.#parts.db.$transaction(async (tx) => {
      await lockContent(tx, integration.siteId, contentType, externalId);
      const result = await this.#parts.reader.store(tx, item, reading);
      await this.#parts.reader.record(tx, item, result.content?.id ?? null, {
        ...pulledEvent({
          contentType,
          outcome: result.outcome,
          reason: result.reason,
          cause,
          isUntold: cause !== 'webhook' && result.outcome !== 'unchanged' && result.outcome !== 'outdated',
          more: {
            modified_at: reading.remote?.modifiedAt ?? null,
            ...(reading.remote?.unread
              ? { unread: reading.remote.unread.map(({ field, message = '' }) => ({ field, message })) }
              : {}),
          },
        }),
        error: null,
        durationMs: performance.now() - started,
      });
      return result;
    });
  }
}
