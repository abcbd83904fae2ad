import type { Transaction } from '../database/client.ts';
import type { Content, Prisma } from '../database/generated/client.ts';
import { contentHash, type SharedState, sharedState } from './contentHash.ts';

/** What a word from the site came to. */
export type MergeOutcome = 'created' | 'updated' | 'unchanged' | 'conflict' | 'outdated' | 'deleted_remote';

/** Holds a content, there or not, until the end of the transaction, so that changes to it follow one another. */
export async function lockContent(tx: Transaction, siteId: number, subject: string): Promise<void> {
  await tx.$queryRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`content:${siteId}:${subject}`}, 0))::text`;
}

/** How a content is called by its site, and in `WebhookDelivery.subject`. */
export function subjectOf(contentType: string, externalId: string): string {
  return `${contentType}:${externalId}`;
}

/** Are there edits here that the site has not been told of? */
export function hasLocalChanges(content: Pick<Content, 'localVersion' | 'syncedVersion'>): boolean {
  return content.localVersion > content.syncedVersion;
}

/** Does the site speak of a time before what is already known? */
export function isOutdated(content: Pick<Content, 'externalModifiedAt'>, modifiedAt: Date | null): boolean {
  return (
    modifiedAt !== null && content.externalModifiedAt !== null && modifiedAt < content.externalModifiedAt
  );
}

/**
 * Brings what the site says into a stored content, three ways: the base that both last agreed on, the edits
 * here, the site's state. Where both changed nothing is overwritten, and it becomes a conflict.
 * `facts` (status, address, time on the site) are the site's alone and always taken.
 */
export async function mergeRemote(
  tx: Transaction,
  content: Content,
  remote: SharedState,
  facts: Prisma.ContentUpdateInput,
): Promise<MergeOutcome> {
  const hash = contentHash(remote);
  const local = contentHash(sharedState(content));
  if (hash === content.baseHash && hash !== local) {
    // Nothing changed there, or what changed was taken back.
    const syncState = stateWithoutRemoteChange(content);
    await tx.content.update({ where: { id: content.id }, data: { ...facts, syncState, remoteHash: hash } });
    return content.syncState === syncState ? 'unchanged' : 'updated';
  }
  if (hasLocalChanges(content) && hash !== local) {
    await tx.content.update({
      where: { id: content.id },
      data: { ...facts, syncState: 'conflict', remoteHash: hash },
    });
    return 'conflict';
  }
  await tx.content.update({
    where: { id: content.id },
    data: {
      ...facts,
      ...(hash === local ? {} : storedState(remote)),
      baseHash: hash,
      remoteHash: hash,
      syncState: 'in_sync',
      syncedVersion: content.localVersion,
      lastSyncedAt: new Date(),
    },
  });
  return hash === local && content.syncState === 'in_sync' ? 'unchanged' : 'updated';
}

/** The site has it no more. It stays here, and says so. */
export async function markDeletedRemote(
  tx: Transaction,
  content: Content,
  facts: Prisma.ContentUpdateInput,
): Promise<MergeOutcome> {
  await tx.content.update({ where: { id: content.id }, data: { ...facts, syncState: 'deleted_remote' } });
  return content.syncState === 'deleted_remote' ? 'unchanged' : 'deleted_remote';
}

/** A shared state in the columns that keep it. */
export function storedState(state: SharedState) {
  const { title, slug, body, excerpt } = state;
  const status: Content['status'] = state.status === 'published' ? 'published' : 'draft';
  const terms: Prisma.InputJsonArray = state.terms.map(({ taxonomy, slug: termSlug, name }) => ({
    taxonomy,
    slug: termSlug,
    name,
  }));
  return { title, slug, body, excerpt, status, terms, metadata: state.metadata };
}

function stateWithoutRemoteChange(content: Content): Content['syncState'] {
  return hasLocalChanges(content) ? 'local_changes' : 'in_sync';
}
