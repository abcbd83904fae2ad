import type { Transaction } from '../../../database/client.ts';
import type { Content } from '../../../database/generated/client.ts';
import type { ItemFault, WriteOutcome } from '../../../platforms/contentPart.ts';

export type LinkMismatch = Extract<WriteOutcome, { result: 'link_mismatch' }>;

/** Both sides of a mismatch, as `Content.linkMismatch` keeps them. */
type Details = {
  /** The item that was named. */
  external_id: string | null;
  /** The key that the item bears, and the content here that has the key. */
  key: string | null;
  content_id: number | null;
  /** The item that bears the content's own key. */
  other_id: string | null;
};

/**
 * Makes a content a conflict whose item is another content's, or whose key stands on another item. Nothing was
 * written, and a person has to look.
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

/** Names both sides, and what settles it. */
function messageOf({ external_id: named, key, content_id: contentId, other_id: otherId }: Details): string {
  const owner =
    contentId !== null
      ? `content ${contentId}`
      : key === null
        ? 'a content that is not known here'
        : `the content with the key ${key}`;
  const sides =
    key === null && otherId !== null
      ? `Item ${otherId} of the site bears the key of this content, and item ${named} was named.`
      : `Item ${named} of the site belongs to ${owner}.`;
  return (
    `${sides} Nothing was written. Resolve the conflict: "local" makes an item of its own, ` +
    '"remote" lets go of the item.'
  );
}
