/** Changes of an item that leave its date: nobody has saved the item, so no edit of a person is among them. */
import type { Content, Prisma } from '../../database/generated/client.ts';
import { contentHash, isHashOf, type SharedState, sharedState } from './sharedState.ts';

/**
 * Merges a change of terms or metadata alone that has left the date of its item, such as a renamed category, into a
 * content with edits of other fields. Returns the columns to store, or null if the change or the edits are of another
 * kind. The proof is the base hash: with the fields of the content, the item is as both sides last agreed.
 * @param modifiedAt the date of the item.
 */
export function columnsAfterUndated(
  content: Content,
  remote: SharedState,
  modifiedAt: Date | null,
): Prisma.ContentUpdateInput | null {
  const known = content.externalModifiedAt;
  if (known === null || modifiedAt?.getTime() !== known.getTime()) return null;
  const { terms, metadata } = sharedState(content);
  const fields = [{ terms }, { metadata }, { terms, metadata }];
  const unedited = fields.find((own) => isHashOf(content.baseHash, { ...remote, ...own }));
  if (unedited === undefined) return null;
  const hash = contentHash(remote);
  return {
    ...('terms' in unedited ? { terms: remote.terms.map((term) => ({ ...term })) } : {}),
    ...('metadata' in unedited ? { metadata: remote.metadata } : {}),
    baseHash: hash,
    remoteHash: hash,
    syncState: 'local_changes',
    lastSyncedAt: new Date(),
  };
}
