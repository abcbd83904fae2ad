import type { Content } from '../../../database/generated/client.ts';
import type { ContentWrite, SentTexts } from '../../../platforms/contentWrite.ts';
import type { RemoteContent } from '../../../platforms/remoteContent.ts';
import { builderOf } from '../../content/builtContents.ts';
import { readSentTexts, wantedStatus } from '../../content/sentAndKept.ts';
import { overItem, withoutUnread } from '../../content/unreadFields.ts';
import type { ContentRun } from '../phaseContext.ts';
import { ofOthers, withNow } from './earlierCreates.ts';

/** A content that is being pushed, as it was when its write was begun. */
export interface Begun {
  content: Content;
  /** An earlier try of the create may have succeeded: its outcome is unknown. */
  mayExist: boolean;
  /** The texts that earlier tries of the create sent. */
  sentAs: SentTexts[];
  /** The push has waited for a person who edits the item, and waits no longer. */
  despiteEditor: boolean;
}

/** How long a push waits for a person who edits the item on the site. Milliseconds. */
const longestWaitMs = 24 * 3_600_000;

/** Returns the content as it is when this operation begins its write. */
export function begunAs(content: Content, platform: string, opId: string, now: Date): Begun {
  const creates = content.externalId === null;
  const mayExist = creates && content.createBegunAt !== null;
  const sentAs = mayExist ? readSentTexts(content) : [];
  const createBegunAt = creates ? (content.createBegunAt ?? now) : content.createBegunAt;
  const createSentAs = creates ? withNow(sentAs, content) : content.createSentAs;
  return {
    content: { ...content, platform, lastOpId: opId, createBegunAt, createSentAs },
    mayExist,
    sentAs,
    despiteEditor:
      content.waitsSince !== null && now.getTime() - content.waitsSince.getTime() >= longestWaitMs,
  };
}

/**
 * Returns the write that a platform carries out for a content. `found` is the current item, if it was just
 * read.
 */
export function writeOf(
  run: ContentRun,
  { content, opId, mayExist, sentAs, despiteEditor }: Begun & { opId: string },
  found: RemoteContent | null,
): ContentWrite {
  const { onSite, state } =
    found === null ? { onSite: null, state: withoutUnread(content) } : overItem(content, found);
  const { status: _, ...shared } = state;
  // A new item would be open to anyone, so a private content without an item is created as a draft.
  const isNew = content.externalId === null;
  const wanted = isNew && content.status === 'private' ? 'draft' : wantedStatus(content.status);
  const isUnread = onSite === null && content.unreadFields.includes('status');
  const now = onSite ? onSite.status : run.statusHere(content.externalStatus ?? '');
  return {
    contentKey: content.key,
    contentId: content.id,
    opId,
    madeAt: content.createdAt.toISOString(),
    externalId: content.externalId,
    mayExist,
    sentAs,
    ofOthers: (externalIds) => ofOthers(run, content, externalIds),
    begunAt: content.createBegunAt?.toISOString() ?? null,
    expectedTag: onSite?.tag ?? content.remoteTag,
    onSite,
    unread: onSite === null ? content.unreadFields : [],
    builtWith: found?.builtWith === undefined ? builderOf(content) : found.builtWith,
    despiteEditor,
    ...shared,
    // A finer status of the site, such as `pending`, stays unless another status is wanted.
    status: content.externalId !== null && (wanted === now || isUnread) ? null : wanted,
  };
}
