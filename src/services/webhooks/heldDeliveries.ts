import type { Transaction } from '../../database/client.ts';
import type { Prisma } from '../../database/generated/client.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { SiteSender } from '../../platforms/platform.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { EventLog } from '../events/eventLog.ts';
import { type ConnectedSite, connectedHome, isCopy, ofConnectedSite } from '../integrations/siteCopies.ts';
import { deliveryEvent } from './deliveryEvents.ts';

const releasedAtOnce = 1_000;

interface Parts {
  platforms: PlatformRegistry;
  events: EventLog;
  queue: JobQueue;
}

/** A delivery whose sender may be a copy of the site. */
interface SentDelivery {
  accountId: number;
  siteId: number;
  topic: string;
  sender: SiteSender | null;
}

/**
 * Holds the deliveries of copies of a site. A copy has the key of the site and its own texts, which must not
 * replace those of the site. A person decides whether the site has moved.
 */
export class HeldDeliveries {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Returns the deliveries to hold, each with the reason for people. */
  async among<Delivery extends SentDelivery>(
    tx: Transaction,
    deliveries: readonly Delivery[],
  ): Promise<Map<Delivery, string>> {
    const named = deliveries.filter(({ sender }) => sender !== null);
    const doubted = this.#ofCopies(named, await this.#sitesOf(tx, named, false));
    if (doubted.size === 0) return doubted;
    // The site may be connected anew just now. With the lock, either the connection is seen here, or its
    // release sees the held deliveries.
    return this.#ofCopies(named, await this.#sitesOf(tx, named, true));
  }

  /** Records the events of held deliveries. */
  async record(
    tx: Transaction,
    held: readonly (SentDelivery & { id: bigint; reason: string })[],
  ): Promise<void> {
    await this.#parts.events.recordAll(
      tx,
      held.map(({ reason, sender, ...delivery }) =>
        deliveryEvent(delivery, {
          action: 'held',
          error: reason,
          details: { sender_home: sender?.home ?? null },
        }),
      ),
    );
  }

  /** Releases the held deliveries of a site that is now the connected one. Must hold the integration's lock. */
  async release(tx: Transaction, site: ConnectedSite): Promise<void> {
    const { onboards } = this.#parts.platforms.onboarding();
    const { siteId } = site;
    const senders = await tx.webhookDelivery.groupBy({
      by: ['senderHome', 'senderInstallation'],
      where: { siteId, status: 'held' },
    });
    for (const { senderHome, senderInstallation } of senders) {
      const sender = senderHome === null ? null : { home: senderHome, installation: senderInstallation };
      if (isCopy(onboards, site, sender)) continue;
      await this.#releaseOf(tx, { siteId, status: 'held', senderHome, senderInstallation });
    }
  }

  /** Releases step by step, so that memory stays flat. */
  async #releaseOf(tx: Transaction, where: Prisma.WebhookDeliveryWhereInput): Promise<void> {
    for (;;) {
      const held = await tx.webhookDelivery.findMany({
        where,
        orderBy: { id: 'asc' },
        take: releasedAtOnce,
        select: { id: true, siteId: true },
      });
      if (held.length === 0) return;
      await tx.webhookDelivery.updateMany({
        where: { id: { in: held.map(({ id }) => id) } },
        data: { status: 'pending', errorMessage: null },
      });
      await this.#parts.queue.enqueueWebhooks(tx, held);
    }
  }

  #ofCopies<Delivery extends SentDelivery>(
    deliveries: readonly Delivery[],
    sites: ReadonlyMap<number, ConnectedSite>,
  ): Map<Delivery, string> {
    const { onboards } = this.#parts.platforms.onboarding();
    const held = new Map<Delivery, string>();
    for (const delivery of deliveries) {
      const site = sites.get(delivery.siteId);
      if (site !== undefined && isCopy(onboards, site, delivery.sender))
        held.set(delivery, reasonOf(site, delivery.sender));
    }
    return held;
  }

  async #sitesOf(
    tx: Transaction,
    deliveries: readonly SentDelivery[],
    lock: boolean,
  ): Promise<Map<number, ConnectedSite>> {
    if (deliveries.length === 0) return new Map();
    const { name } = this.#parts.platforms.onboarding();
    const siteIds = [...new Set(deliveries.map(({ siteId }) => siteId))];
    if (lock)
      await tx.$queryRaw`
        SELECT id FROM site_integration WHERE platform = ${name} AND site_id = ANY(${siteIds}) ORDER BY id FOR SHARE`;
    const sites = await tx.siteIntegration.findMany({
      where: { platform: name, siteId: { in: siteIds } },
      select: ofConnectedSite,
    });
    return new Map(sites.map((site) => [site.siteId, site]));
  }
}

function reasonOf(site: ConnectedSite, sender: SiteSender | null): string {
  const home = connectedHome(site);
  return `Sent by ${sender?.home ?? 'another site'}, a copy of the site, while ${home ?? 'the site'} is connected.`;
}
