import type { Database, Transaction } from '../../database/client.ts';
import { type Content, type ContentStatus, Prisma } from '../../database/generated/client.ts';
import { CallerError, invalidField, notFound } from '../../errors.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { ContentTerm } from '../../platforms/contentPart.ts';
import type { ContentTexts } from '../../platforms/contentTexts.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import type { EventAction } from '../events/eventActions.ts';
import type { EventLog } from '../events/eventLog.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { SiteService } from '../sites/site.service.ts';
import { lockContent, lockRows } from './contentLocks.ts';
import { hasLocalChanges } from './merge.ts';
import { noCreate } from './sentAndKept.ts';
import { contentHash, type SharedState, sharedState } from './sharedState.ts';

/** What a person may write of a content. */
export interface ContentEdit extends Partial<ContentTexts> {
  status?: ContentStatus;
  terms?: ContentTerm[];
  metadata?: JsonObject;
}

interface Parts {
  db: Database;
  sites: SiteService;
  events: EventLog;
}

/** Contents as people write them here. Nothing of it reaches a site before a sync carries it there. */
export class ContentEditService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A new content that no site has yet. Throws 404 for a foreign site, 400 for a type that the site does not have. */
  async create(
    scope: TenantScope,
    input: { siteId: number; contentType: string } & ContentEdit,
  ): Promise<Content> {
    const { siteId, contentType, ...edit } = input;
    await this.#parts.sites.get(scope, siteId);
    await this.#mustBeType(siteId, contentType);
    mayBeSet(edit.status, null);
    return this.#parts.db.$transaction(async (tx) => {
      const content = await tx.content.create({
        data: { accountId: scope.accountId, siteId, contentType, editedAt: new Date(), ...columns(edit) },
      });
      await this.#record(tx, scope, content, 'created', { fields: Object.keys(edit) });
      return content;
    });
  }

  /** Changes what is given and keeps the rest. What changes nothing is no edit. Throws 404, 400. */
  async update(scope: TenantScope, id: number, edit: ContentEdit): Promise<Content> {
    return this.#locked(scope, id, async (tx, content) => {
      mayBeSet(edit.status, content.status);
      const before = sharedState(content);
      const after: SharedState = { ...before, ...edit };
      if (contentHash(before) === contentHash(after)) return content;
      const changed = await tx.content.update({
        where: { id },
        data: {
          ...columns(edit),
          localVersion: { increment: 1 },
          editedAt: new Date(),
          syncState: editedState(content),
        },
      });
      await this.#record(tx, scope, changed, changed.syncState === 'conflict' ? 'conflict' : 'edited', {
        fields: Object.keys(edit),
      });
      return changed;
    });
  }

  /** Removes a content here. What its site has stays there. Throws 404. */
  async remove(scope: TenantScope, id: number): Promise<void> {
    await this.#locked(scope, id, async (tx, content) => {
      await tx.content.delete({ where: { id } });
      await this.#record(tx, scope, content, 'removed', { content_type: content.contentType });
    });
  }

  /** Settles a conflict for the edits here: they are carried to the site by the next sync. Throws 404, 409. */
  async keepLocal(scope: TenantScope, id: number): Promise<Content> {
    return this.#locked(scope, id, async (tx, content) => {
      mustBeConflict(content);
      const settled = await tx.content.update({
        where: { id },
        data:
          content.linkMismatch === null
            ? // What the site has is now what the edits here are edits of.
              { syncState: 'local_changes', baseHash: content.remoteHash }
            : { ...withoutItem, syncState: 'local_only', status: readyAgain(content.status) },
      });
      await this.#record(tx, scope, settled, 'conflict_resolved', { keep: 'local' });
      return settled;
    });
  }

  /** The content as it is while no word of its site can change it. */
  async #locked<T>(
    scope: TenantScope,
    id: number,
    act: (tx: Transaction, content: Content) => Promise<T>,
  ): Promise<T> {
    return this.#parts.db.$transaction(async (tx) => {
      const where = { id, ...inScope(scope) };
      const found = await tx.content.findFirst({ where });
      if (!found) throw notFound();
      if (found.externalId !== null) await lockContent(tx, found.siteId, found.contentType, found.externalId);
      await lockRows(tx, [id]);
      const content = await tx.content.findFirst({ where });
      if (!content) throw notFound();
      return act(tx, content);
    });
  }

  /** Where the site's structure is known, a content must be of one of its types. */
  async #mustBeType(siteId: number, contentType: string): Promise<void> {
    const integrations = await this.#parts.db.siteIntegration.findMany({
      where: { siteId },
      select: { config: true },
    });
    const known = integrations.flatMap(({ config }) => {
      const types = configOf({ config }).contentTypes;
      return types ? [Object.keys(types.post_types)] : [];
    });
    if (known.length === 0 || known.flat().includes(contentType)) return;
    throw invalidField('content_type', `must be a type of the site: ${known.flat().join(', ')}.`, 'unknown');
  }

  #record(
    tx: Transaction,
    scope: TenantScope,
    content: Content,
    action: EventAction<'content'>,
    details: Record<string, string | string[]>,
  ): Promise<void> {
    return this.#parts.events.record(tx, {
      accountId: content.accountId,
      siteId: content.siteId,
      type: 'content',
      action,
      contentId: content.id,
      externalId: content.externalId,
      details: { ...details, user_id: scope.userId },
    });
  }
}

/** Throws 409 for a content that is in no conflict. */
export function mustBeConflict(content: Content): void {
  if (content.syncState !== 'conflict') {
    throw new CallerError('conflict', 'This content is in no conflict.', { code: 'no_conflict' });
  }
}

/** The columns of a content that lets go of an item that is another content's. */
export const withoutItem = {
  platform: null,
  externalId: null,
  externalUrl: null,
  externalStatus: null,
  externalModifiedAt: null,
  baseHash: null,
  remoteHash: null,
  remoteTag: null,
  lastOpId: null,
  syncedVersion: 0,
  birth: Prisma.DbNull,
  linkMismatch: Prisma.DbNull,
  ...noCreate,
};

/** What was published is made anew as an item of its own. */
function readyAgain(status: ContentStatus): ContentStatus {
  return status === 'published' ? 'ready' : status;
}

/** Publishing is the site's to report: a person asks for it with `ready`. */
function mayBeSet(status: ContentStatus | undefined, now: ContentStatus | null): void {
  if (status === 'published' && now !== 'published') {
    throw invalidField('status', 'is set by publishing; use ready to have it published.', 'read_only');
  }
}

function editedState(content: Content): Content['syncState'] {
  if (content.syncState === 'in_sync') return 'local_changes';
  // The site has changed as well, and nobody has looked at it yet.
  if (content.syncState === 'remote_changes' && !hasLocalChanges(content)) return 'conflict';
  return content.syncState;
}

function columns(edit: ContentEdit) {
  const { terms, ...rest } = edit;
  return {
    ...rest,
    ...(terms === undefined
      ? {}
      : { terms: terms.map(({ taxonomy, slug, name }) => ({ taxonomy, slug, name })) }),
  };
}
