/** A page of items on its way into what is stored. */
import type { Content } from '../../../database/generated/client.ts';
import type { RemoteContent } from '../../../platforms/contentPart.ts';
import type { ConflictRule, SiteItems } from '../../content/merge.ts';

/** Where a page belongs. */
export interface PageTarget extends SiteItems {
  accountId: number;
  rule: ConflictRule;
  /** Marks what is seen, so that what is missing on the site shows at the end; null where that is not asked. */
  readingId: number | null;
  /** When this worker began to read: what has changed here since is newer than the page. */
  readSince: Date;
  /** The site keeps no key with every item: one that no content here is may be a content that waits to be created. */
  isWithoutKeys: boolean;
  /** A person said that another site may stand behind the address: an item that may be another is taken for one. */
  isMoved: boolean;
  /** A backup was restored that knows nothing from here on to `restoredBefore`, when the site took our last write. */
  restoredBefore: Date | null;
}

/** What is read of a content to tell what became of it: all but its texts. */
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
  | 'localVersion'
  | 'syncedVersion'
  | 'editedAt'
  | 'updatedAt'
> & {
  /** The content was without an item, and this page shows that its create had reached the site. */
  claimed: boolean;
  /** It was known by its texts alone, as after a restored backup that does not know of its create. */
  byTexts: boolean;
};

/** An item that the site has, and the hash of what both sides have in common of it. */
export type LiveItem = RemoteContent & { status: 'draft' | 'published'; hash: string };

/** An item of which no content is known. `newKey`: the key that it bears, where that is no content's here. */
export type NewItem = LiveItem & { newKey: string | null };

/** An item of which there is a content, and the row of that. */
export interface KnownItem {
  row: KnownRow;
  item: LiveItem;
}
