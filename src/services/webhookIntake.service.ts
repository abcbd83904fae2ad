import { createHash } from 'node:crypto';
import type { Database } from '../database/client.ts';
import type { Site } from '../database/generated/client.ts';
import { CallerError } from '../errors.ts';
import type { JobQueue } from '../jobs/queues.ts';
import type { JsonObject } from '../platforms/platform.ts';
import { hashSiteKey, matchesSiteKey } from '../security/siteKey.ts';
import { isSigned, type WebhookSignature } from '../security/webhookSignature.ts';
import type { SiteService } from './site.service.ts';

/** How a sender proves to be the site: by a signature over the body, or by the key itself. */
export type WebhookProof = { kind: 'signature'; signature: WebhookSignature } | { kind: 'key'; key: string };

export interface WebhookSender {
  site: Pick<Site, 'id' | 'accountId'>;
  /** Set when the key before the last rotation was used: until when that is accepted. */
  previousKeyUntil: Date | null;
}

export interface IncomingDelivery {
  topic: 'status' | 'metadata';
  /** The sender's `webhook-id`; null: the body tells one delivery from another. */
  webhookId: string | null;
  /** The bytes as they came, as text. */
  text: string;
  body: JsonObject;
  subject: string;
}

/** Takes webhooks in: who sends, then kept together with its job before it is answered. */
export class WebhookIntakeService {
  readonly #db: Database;
  readonly #sites: SiteService;
  readonly #queue: JobQueue;

  constructor(parts: { db: Database; sites: SiteService; queue: JobQueue }) {
    this.#db = parts.db;
    this.#sites = parts.sites;
    this.#queue = parts.queue;
  }

  /** The site that sent this; null when there is no such site, it has no key, or the proof is not its own. */
  async sender(siteId: number, proof: WebhookProof, text: string): Promise<WebhookSender | null> {
    const site = await this.#db.site.findFirst({ where: { id: siteId, account: { isActive: true } } });
    if (!site) return null;
    if (proof.kind === 'key') {
      if (matchesSiteKey(proof.key, site.apiKeyHash)) return { site, previousKeyUntil: null };
    } else {
      const key = await this.#sites.openKey(site);
      if (key !== null && isSigned(key, text, proof.signature)) return { site, previousKeyUntil: null };
    }
    const previous = await this.#sites.openPreviousKey(site);
    if (previous === null) return null;
    const matches =
      proof.kind === 'key'
        ? matchesSiteKey(proof.key, hashSiteKey(previous))
        : isSigned(previous, text, proof.signature);
    return matches ? { site, previousKeyUntil: site.previousKeyUntil } : null;
  }

  /**
   * Keeps a delivery and its job in one transaction; only then may it be answered. The same id again is a
   * duplicate and done once. Throws 409 for the same id with another body.
   */
  async receive(
    site: WebhookSender['site'],
    delivery: IncomingDelivery,
  ): Promise<{ deliveryId: bigint; duplicate: boolean }> {
    const bodyHash = createHash('sha256').update(`${delivery.topic}\n${delivery.text}`).digest('hex');
    const webhookId = delivery.webhookId ?? `body:${bodyHash}`;
    return this.#db.$transaction(async (tx) => {
      const [stored] = await tx.$queryRaw<{ id: bigint }[]>`
        INSERT INTO webhook_delivery (account_id, site_id, webhook_id, topic, subject, body, body_hash)
        VALUES (${site.accountId}, ${site.id}, ${webhookId}, ${delivery.topic}, ${delivery.subject},
                ${JSON.stringify(delivery.body)}::jsonb, ${bodyHash})
        ON CONFLICT (site_id, webhook_id) DO NOTHING RETURNING id`;
      if (stored) {
        await this.#queue.enqueueWebhook(tx, stored.id, site.id);
        return { deliveryId: stored.id, duplicate: false };
      }
      const known = await tx.webhookDelivery.findUniqueOrThrow({
        where: { siteId_webhookId: { siteId: site.id, webhookId } },
        select: { id: true, bodyHash: true },
      });
      if (known.bodyHash !== bodyHash) {
        throw new CallerError('conflict', `webhook-id ${webhookId} has come before, with another body.`, {
          code: 'webhook_id_reused',
          fields: [{ field: 'webhook-id', code: 'reused', message: 'Has come before, with another body.' }],
        });
      }
      return { deliveryId: known.id, duplicate: true };
    });
  }
}
