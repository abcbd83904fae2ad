import type { Database, Transaction } from '../../../database/client.ts';
import type { Content, Prisma } from '../../../database/generated/client.ts';
import { RemoteError } from '../../../errors.ts';
import type { ContentSession } from '../../../platforms/contentPart.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { birthVerdict } from '../../content/birth.ts';
import { markDeletedRemote } from '../../content/lostItem.ts';
import { type MergeOutcome, remoteFacts } from '../../content/merge.ts';
import type { EventAction } from '../../events/eventActions.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { configOf } from '../../integrations/integrationConfig.ts';
import type { IntegrationRow } from '../../integrations/integrationRow.ts';
import { type ContentSessions, typeOfSite } from '../openSession.ts';
import { mustBeSameSite } from '../siteCensus.ts';
import { forgetFailing } from './failingItems.ts';
import type { PageTarget } from './page.ts';
import { type PageEntry, storePage } from './storePage.ts';

export interface PullResult {
  outcome: MergeOutcome;
  /** null when neither the site nor the database has the content. */
  content: Content | null;
  /** As `PageEntry.reason`. */
  reason?: PageEntry['reason'];
}

/** One item as a site has it now. */
export interface Reading extends Pick<PageTarget, 'readSince' | 'isWithoutKeys'> {
  /** null when the site has no such item. */
  remote: RemoteContent | null;
}

/** An item that is read by itself. */
export interface SingleItem {
  integration: IntegrationRow;
  contentType: string;
  externalId: string;
}

/** For sessions that belong to no run. Only a run may write to a site. */
async function readsOnly(): Promise<void> {
  throw new Error('A session that reads single items was asked to write.');
}

interface Parts {
  db: Database;
  sessions: ContentSessions;
  events: EventLog;
}

/** Reads single items from their site, and stores them. */
export class ItemReader {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Reads an item. Throws RemoteError, VaultError, 501. */
  async read({ integration, contentType, externalId }: SingleItem): Promise<Reading> {
    const readSince = new Date();
    const closing = new AbortController();
    try {
      const session = await this.#parts.sessions.open(integration, {
        signal: closing.signal,
        beforeWrite: readsOnly,
      });
      const answer = await session.read(typeOfSite(integration, contentType), [externalId]);
      const [fault] = answer.faults;
      if (fault) throw new RemoteError(fault.code, fault.message);
      const remote = answer.items[0] ?? null;
      if (remote !== null) await this.#mustBeSameSite(integration, session, remote);
      return { remote, readSince, isWithoutKeys: session.findExisting !== undefined };
    } finally {
      closing.abort();
    }
  }

  /** An item that has the id of another item may show another site. Throws RemoteError `another_site`. */
  async #mustBeSameSite(
    { siteId, platform, ...integration }: IntegrationRow,
    session: ContentSession,
    remote: RemoteContent,
  ): Promise<void> {
    const { contentType, externalId } = remote;
    if (integration.movedAt !== null) return;
    const known = await this.#parts.db.content.findFirst({
      where: { siteId, platform, contentType, externalId },
    });
    if (!known || (await birthVerdict(known, remote, async () => known.body)) === 'same') return;
    const type = typeOfSite(integration, contentType);
    await mustBeSameSite(this.#parts.db, session, { siteId, platform }, [{ slug: contentType, type }]);
  }

  /** Stores a reading, in the caller's transaction, which holds the lock of the content. */
  async store(
    tx: Transaction,
    { integration, contentType, externalId }: SingleItem,
    { remote, ...reading }: Reading,
  ): Promise<PullResult> {
    const { accountId, siteId, platform } = integration;
    const where = { siteId, platform, contentType, externalId };
    const stored = await tx.content.findFirst({ where });
    await forgetFailing(tx, { integration, contentType }, [externalId]);
    if (remote === null || remote.status === null) {
      if (!stored) return { outcome: 'unchanged', content: null };
      const outcome = await markDeletedRemote(
        tx,
        stored,
        remote ? remoteFacts(remote) : { externalStatus: 'deleted' },
      );
      return { outcome, content: await tx.content.findFirst({ where }) };
    }
    const entries = await storePage(
      tx,
      {
        accountId,
        siteId,
        platform,
        contentType,
        rule: configOf(integration).syncSettings.conflict,
        readingId: null,
        ...reading,
        isMoved: integration.movedAt !== null,
        restoredBefore: null,
      },
      [remote],
    );
    const content = await tx.content.findFirst({ where });
    // When another item has the id now, the entry of the content that had it before comes first.
    const outcome = entries.at(-1)?.outcome ?? 'unchanged';
    const reason = entries[0]?.reason;
    return { outcome, content, ...(reason === undefined ? {} : { reason }) };
  }

  /** Records the outcome for an item. */
  record(
    tx: Transaction,
    { integration, contentType, externalId }: SingleItem,
    contentId: number | null,
    event: {
      action: EventAction<'content'>;
      error: string | null;
      details: Prisma.InputJsonObject;
      durationMs?: number;
    },
  ): Promise<void> {
    return this.#parts.events.record(tx, {
      accountId: integration.accountId,
      siteId: integration.siteId,
      integrationId: integration.id,
      type: 'content',
      success: event.error === null,
      contentId,
      externalId,
      ...event,
      details: { content_type: contentType, ...event.details },
    });
  }
}
