import { createHash } from 'node:crypto';
import type { Database, Transaction } from '../../database/client.ts';
import type { Site, WebhookDelivery } from '../../database/generated/client.ts';
import { GroupCommit } from '../../database/groupCommit.ts';
import { CallerError } from '../../errors.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { WebhookTopic } from '../../platforms/webhookPart.ts';

export interface IncomingDelivery {
  topic: WebhookTopic;
  /** The sender's id of the message. With null the hash of the body identifies the delivery. */
  webhookId: string | null;
  /** The name of the header with the id. */
  idHeader: string;
  /** The received body as text. */
  text: string;
  body: JsonObject;
  subject: string;
}

/** A delivery to be inserted. */
interface NewDelivery {
  accountId: number;
  siteId: number;
  webhookId: string;
  topic: IncomingDelivery['topic'];
  subject: string;
  /** As JSON. */
  body: string;
  bodyHash: string;
}

type KeptRow = Pick<WebhookDelivery, 'id' | 'siteId' | 'webhookId' | 'bodyHash'>;

interface Parts {
  db: Database;
  queue: JobQueue;
}

/** Stores incoming webhooks, each together with its job, before the response. */
export class WebhookIntakeService {
  readonly #parts: Parts;
  readonly #commit = new GroupCommit({
    write: (deliveries: NewDelivery[]) => this.#keep(deliveries),
    most: 100,
    atOnce: 2,
  });

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Stores a delivery and its job in one transaction. The response may be sent only after that. A delivery
   * with a known id is a duplicate and gets no second job. Throws 409 for a known id with another body.
   */
  async receive(
    site: Pick<Site, 'id' | 'accountId'>,
    delivery: IncomingDelivery,
  ): Promise<{ deliveryId: bigint; duplicate: boolean }> {
    const bodyHash = createHash('sha256').update(`${delivery.topic}\n${delivery.text}`).digest('hex');
    const webhookId = delivery.webhookId ?? `body:${bodyHash}`;
    const kept = await this.#commit.add({
      accountId: site.accountId,
      siteId: site.id,
      webhookId,
      topic: delivery.topic,
      subject: delivery.subject,
      body: JSON.stringify(delivery.body),
      bodyHash,
    });
    if (kept.bodyHash !== bodyHash) {
      throw new CallerError(
        'conflict',
        `${delivery.idHeader} ${webhookId} was already used with another body.`,
        {
          code: 'webhook_id_reused',
          fields: [
            { field: delivery.idHeader, code: 'reused', message: 'Was already used with another body.' },
          ],
        },
      );
    }
    return { deliveryId: kept.id, duplicate: kept.duplicate };
  }

  /**
   * Stores each delivery once, with a job for each new delivery. Returns the stored row for each delivery.
   */
  async #keep(deliveries: NewDelivery[]): Promise<(KeptRow & { duplicate: boolean })[]> {
    // Every group inserts in the same order, so two groups with the same ids cannot deadlock.
    const sorted = deliveries.toSorted(
      (a, b) => a.siteId - b.siteId || (a.webhookId < b.webhookId ? -1 : Number(a.webhookId > b.webhookId)),
    );
    const column = <Name extends keyof NewDelivery>(name: Name) => sorted.map((each) => each[name]);
    return this.#parts.db.$transaction(async (tx) => {
      const stored = await tx.$queryRaw<KeptRow[]>`
        INSERT INTO webhook_delivery (account_id, site_id, webhook_id, topic, subject, body, body_hash)
        SELECT account_id, site_id, webhook_id, topic, subject, body::jsonb, body_hash
        FROM unnest(${column('accountId')}::int[], ${column('siteId')}::int[], ${column('webhookId')}::text[],
                    ${column('topic')}::text[], ${column('subject')}::text[], ${column('body')}::text[],
                    ${column('bodyHash')}::text[])
          AS new (account_id, site_id, webhook_id, topic, subject, body, body_hash)
        ON CONFLICT (site_id, webhook_id) DO NOTHING
        RETURNING id, site_id AS "siteId", webhook_id AS "webhookId", body_hash AS "bodyHash"`;
      await this.#parts.queue.enqueueWebhooks(tx, stored);
      const rows = new Map(stored.map((row) => [idOf(row), row]));
      const added = new Set(rows.keys());
      const others = sorted.filter((each) => !added.has(idOf(each)));
      for (const row of await known(tx, others)) rows.set(idOf(row), row);
      return deliveries.map((each) => {
        const row = rows.get(idOf(each));
        if (!row) throw new Error(`A delivery of site ${each.siteId} was neither stored nor found.`);
        // Of several deliveries with one id in a group, the first is new and the others are duplicates.
        return { ...row, duplicate: !added.delete(idOf(each)) };
      });
    });
  }
}

/** The stored rows of the deliveries that are duplicates. */
async function known(tx: Transaction, deliveries: NewDelivery[]): Promise<KeptRow[]> {
  if (deliveries.length === 0) return [];
  return tx.$queryRaw<KeptRow[]>`
    SELECT id, site_id AS "siteId", webhook_id AS "webhookId", body_hash AS "bodyHash"
    FROM webhook_delivery JOIN unnest(${deliveries.map((each) => each.siteId)}::int[],
                                      ${deliveries.map((each) => each.webhookId)}::text[])
      AS asked (site_id, webhook_id) USING (site_id, webhook_id)`;
}

/** The id of a delivery is unique only within its site. */
function idOf(delivery: { siteId: number; webhookId: string }): string {
  return `${delivery.siteId} ${delivery.webhookId}`;
}
