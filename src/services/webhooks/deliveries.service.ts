import type { Database } from '../../database/client.ts';
import type { DeliveryStatus, WebhookDelivery } from '../../database/generated/client.ts';
import { CallerError, notFound } from '../../errors.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { SiteService } from '../sites/site.service.ts';
import { deliveryEvent } from './deliveryEvents.ts';

interface DeliveryFilter {
  status?: DeliveryStatus;
  siteId?: number;
  before?: bigint;
  limit: number;
}

interface Parts {
  db: Database;
  sites: SiteService;
  events: EventLog;
  queue: JobQueue;
}

/** Shows stored deliveries to the users of their account, and starts new attempts. */
export class DeliveriesService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Lists deliveries, newest first. Throws 404 for a foreign site. */
  async list(
    scope: TenantScope,
    filter: DeliveryFilter,
  ): Promise<{ deliveries: WebhookDelivery[]; nextBefore: bigint | null }> {
    if (filter.siteId !== undefined) await this.#parts.sites.get(scope, filter.siteId);
    const deliveries = await this.#parts.db.webhookDelivery.findMany({
      where: {
        ...inScope(scope),
        ...(filter.siteId === undefined ? {} : { siteId: filter.siteId }),
        ...(filter.status === undefined ? {} : { status: filter.status }),
        ...(filter.before === undefined ? {} : { id: { lt: filter.before } }),
      },
      orderBy: { id: 'desc' },
      take: filter.limit + 1,
    });
    const page = deliveries.slice(0, filter.limit);
    return {
      deliveries: page,
      nextBefore: deliveries.length > filter.limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  /**
   * Starts new attempts for a delivery that was not applied. Throws 404, and 409 for an applied delivery and for
   * one of a copy of the site.
   */
  async replay(scope: TenantScope, deliveryId: bigint): Promise<WebhookDelivery> {
    return this.#parts.db.$transaction(async (tx) => {
      const found = await tx.webhookDelivery.findFirst({ where: { id: deliveryId, ...inScope(scope) } });
      if (!found) throw notFound();
      const { count } = await tx.webhookDelivery.updateMany({
        where: { id: deliveryId, status: { notIn: ['processed', 'held'] } },
        data: { status: 'pending', attempts: 0, errorMessage: null },
      });
      if (count === 0 && found.status === 'held') {
        throw new CallerError(
          'conflict',
          `${found.errorMessage ?? 'A copy of the site sent this delivery.'} If the site has moved there, connect it there with "moved": true. Its deliveries are then applied.`,
          { code: 'held' },
        );
      }
      if (count === 0) {
        throw new CallerError('conflict', 'This delivery has already been applied.', {
          code: 'already_processed',
        });
      }
      await this.#parts.queue.enqueueWebhooks(tx, [found]);
      const event = { action: 'replayed', error: null, details: { user_id: scope.userId } } as const;
      await this.#parts.events.record(tx, deliveryEvent(found, event));
      return tx.webhookDelivery.findUniqueOrThrow({ where: { id: deliveryId } });
    });
  }
}
