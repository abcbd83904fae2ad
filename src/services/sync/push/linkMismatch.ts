import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { WriteOutcome } from '../../../platforms/contentWrite.ts';
import type { ItemFault } from '../../../platforms/remoteContent.ts';

export type LinkMismatch = Extract<WriteOutcome, { result: 'link_mismatch' }>;

/** Both sides of a mismatch, as stored in `Content.linkMismatch`. */
type Details = {
  /** The item that was to be written. */
  external_id: string | null;
  /** The key of that item. */
  key: string | null;
  /** The content on this server that has that key. */
  content_id: number | null;
  /** Another item, which has the content's own key. */
  other_id: string | null;
};

/**
 * Makes a content a conflict, because its item belongs to another content or another item has its key.
 * Nothing was written to the site, and a person must decide. Returns the fault and both sides of the
 * mismatch.
 */
export async function storeMismatch(
  tx: Transaction,
  { id, siteId }: Content,
  { externalId, otherKey, otherId }: LinkMismatch,
): Promise<{ fault: ItemFault; details: Details }> {
  const other =
    otherKey === null
      ? null
      : await tx.content.findFirst({ where: { key: otherKey, siteId }, select: { id: true } });
  const details = {
    external_id: externalId,
    key: otherKey,
    content_id: other?.id ?? null,
    other_id: otherId,
  };
  await tx.content.update({ where: { id }, data: { syncState: 'conflict', linkMismatch: details } });
  return { fault: { externalId, code: 'link_mismatch', message: messageOf(details) }, details };
}

/** Names both sides of the mismatch and the ways to resolve the conflict. */
function messageOf({ external_id: named, key, content_id: contentId, other_id: otherId }: Details): string {
  const owner =
    contentId !== null
      ? `content ${contentId}`
      : key === null
        ? 'a content that is not known here'
        : `the content with the key ${key}`;
  const sides =
    key === null && otherId !== null
      ? `Item ${otherId} of the site has the key of this content, but the content is linked to item ${named}.`
      : `Item ${named} of the site belongs to ${owner}.`;
  return (
    `${sides} Nothing was written. Resolve the conflict: "local" creates a new item for this content, ` +
    '"remote" only removes its link to the item.'
  );
}
