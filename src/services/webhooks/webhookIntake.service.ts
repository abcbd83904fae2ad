import { createHash } from 'node:crypto';
import type { Database, Transaction } from '../../database/client.ts';
import type { Site, WebhookDelivery } from '../../database/generated/client.ts';
import { GroupCommit } from '../../database/groupCommit.ts';
import { CallerError } from '../../errors.ts';
import type { JobQueue } from '../../jobs/queues.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { SiteSender } from '../../platforms/platform.ts';
import type { WebhookTopic } from '../../platforms/webhookPart.ts';
import type { HeldDeliveries } from './heldDeliveries.ts';

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
  /** Who sends it; null if the sender does not say it. */
  sender: SiteSender | null;
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
  sender: SiteSender | null;
}

type KeptRow = Pick<WebhookDelivery, 'id' | 'siteId' | 'webhookId' | 'bodyHash' | 'status'>;

interface Parts {
  db: Database;
  queue: JobQueue;
  held: HeldDeliveries;
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
   * with a known id is a duplicate and gets no second job. A delivery of a copy of the site is held and gets no
   * job. Throws 409 for a known id with another body.
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
      sender: delivery.sender,
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
    return this.#parts.db.$transaction(async (tx) => {
      const held = await this.#parts.held.among(tx, sorted);
      const stored = await insert(tx, sorted, held);
      const rows = new Map(stored.map((row) => [idOf(row), row]));
      const added = new Set(rows.keys());
      const others = sorted.filter((each) => !added.has(idOf(each)));
      for (const row of await known(tx, others)) rows.set(idOf(row), row);
      const rowOf = (delivery: NewDelivery) => {
        const row = rows.get(idOf(delivery));
        if (!row) throw new Error(`A delivery of site ${delivery.siteId} was neither stored nor found.`);
        return row;
      };
      // A copy of the site has copied its waiting messages too, and may send them before the site.
      const confirmed = sorted.filter((each) => {
        const { status, bodyHash } = rowOf(each);
        return status === 'held' && !held.has(each) && bodyHash === each.bodyHash;
      });
      const released = await release(tx, confirmed.map(rowOf));
      await this.#parts.queue.enqueueWebhooks(tx, [
        ...stored.filter(({ status }) => status === 'pending'),
        ...released,
      ]);
      await this.#parts.held.record(
        tx,
        [...held].flatMap(([each, reason]) =>
          added.has(idOf(each)) ? [{ ...each, id: rowOf(each).id, reason }] : [],
        ),
      );
      // Of several deliveries with one id in a group, the first is new and the others are duplicates.
      return deliveries.map((each) => ({ ...rowOf(each), duplicate: !added.delete(idOf(each)) }));
    });
  }
}

async function insert(
  tx: Transaction,
  deliveries: readonly NewDelivery[],
  held: ReadonlyMap<NewDelivery, string>,
): Promise<KeptRow[]> {
  const column = <Value>(value: (delivery: NewDelivery) => Value) => deliveries.map(value);
  return tx.$queryRaw<KeptRow[]>`
    INSERT INTO webhook_delivery (account_id, site_id, webhook_id, topic, subject, body, body_hash, status,
                                  sender_home, sender_installation, error_message)
    SELECT account_id, site_id, webhook_id, topic, subject, body::jsonb, body_hash,
           CASE WHEN reason IS NULL THEN 'pending' ELSE 'held' END::delivery_status,
           CASE WHEN reason IS NOT NULL THEN home END, CASE WHEN reason IS NOT NULL THEN installation END, reason
    FROM unnest(${column((each) => each.accountId)}::int[], ${column((each) => each.siteId)}::int[],
                ${column((each) => each.webhookId)}::text[], ${column((each) => each.topic)}::text[],
                ${column((each) => each.subject)}::text[], ${column((each) => each.body)}::text[],
                ${column((each) => each.bodyHash)}::text[], ${column((each) => each.sender?.home ?? null)}::text[],
                ${column((each) => each.sender?.installation ?? null)}::uuid[],
                ${column((each) => held.get(each) ?? null)}::text[])
      AS new (account_id, site_id, webhook_id, topic, subject, body, body_hash, home, installation, reason)
    ON CONFLICT (site_id, webhook_id) DO NOTHING
    RETURNING id, site_id AS "siteId", webhook_id AS "webhookId", body_hash AS "bodyHash", status`;
}

/** Releases held deliveries that the site itself has sent too. */
async function release(tx: Transaction, rows: readonly KeptRow[]): Promise<{ id: bigint; siteId: number }[]> {
  if (rows.length === 0) return [];
  return tx.webhookDelivery.updateManyAndReturn({
    where: { id: { in: rows.map(({ id }) => id) }, status: 'held' },
    data: { status: 'pending', errorMessage: null, senderHome: null, senderInstallation: null },
    select: { id: true, siteId: true },
  });
}

/** The stored rows of the deliveries that are duplicates. */
async function known(tx: Transaction, deliveries: NewDelivery[]): Promise<KeptRow[]> {
  if (deliveries.length === 0) return [];
  return tx.$queryRaw<KeptRow[]>`
    SELECT id, site_id AS "siteId", webhook_id AS "webhookId", body_hash AS "bodyHash", status
    FROM webhook_delivery JOIN unnest(${deliveries.map((each) => each.siteId)}::int[],
                                      ${deliveries.map((each) => each.webhookId)}::text[])
      AS asked (site_id, webhook_id) USING (site_id, webhook_id)`;
}

/** The id of a delivery is unique only within its site. */
function idOf(delivery: { siteId: number; webhookId: string }): string {
  return `${delivery.siteId} ${delivery.webhookId}`;
}
