/** One content that is written to a site, and what comes of it. */
import type { JsonObject } from './connection.ts';
import type { ContentTexts } from './contentTexts.ts';
import type { Builder, ContentTerm, ItemFault, RemoteContent } from './remoteContent.ts';

/** The code of the RemoteError for a host that lets no write pass, although the site can be read. */
export const WRITES_BLOCKED = 'writes_blocked';

/** The texts of a create. They identify its item if the answer was lost. */
export type SentTexts = ContentTexts;

/** One content to be created or updated. */
export interface ContentWrite extends ContentTexts {
  /** Identifies the content on the site. A key is never used again. */
  contentKey: string;
  /**
   * The number of the content's row, for sites that know contents by number: those with a connector before
   * 0.4.0, and custom APIs with `content_id`.
   */
  contentId: number;
  /**
   * The operation, a UUID. Writes that are sent together share it. It identifies the webhooks that our own
   * write causes (echoes).
   */
  opId: string;
  /** When the content was made here, ISO 8601 UTC by our clock. Its item on the site cannot be older. */
  madeAt: string;
  /** null: the item is to be created. */
  externalId: string | null;
  /**
   * The create was begun before and may have succeeded. Look for its item on the site, and update that item.
   */
  mayExist: boolean;
  /**
   * The texts that earlier tries of the create sent, the latest last. The item on the site may have any of
   * them.
   */
  sentAs: readonly SentTexts[];
  /** Which of these items belonged to other contents before this create was begun. */
  ofOthers(externalIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** When the create was first begun, ISO 8601 UTC by our clock. */
  begunAt: string | null;
  /** The tag that the item on the site must still have. null: no tag is known, or any tag will do. */
  expectedTag: string | null;
  /**
   * The current item on the site, if the caller has just read it. Then only the differences need to be sent.
   */
  onSite: RemoteContent | null;
  /**
   * Texts and terms that must not be sent (`UnreadField.field`): the site's value could not be read. Empty if
   * `onSite` is known.
   */
  unread?: readonly string[];
  /** The page builder that shows the item: its body must not be sent. null if none is known. */
  builtWith: Builder | null;
  /** Write although a person edits the item on the site: the write has waited for long enough. */
  despiteEditor: boolean;
  /** null: leave the site's status, which may be finer than ours. */
  status: 'draft' | 'published' | null;
  terms: ContentTerm[];
  /** `featured_image_url` is an image to upload once and to use as the featured image. */
  metadata: JsonObject;
}

export type WriteOutcome =
  /** `remote` is the item as the site says it is now. It may differ from what was sent. */
  | { result: 'written'; created: boolean; remote: RemoteContent; notes: ItemFault[] }
  /** The item has changed since the expected state. `remote` is the current item; null if there is none. */
  | { result: 'conflict'; remote: RemoteContent | null }
  /**
   * Nothing was written: a person edits the item on the site, and their next save would overwrite the write. `by`
   * is the name of the person; null if the site does not tell it.
   */
  | { result: 'being_edited'; externalId: string | null; by: string | null }
  /**
   * Nothing was written: the item belongs to another content, or another item has the content's key.
   * `otherKey` is the key of the item. `otherId` is the item that has the content's key. Both are null if
   * unknown.
   */
  | { result: 'link_mismatch'; externalId: string | null; otherKey: string | null; otherId: string | null }
  /**
   * `retryable`: a retry may help, with `mayExist` for a create. `notMade`: the site has certainly not
   * created anything, so a retry need not look for the item.
   */
  | { result: 'failed'; fault: ItemFault; retryable: boolean; notMade?: true };
