import type { Database, Transaction } from '../../database/client.ts';
import type { EventType, Prisma, SyncEvent } from '../../database/generated/client.ts';
import { notFound } from '../../errors.ts';
import { scrub } from '../../security/scrub.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import type { EventAction } from './eventActions.ts';

/** An event of one site, to be recorded. It must hold no secret; texts from outside are scrubbed all the same. */
export type EventInput = EventFacts &
  { [Type in EventType]: { type: Type; action: EventAction<Type> } }[EventType];

interface EventFacts {
  accountId: number;
  siteId: number;
  integrationId?: number | null;
  success?: boolean;
  contentId?: number | null;
  externalId?: string | null;
  details?: Prisma.InputJsonObject;
  error?: string | null;
  durationMs?: number;
}

export interface EventFilter {
  /** Events older than this id. */
  before?: bigint;
  limit: number;
  type?: EventType;
  success?: boolean;
}

export interface EventPage {
  events: SyncEvent[];
  /** The id before which the next page begins; null on the last page. */
  nextBefore: bigint | null;
}

/** Writes and lists events. Nothing else writes events. */
export class EventLog {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Writes an event in the transaction of the change that it reports, so that neither exists without the other. */
  async record(tx: Transaction, event: EventInput): Promise<void> {
    await tx.syncEvent.create({ data: row(event), select: { id: true } });
  }

  /** Writes several events, in the transaction of the changes that they report. */
  async recordAll(tx: Transaction, events: readonly EventInput[]): Promise<void> {
    if (events.length === 0) return;
    // One parameter, so that a whole page is one statement that stays prepared.
    await tx.$executeRaw`
      INSERT INTO sync_event (account_id, site_id, integration_id, event_type, action, success, content_id,
        external_id, details, error_message, duration_ms)
      SELECT "accountId", "siteId", "integrationId", "eventType"::event_type, action, success, "contentId",
        "externalId", details, "errorMessage", "durationMs"
      FROM json_to_recordset(${JSON.stringify(events.map(row))}::json) AS event ("accountId" int, "siteId" int,
        "integrationId" int, "eventType" text, action text, success boolean, "contentId" int, "externalId" text,
        details jsonb, "errorMessage" text, "durationMs" int)`;
  }

  /** Writes an event without a change, such as a failed decryption of a secret. */
  async recordAlone(event: EventInput): Promise<void> {
    await this.record(this.#db, event);
  }

  /** The events of a site, with those of deleted integrations, newest first. Throws 404 for a foreign site. */
  async listForSite(scope: TenantScope, siteId: number, filter: EventFilter): Promise<EventPage> {
    const site = await this.#db.site.findFirst({
      where: { id: siteId, accountId: scope.accountId },
      select: { id: true },
    });
    if (!site) throw notFound();
    return this.#page({ accountId: scope.accountId, siteId }, filter);
  }

  /** The events of an integration, newest first. Throws 404 for a foreign integration. */
  async listForIntegration(
    scope: TenantScope,
    integrationId: number,
    filter: EventFilter,
  ): Promise<EventPage> {
    const integration = await this.#db.siteIntegration.findFirst({
      where: { id: integrationId, ...inScope(scope) },
      select: { id: true },
    });
    if (!integration) throw notFound();
    return this.#page({ accountId: scope.accountId, integrationId }, filter);
  }

  async #page(where: Prisma.SyncEventWhereInput, filter: EventFilter): Promise<EventPage> {
    const events = await this.#db.syncEvent.findMany({
      where: {
        ...where,
        ...(filter.before === undefined ? {} : { id: { lt: filter.before } }),
        ...(filter.type ? { eventType: filter.type } : {}),
        ...(filter.success === undefined ? {} : { success: filter.success }),
      },
      orderBy: { id: 'desc' },
      take: filter.limit + 1,
    });
    const more = events.length > filter.limit;
    const page = events.slice(0, filter.limit);
    return { events: page, nextBefore: more ? (page.at(-1)?.id ?? null) : null };
  }
}

function row(event: EventInput): Prisma.SyncEventCreateManyInput {
  return {
    accountId: event.accountId,
    siteId: event.siteId,
    integrationId: event.integrationId ?? null,
    eventType: event.type,
    action: event.action,
    success: event.success ?? true,
    contentId: event.contentId ?? null,
    externalId: event.externalId?.toWellFormed() ?? null,
    details: event.details ?? {},
    // A cut may leave half a character, which PostgreSQL does not store.
    errorMessage: event.error ? scrub(event.error).slice(0, 2_000).toWellFormed() : null,
    durationMs: event.durationMs === undefined ? null : Math.round(event.durationMs),
  };
}
