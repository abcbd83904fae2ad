/** Contents that a user deleted here, while the site has their items. */
import { type Content, Prisma } from '../../database/generated/client.ts';
import { eachText } from '../../platforms/contentTexts.ts';
import { noCreate } from './sentAndKept.ts';

/** The columns of a content without texts. */
export const noTexts = {
  ...eachText(() => ''),
  terms: [],
  metadata: {},
};

/** Does the site have the content's item, or may it have the item because a create got no answer? */
export function mayBeOnSite({
  externalId,
  syncState,
  createBegunAt,
  linkMismatch,
}: Pick<Content, 'externalId' | 'syncState' | 'createBegunAt' | 'linkMismatch'>): boolean {
  if (linkMismatch !== null) return false;
  return externalId === null ? createBegunAt !== null : syncState !== 'deleted_remote';
}

/**
 * The columns of a content that becomes excluded. A content without an item keeps its texts until its create is
 * answered or its item is read, because a site without keys knows the item by them.
 */
export function excludedColumns(content: Content): Prisma.ContentUpdateInput {
  const state = {
    syncState: 'excluded',
    syncedVersion: content.localVersion,
    baseHash: null,
    editedAt: null,
  } as const;
  return content.externalId === null ? state : { ...state, ...noTexts, ...noCreate };
}

/** Is the item of a content known to be on the site? An excluded content has a hash of its item only while it is. */
export const isOnSite = Prisma.sql`(sync_state <> 'deleted_remote'
  AND (sync_state <> 'excluded' OR remote_hash IS NOT NULL))`;
