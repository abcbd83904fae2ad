import type { Logger } from 'pino';
import { z } from 'zod';
import type { Database, Transaction } from '../../database/client.ts';
import type { DeliveryStatus, WebhookDelivery } from '../../database/generated/client.ts';
import { isDatabaseUnavailable } from '../../database/unavailable.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { PlatformRegistry } from '../../platforms/registry.ts';
import type { AnnouncedChange, ToldMessage } from '../../platforms/webhookPart.ts';
import { lockContent } from '../content/contentLocks.ts';
import type { EventLog } from '../events/eventLog.ts';
import { lockIntegration } from '../integrations/integrationRow.ts';
import type { SiteConnections } from '../integrations/openConnection.ts';
import { applyAnnouncedChange } from './applyAnnouncedChange.ts';
import { applyNotice, type NoticeOutcome } from './applyNotice.ts';
import { applyToldChange, type WebhookOutcome } from './applyToldChange.ts';
import { applyToldSite } from './applyToldSite.ts';
import { applyToldTerm, lockTaxonomy, prepareForTerm } from './applyToldTerm.ts';
import { deliveryEvent } from './deliveryEvents.ts';
import { type DeliveryMessage, messageOf } from './deliveryMessage.ts';
import type { SiteOutcome } from './siteMessage.ts';

/** After this many attempts a delivery is dead. Only a person can replay a dead delivery. */
const triesAtMost = 9;

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  events: EventLog;
  connections: SiteConnections;
  queue: JobQueue;
  /** Queues a reading of a site. */
  runs: { readSoon(tx: Transaction, integrationId: number): Promise<void> };
  logger: Logger;
}

type Outcome = WebhookOutcome | NoticeOutcome | SiteOutcome;

/** A term of many contents takes a while. */
const transactionMs = { timeout: 240_000 };

/** Applies stored deliveries. Each takes effect once. Those of one post are applied one after the other. */
export class WebhookInboxService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Applies a delivery, after the earlier deliveries of the same post. Does nothing when the delivery is
   * applied, dead, held or deleted. Throws the error, so that the queue retries, until the delivery is dead.
   */
  async apply(deliveryId: bigint): Promise<void> {
    const delivery = await this.#parts.db.webhookDelivery.findUnique({ where: { id: deliveryId } });
    if (!delivery || isSettled(delivery)) return;
    const { siteId, subject } = delivery;
    const earlier = await this.#parts.db.webhookDelivery.findMany({
      where: { siteId, subject, id: { lt: deliveryId }, status: 'pending' },
      orderBy: { id: 'asc' },
      select: { id: true },
    });
    for (const { id } of earlier) {
      // An earlier delivery that fails has a job of its own, which retries it and records the failure. After a
      // failure of the database, the retry of this job applies the earlier delivery first.
      await this.#applyOne(id).catch((error: unknown) => {
        if (isDatabaseUnavailable(error)) throw error;
      });
    }
    try {
      await this.#applyOne(deliveryId);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      if ((await this.#fail(delivery, error)) === 'failed') throw error;
    }
  }

  async #applyOne(deliveryId: bigint): Promise<void> {
    const started = performance.now();
    await this.#prepare(deliveryId);
    await this.#parts.db.$transaction(async (tx) => {
      const where = { id: deliveryId };
      const delivery = await tx.webhookDelivery.findUnique({ where });
      if (!delivery) return;
      const message = messageOf(this.#parts.platforms, delivery);
      await lockSubject(tx, delivery, message);
      // Another worker may have applied the delivery before it released the lock.
      const now = await tx.webhookDelivery.findUnique({ where, select: { status: true } });
      if (!now || isSettled(now)) return;
      const outcome = await this.#take(tx, delivery, message);
      if ('pull' in outcome && outcome.pull !== null)
        await this.#parts.queue.enqueueContent(tx, outcome.pull);
      if ('reads' in outcome && outcome.reads && outcome.integrationId !== null)
        await this.#parts.runs.readSoon(tx, outcome.integrationId);
      await tx.webhookDelivery.update({
        where: { id: delivery.id },
        data: {
          status: 'processed',
          processedAt: new Date(),
          attempts: { increment: 1 },
          errorMessage: null,
        },
      });
      await this.#recordOutcome(tx, delivery, outcome, performance.now() - started);
    }, transactionMs);
  }

  /** Does what a delivery needs before the transaction in which it is applied. */
  async #prepare(deliveryId: bigint): Promise<void> {
    const delivery = await this.#parts.db.webhookDelivery.findUnique({ where: { id: deliveryId } });
    if (!delivery || isSettled(delivery)) return;
    const message = messageOf(this.#parts.platforms, delivery);
    if (message.kind === 'told' && message.told.kind === 'term')
      await prepareForTerm(this.#parts.db, message.platform, delivery, message.told.term);
  }

  #take(tx: Transaction, delivery: WebhookDelivery, message: DeliveryMessage): Promise<Outcome> {
    switch (message.kind) {
      case 'announced':
        return applyAnnouncedChange(tx, delivery, message.integrationId, message.change);
      case 'notice':
        return applyNotice(tx, this.#parts, delivery, message.integrationId, message.notice);
      case 'told':
        return applyTold(tx, message.platform, delivery, message.told);
    }
  }

  async #fail(delivery: WebhookDelivery, error: unknown): Promise<DeliveryStatus> {
    const message =
      error instanceof z.ZodError
        ? 'The stored body cannot be read.'
        : 'Applying it failed by a fault of ours.';
    this.#parts.logger.error(
      { err: error, delivery_id: String(delivery.id) },
      'a webhook could not be applied',
    );
    return this.#parts.db.$transaction(async (tx) => {
      const [tried] = await tx.webhookDelivery.updateManyAndReturn({
        where: { id: delivery.id, status: { in: ['pending', 'failed'] } },
        data: { status: 'failed', attempts: { increment: 1 }, errorMessage: message },
      });
      // Another worker has applied the delivery meanwhile, or it was deleted.
      if (!tried) return 'processed';
      const { attempts } = tried;
      if (attempts < triesAtMost) return 'failed';
      await tx.webhookDelivery.update({ where: { id: delivery.id }, data: { status: 'dead' } });
      const event = { action: 'dead', error: message, details: { attempts } } as const;
      await this.#parts.events.record(tx, deliveryEvent(delivery, event));
      return 'dead';
    });
  }

  async #recordOutcome(
    tx: Transaction,
    delivery: WebhookDelivery,
    outcome: Outcome,
    durationMs: number,
  ): Promise<void> {
    const { result, integrationId } = outcome;
    const about =
      'externalId' in outcome ? { contentId: outcome.contentId, externalId: outcome.externalId } : {};
    await this.#parts.events.record(
      tx,
      deliveryEvent(delivery, {
        action: result,
        error: null,
        integrationId,
        ...about,
        details: detailsOf(outcome),
        durationMs,
      }),
    );
    if ('externalId' in outcome && outcome.result === 'conflict') {
      await this.#parts.events.record(tx, {
        accountId: delivery.accountId,
        siteId: delivery.siteId,
        integrationId: outcome.integrationId,
        type: 'content',
        action: 'conflict',
        contentId: outcome.contentId,
        externalId: outcome.externalId,
        details: { delivery_id: Number(delivery.id) },
      });
    }
  }
}

function detailsOf(outcome: Outcome): SiteOutcome['details'] {
  if ('name' in outcome) return { name: outcome.name };
  const { result } = outcome;
  const changed = result === 'updated' || result === 'deleted_remote' || result === 'links_changed';
  return { changed, ...('details' in outcome ? outcome.details : {}) };
}

function applyTold(
  tx: Transaction,
  platform: string,
  delivery: WebhookDelivery,
  told: ToldMessage,
): Promise<Outcome> {
  switch (told.kind) {
    case 'item':
      return applyToldChange(tx, platform, delivery, told.change);
    case 'term':
      return applyToldTerm(tx, platform, delivery, told.term);
    case 'site':
      return applyToldSite(tx, platform, delivery, told.site);
  }
}

/** Is there nothing to apply any more, or not yet? */
function isSettled({ status }: Pick<WebhookDelivery, 'status'>): boolean {
  return status === 'processed' || status === 'dead' || status === 'held';
}

/** Locks what a delivery is about until the end of the transaction. */
async function lockSubject(
  tx: Transaction,
  { siteId }: WebhookDelivery,
  message: DeliveryMessage,
): Promise<void> {
  if (message.kind === 'notice') return lockIntegration(tx, message.integrationId);
  if (message.kind === 'announced') return lockItem(tx, siteId, message.change);
  const { told } = message;
  if (told.kind === 'item') return lockItem(tx, siteId, told.change);
  if (told.kind === 'term') return lockTaxonomy(tx, siteId, told.term.taxonomy);
  // A message about the site itself locks its integration when it is applied.
}

function lockItem(tx: Transaction, siteId: number, change: AnnouncedChange): Promise<void> {
  return lockContent(tx, siteId, change.contentType, change.externalId);
}
