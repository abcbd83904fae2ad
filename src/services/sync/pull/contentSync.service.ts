import type { Database, Transaction } from '../../../database/client.ts';
import { type Content, Prisma } from '../../../database/generated/client.ts';
import { CallerError, notFound, RemoteError } from '../../../errors.ts';
import type { ContentSession, RemoteContent } from '../../../platforms/contentPart.ts';
import type { PlatformRegistry } from '../../../platforms/registry.ts';
import { inScope, type TenantScope } from '../../access/tenantScope.ts';
import { birthVerdict } from '../../content/birth.ts';
import { mustBeConflict, withoutItem } from '../../content/contentEdit.service.ts';
import { lockContent, lockRows } from '../../content/contentLocks.ts';
import { type MergeOutcome, markDeletedRemote, remoteFacts } from '../../content/merge.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { IntegrationService } from '../../integrations/integration.service.ts';
import { configOf } from '../../integrations/integrationConfig.ts';
import { type IntegrationRow, withSite } from '../../integrations/integrationRow.ts';
import { type ContentSessions, typeOfSite } from '../openSession.ts';
import { mustBeSameSite } from '../siteCensus.ts';
import type { PageTarget } from './page.ts';
import { actionOf } from './pullTypes.ts';
import { type PageEntry, storePage } from './storePage.ts';

/** Why a content is read: what a webhook announced says nothing of whether webhooks come. */
export type PullCause = 'webhook' | 'user';

export interface PullResult {
  outcome: MergeOutcome;
  /** null when the site has no such content and none is stored. */
  content: Content | null;
  /** As `PageEntry.reason`. */
  reason?: PageEntry['reason'];
}

/** One content as a site has it now. */
interface Reading extends Pick<PageTarget, 'readSince' | 'isWithoutKeys'> {
  /** null when the site has no such one. */
  remote: RemoteContent | null;
}

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  integrations: IntegrationService;
  sessions: ContentSessions;
  events: EventLog;
}

/** Reads contents from their sites, one at a time. */
export class ContentSyncService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Reads one stored content anew. Throws 404, 422 for one that no site has, 501; a fault of the site is a RemoteError. */
  async pullStored(scope: TenantScope, integrationId: number, contentId: number): Promise<PullResult> {
    const integration = await this.#parts.integrations.get(scope, integrationId);
    const content = await this.#parts.db.content.findFirst({
      where: { id: contentId, siteId: integration.siteId, ...inScope(scope) },
    });
    if (!content) throw notFound();
    if (content.externalId === null || content.platform !== integration.platform) {
      const where = content.platform === null ? 'the site yet' : `the ${integration.platform} site`;
      throw new CallerError('unprocessable', `This content is not on ${where}.`, { code: 'not_on_site' });
    }
    return this.pull(integration, content.contentType, content.externalId, 'user');
  }

  /**
   * Settles a conflict for the site: its state is read and taken, the edits here are dropped. Throws 404, 409, 422
   * when the site cannot be read, 501 when none of its integrations can.
   */
  async keepRemote(scope: TenantScope, contentId: number): Promise<Content> {
    const content = await this.#parts.db.content.findFirst({ where: { id: contentId, ...inScope(scope) } });
    if (!content) throw notFound();
    mustBeConflict(content);
    if (content.linkMismatch !== null) return this.#letGo(scope, content);
    const { siteId, platform, contentType, externalId } = content;
    const integration = platform === null ? null : await this.#reader(siteId, platform);
    if (externalId === null || !integration) {
      throw new CallerError('not_supported', 'No integration of this site can read a content.');
    }
    const reading = await this.#read(integration, contentType, externalId).catch((error: unknown) => {
      if (!(error instanceof RemoteError)) throw error;
      throw new CallerError('unprocessable', `The site cannot be read: ${error.message}`, {
        code: error.code,
      });
    });
    return this.#parts.db.$transaction(async (tx) => {
      await lockContent(tx, siteId, contentType, externalId);
      const now = await tx.content.findUniqueOrThrow({ where: { id: contentId } });
      mustBeConflict(now);
      await tx.content.update({
        where: { id: contentId },
        data: {
          syncedVersion: now.localVersion,
          baseHash: null,
          externalModifiedAt: null,
          // The person has looked: the item is taken for this content's.
          birth: Prisma.DbNull,
        },
      });
      await this.#store(tx, integration, contentType, externalId, reading);
      const details = { keep: 'remote', user_id: scope.userId };
      await this.#record(tx, integration, contentType, externalId, contentId, {
        action: 'conflict_resolved',
        error: null,
        details,
      });
      return tx.content.findUniqueOrThrow({ where: { id: contentId } });
    });
  }

  /** The item is another content's: this one lets go of it, and keeps its texts. */
  async #letGo(scope: TenantScope, { id }: Content): Promise<Content> {
    return this.#parts.db.$transaction(async (tx) => {
      await lockRows(tx, [id]);
      const now = await tx.content.findUniqueOrThrow({ where: { id } });
      mustBeConflict(now);
      const data = { ...withoutItem, syncState: 'deleted_remote', externalStatus: 'replaced' } as const;
      const settled = await tx.content.update({ where: { id }, data });
      await this.#parts.events.record(tx, {
        accountId: now.accountId,
        siteId: now.siteId,
        type: 'content',
        action: 'conflict_resolved',
        contentId: id,
        externalId: now.externalId,
        details: { content_type: now.contentType, keep: 'remote', user_id: scope.userId },
      });
      return settled;
    });
  }

  /** Reads one content and brings it into what is stored. Throws RemoteError, VaultError, 501. */
  async pull(
    integration: IntegrationRow,
    contentType: string,
    externalId: string,
    cause: PullCause,
  ): Promise<PullResult> {
    const started = performance.now();
    const reading = await this.#read(integration, contentType, externalId).catch(async (error: unknown) => {
      if (error instanceof RemoteError) {
        await this.#record(this.#parts.db, integration, contentType, externalId, null, {
          action: 'pull_failed',
          error: error.message,
          details: { code: error.code, cause },
        });
      }
      throw error;
    });
    return this.#parts.db.$transaction(async (tx) => {
      await lockContent(tx, integration.siteId, contentType, externalId);
      const result = await this.#store(tx, integration, contentType, externalId, reading);
      await this.#record(tx, integration, contentType, externalId, result.content?.id ?? null, {
        action: actionOf(result),
        error: null,
        details: {
          outcome: result.outcome,
          ...(result.reason === undefined ? {} : { code: result.reason }),
          cause,
          modified_at: reading.remote?.modifiedAt ?? null,
          // A change that nobody had announced: webhooks that do not come are told by it.
          untold: cause !== 'webhook' && result.outcome !== 'unchanged' && result.outcome !== 'outdated',
        },
        durationMs: performance.now() - started,
      });
      return result;
    });
  }

  async #read(integration: IntegrationRow, contentType: string, externalId: string): Promise<Reading> {
    const readSince = new Date();
    const closing = new AbortController();
    try {
      const session = await this.#parts.sessions.open(integration, closing.signal);
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

  /** An item that has got the id of another may be the first of another site. Throws RemoteError `another_site`. */
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

  /** The site's integration with a platform; null when there is none, or it can read no contents. */
  async #reader(siteId: number, platform: string): Promise<IntegrationRow | null> {
    if (this.#parts.platforms.get(platform).content === undefined) return null;
    return this.#parts.db.siteIntegration.findUnique({
      where: { siteId_platform: { siteId, platform } },
      include: withSite,
    });
  }

  async #store(
    tx: Transaction,
    integration: IntegrationRow,
    contentType: string,
    externalId: string,
    { remote, ...reading }: Reading,
  ): Promise<PullResult> {
    const { accountId, siteId, platform } = integration;
    const where = { siteId, platform, contentType, externalId };
    const stored = await tx.content.findFirst({ where });
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
    // Where another item has got the id, the content before it comes first.
    const outcome = entries.at(-1)?.outcome ?? 'unchanged';
    const reason = entries[0]?.reason;
    return { outcome, content, ...(reason === undefined ? {} : { reason }) };
  }

  #record(
    tx: Transaction,
    integration: IntegrationRow,
    contentType: string,
    externalId: string,
    contentId: number | null,
    event: {
      action: string;
      error: string | null;
      details: Record<string, string | number | boolean | null>;
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
