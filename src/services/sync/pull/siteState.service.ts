import type { Database } from '../../../database/client.ts';
import { type Content, Prisma } from '../../../database/generated/client.ts';
import { CallerError, notFound, RemoteError } from '../../../errors.ts';
import type { PlatformRegistry } from '../../../platforms/registry.ts';
import { inScope, type TenantScope } from '../../access/tenantScope.ts';
import { mustBeConflict } from '../../content/contentEdit.service.ts';
import { lockContent, lockRows } from '../../content/contentLocks.ts';
import { withoutItem } from '../../content/lostItem.ts';
import type { EventAction } from '../../events/eventActions.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { type IntegrationRow, withSite } from '../../integrations/integrationRow.ts';
import type { ItemReader } from './itemReader.ts';

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  reader: ItemReader;
  events: EventLog;
}

/** Takes the state that the site has, because a user asked for it. */
export class SiteStateService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Resolves a conflict in favour of the site: reads the item, takes its state and drops the edits here. Throws 404,
   * 409 when there is no conflict, 422 when the site cannot be read, 501 when no integration can read contents.
   */
  async keepRemote(scope: TenantScope, contentId: number): Promise<Content> {
    const content = await this.#find(scope, contentId);
    mustBeConflict(content);
    if (content.linkMismatch !== null) return this.#letGo(scope, content);
    return this.#take(content, {
      check: mustBeConflict,
      action: 'conflict_resolved',
      details: { keep: 'remote', user_id: scope.userId },
    });
  }

  /**
   * Takes an excluded content back: reads its item and stores the texts again. Throws 404, 409 when the content is not
   * excluded, 422 when the site cannot be read or has no item of the content, 501 when no integration can read contents.
   */
  async include(scope: TenantScope, contentId: number): Promise<Content> {
    const content = await this.#find(scope, contentId);
    mustBeExcluded(content);
    if (content.externalId === null) {
      throw new CallerError('unprocessable', 'The site has no known item of this content.', {
        code: 'not_on_site',
      });
    }
    return this.#take(content, {
      check: mustBeExcluded,
      action: 'included',
      details: { user_id: scope.userId },
    });
  }

  async #find(scope: TenantScope, id: number): Promise<Content> {
    const content = await this.#parts.db.content.findFirst({ where: { id, ...inScope(scope) } });
    if (!content) throw notFound();
    return content;
  }

  /** Reads the item and stores its state. `check` throws when the content has changed in the meantime. */
  async #take(
    { id, siteId, platform, contentType, externalId }: Content,
    {
      check,
      action,
      details,
    }: {
      check: (content: Content) => void;
      action: EventAction<'content'>;
      details: Prisma.InputJsonObject;
    },
  ): Promise<Content> {
    const integration = platform === null ? null : await this.#readerOf(siteId, platform);
    if (externalId === null || !integration) {
      throw new CallerError('not_supported', 'No integration of this site can read a content.');
    }
    const item = { integration, contentType, externalId };
    const reading = await this.#parts.reader.read(item).catch((error: unknown) => {
      if (!(error instanceof RemoteError)) throw error;
      throw new CallerError('unprocessable', `The site cannot be read: ${error.message}`, {
        code: error.code,
      });
    });
    return this.#parts.db.$transaction(async (tx) => {
      await lockContent(tx, siteId, contentType, externalId);
      const now = await tx.content.findUniqueOrThrow({ where: { id } });
      check(now);
      await tx.content.update({
        where: { id },
        data: {
          syncedVersion: now.localVersion,
          baseHash: null,
          externalModifiedAt: null,
          // The user has decided that the item is this content's.
          birth: Prisma.DbNull,
          ...(now.syncState === 'excluded' ? { syncState: 'deleted_remote' } : {}),
        },
      });
      await this.#parts.reader.store(tx, item, reading);
      await this.#parts.reader.record(tx, item, id, { action, error: null, details });
      return tx.content.findUniqueOrThrow({ where: { id } });
    });
  }

  /** The item belongs to another content: this content loses its link to the item and keeps its texts. */
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

  /** The site's integration with a platform; null when there is none, or the platform cannot read contents. */
  async #readerOf(siteId: number, platform: string): Promise<IntegrationRow | null> {
    if (this.#parts.platforms.get(platform).content === undefined) return null;
    return this.#parts.db.siteIntegration.findUnique({
      where: { siteId_platform: { siteId, platform } },
      include: withSite,
    });
  }
}

/** Throws 409 for a content that is not excluded. */
function mustBeExcluded({ syncState }: Content): void {
  if (syncState !== 'excluded') {
    throw new CallerError('conflict', 'This content is not excluded.', { code: 'not_excluded' });
  }
}
