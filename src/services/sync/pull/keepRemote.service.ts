import type { Database } from '../../../database/client.ts';
import { type Content, Prisma } from '../../../database/generated/client.ts';
import { CallerError, notFound, RemoteError } from '../../../errors.ts';
import type { PlatformRegistry } from '../../../platforms/registry.ts';
import { inScope, type TenantScope } from '../../access/tenantScope.ts';
import { mustBeConflict, withoutItem } from '../../content/contentEdit.service.ts';
import { lockContent, lockRows } from '../../content/contentLocks.ts';
import type { EventLog } from '../../events/eventLog.ts';
import { type IntegrationRow, withSite } from '../../integrations/integrationRow.ts';
import type { ItemReader } from './itemReader.ts';

interface Parts {
  db: Database;
  platforms: PlatformRegistry;
  reader: ItemReader;
  events: EventLog;
}

/** Resolves conflicts in favour of the site. */
export class KeepRemoteService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Resolves a conflict in favour of the site: reads the item, takes its state and drops the edits here. Throws 404,
   * 409 when there is no conflict, 422 when the site cannot be read, 501 when no integration can read contents.
   */
  async keepRemote(scope: TenantScope, contentId: number): Promise<Content> {
    const content = await this.#parts.db.content.findFirst({ where: { id: contentId, ...inScope(scope) } });
    if (!content) throw notFound();
    mustBeConflict(content);
    if (content.linkMismatch !== null) return this.#letGo(scope, content);
    const { siteId, platform, contentType, externalId } = content;
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
      const now = await tx.content.findUniqueOrThrow({ where: { id: contentId } });
      mustBeConflict(now);
      await tx.content.update({
        where: { id: contentId },
        data: {
          syncedVersion: now.localVersion,
          baseHash: null,
          externalModifiedAt: null,
          // The user has decided that the item is this content's.
          birth: Prisma.DbNull,
        },
      });
      await this.#parts.reader.store(tx, item, reading);
      const details = { keep: 'remote', user_id: scope.userId };
      await this.#parts.reader.record(tx, item, contentId, {
        action: 'conflict_resolved',
        error: null,
        details,
      });
      return tx.content.findUniqueOrThrow({ where: { id: contentId } });
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
