/** A page of items that is about to be stored. */
import type { Content } from '../../../database/generated/client.ts';
import type { Builder, RemoteContent } from '../../../platforms/remoteContent.ts';
import type { ConflictRule, SiteItems } from '../../content/merge.ts';

/** The items to which a page belongs, and how the page is stored. */
export interface PageTarget extends SiteItems {
  accountId: number;
  rule: ConflictRule;
  /**
   * Marks the contents that a full reading has seen, so that missing contents are known at its end. null for
   * any other reading.
   */
  readingId: number | null;
  /** When this worker began to read. A content that has changed here since then is newer than the page. */
  readSince: Date;
  /**
   * The site does not store a key with every item. An unknown item may then belong to a content that waits
   * for its create.
   */
  isWithoutKeys: boolean;
  /**
   * A person said that another site may be behind the address. An item that may be another item then counts
   * as another item.
   */
  isMoved: boolean;
  /**
   * When the site took our last write before a backup of this database was restored. The backup lacks the
   * writes up to this time. null if no backup was restored, or if the time is unknown.
   */
  restoredBefore: Date | null;
}

/** The columns of a content that decide what becomes of it. The title is the only text among them. */
export type KnownRow = Pick<
  Content,
  | 'id'
  | 'key'
  | 'title'
  | 'birth'
  | 'externalId'
  | 'externalStatus'
  | 'externalUrl'
  | 'externalModifiedAt'
  | 'remoteHash'
  | 'remoteTag'
  | 'syncState'
  | 'status'
  | 'visibility'
  | 'localVersion'
  | 'syncedVersion'
  | 'unreadFields'
  | 'builtWith'
  | 'editedAt'
  | 'updatedAt'
> & {
  /** The content had no item. This page shows that its create had reached the site. */
  claimed: boolean;
  /** The content was found by its texts alone, for example after a restored backup that lacks its create. */
  byTexts: boolean;
};

/** An item that exists on the site, with the hash of its shared state. */
export type LiveItem = RemoteContent & {
  status: 'draft' | 'published';
  hash: string;
  /** As it is told or, where that is absent, as it is stored. */
  builtWith: Builder | null;
};

/** An item without a content. `newKey`: the item's key; null if it has none or another content has it. */
export type NewItem = LiveItem & { newKey: string | null };

/** An item and the row of its content. */
export interface KnownItem {
  row: KnownRow;
  item: LiveItem;
}
