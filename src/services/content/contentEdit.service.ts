import type { Database, Transaction } from '../../database/client.ts';
import type { Content, ContentStatus } from '../../database/generated/client.ts';
import { CallerError, invalidField, notFound } from '../../errors.ts';
import type { JsonObject } from '../../platforms/connection.ts';
import type { ContentTexts } from '../../platforms/contentTexts.ts';
import type { ContentTerm } from '../../platforms/remoteContent.ts';
import { inScope, type TenantScope } from '../access/tenantScope.ts';
import type { EventAction } from '../events/eventActions.ts';
import type { EventLog } from '../events/eventLog.ts';
import { configOf } from '../integrations/integrationConfig.ts';
import type { SiteService } from '../sites/site.service.ts';
import { mustShowBody } from './builtContents.ts';
import { lockContent, lockRows } from './contentLocks.ts';
import { excludedColumns, mayBeOnSite } from './excluded.ts';
import { withoutItem } from './lostItem.ts';
import { hasLocalChanges } from './merge.ts';
import { contentHash, type SharedState, sharedState } from './sharedState.ts';
import { unreadAfterEdit } from './unreadFields.ts';

/** The fields of a content that a person may set. */
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

/** Stores the edits that people make on this server. An edit reaches the site with the next sync. */
export class ContentEditService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Creates a content that is not on the site yet. Throws 404 for a foreign site, 400 for a type that the
   * site does not have and for the statuses `published` and `private`.
   */
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

  /**
   * Changes the given fields. An edit that changes nothing is not stored. Throws 404, and 400 for the status
   * `published` or `private` if the content does not have it, 409 for an excluded content, and 422 for the body of a
   * content whose item a page builder shows.
   */
  async update(scope: TenantScope, id: number, requested: ContentEdit): Promise<Content> {
    return this.#locked(scope, id, async (tx, content) => {
      mustBeIncluded(content);
      mayBeSet(requested.status, content.status);
      mustShowBody(content, requested);
      // A client may send the status back as it got it. Neither side has anything to change then.
      const { status, ...rest } = requested;
      const edit: ContentEdit =
        status === undefined || status === content.status ? rest : { ...rest, status };
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
          unreadFields: unreadAfterEdit(content, before, after),
        },
      });
      await this.#record(tx, scope, changed, changed.syncState === 'conflict' ? 'conflict' : 'edited', {
        fields: Object.keys(edit),
      });
      return changed;
    });
  }

  /**
   * Deletes a content on this server. The item on the site stays. A content whose item the site has, or may have,
   * becomes `excluded`: its texts are deleted, and no sync brings them back. Throws 404.
   */
  async remove(scope: TenantScope, id: number): Promise<void> {
    await this.#locked(scope, id, async (tx, content) => {
      const details = { content_type: content.contentType };
      if (content.syncState === 'excluded') return;
      if (!mayBeOnSite(content)) {
        await tx.content.delete({ where: { id } });
        await this.#record(tx, scope, content, 'removed', details);
        return;
      }
      await tx.content.update({ where: { id }, data: excludedColumns(content) });
      await this.#record(tx, scope, content, 'excluded', details);
    });
  }

  /** Resolves a conflict in favour of the local edits: the next sync sends them. Throws 404, 409. */
  async keepLocal(scope: TenantScope, id: number): Promise<Content> {
    return this.#locked(scope, id, async (tx, content) => {
      mustBeConflict(content);
      const settled = await tx.content.update({
        where: { id },
        data:
          content.linkMismatch === null
            ? // The site's current state becomes the base of the local edits.
              { syncState: 'local_changes', baseHash: content.remoteHash }
            : { ...withoutItem, syncState: 'local_only', status: readyAgain(content.status) },
      });
      await this.#record(tx, scope, settled, 'conflict_resolved', { keep: 'local' });
      return settled;
    });
  }

  /** Runs `act` on a content while locks keep changes from its site out. Throws 404. */
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

  /**
   * Throws 400 for a type that the stored structure of the site lacks. Without a structure, any type is
   * valid.
   */
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

/** Throws 409 for an excluded content, which has no texts. */
export function mustBeIncluded({ syncState }: Pick<Content, 'syncState'>): void {
  if (syncState === 'excluded') {
    throw new CallerError(
      'conflict',
      'This content was deleted here and is excluded. Include it first: POST /api/v1/content/{id}/include.',
      { code: 'excluded' },
    );
  }
}

/** Throws 409 for a content that is not in conflict. */
export function mustBeConflict(content: Content): void {
  if (content.syncState !== 'conflict') {
    throw new CallerError('conflict', 'This content is not in conflict.', { code: 'no_conflict' });
  }
}

/**
 * A published content becomes `ready`, so that the next sync creates a new item for it. A private content becomes a
 * draft, because a new item would be open to anyone.
 */
function readyAgain(status: ContentStatus): ContentStatus {
  if (status === 'private') return 'draft';
  return status === 'published' ? 'ready' : status;
}

/** Throws 400 for a status that only the site may report. A person sets `ready` instead. */
function mayBeSet(status: ContentStatus | undefined, now: ContentStatus | null): void {
  if ((status === 'published' || status === 'private') && now !== status) {
    throw invalidField(
      'status',
      `cannot be set to ${status}. Set ready, and the next sync publishes the content.`,
      'read_only',
    );
  }
}

function editedState(content: Content): Content['syncState'] {
  if (content.syncState === 'in_sync') return 'local_changes';
  // The site has changed too, and this is the first local edit: both sides have changed now.
  if (content.syncState === 'remote_changes' && !hasLocalChanges(content)) return 'conflict';
  return content.syncState;
}

function columns(edit: ContentEdit) {
  const { terms, ...rest } = edit;
  return terms === undefined ? rest : { ...rest, terms: terms.map((term) => ({ ...term })) };
}
