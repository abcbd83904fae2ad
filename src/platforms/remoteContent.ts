import type { JsonObject, JsonValue } from './connection.ts';
import type { ContentTexts } from './contentTexts.ts';

/** Why one item could not be read or written; also a note about a write. */
export interface ItemFault {
  /** null if the item has no id. For an item that was read, the missing id is then the fault. */
  externalId: string | null;
  /** Stable, such as `no_id`, `unreadable`, `too_long`, `forbidden`. */
  code: string;
  message: string;
  /** A note may explain why the item has another status, or another body, than was sent. */
  explains?: 'status' | 'body';
}

/**
 * A field of an item whose value cannot be read: a name of `RemoteContent`, or `metadata.` with the name of an
 * entry, or `birth.date` or `birth.author`. The content keeps the value that it has here.
 */
export interface UnreadField {
  field: string;
  /** A sentence about the value. Absent if the message of another field tells of it. */
  message?: string;
  /** The value as the site has it, for a platform that must send it back. */
  raw?: JsonValue;
}

/** Who can read a published item on its site: anyone, users with a right to it, or whoever knows its password. */
export type Visibility = 'public' | 'private' | 'password';

/**
 * The page builders of WordPress that show their own layout in place of the body of a post. A body that is written
 * to such a post is stored and never shown, or destroys the layout.
 */
export const BUILDERS = ['elementor', 'divi', 'beaver_builder', 'bricks', 'oxygen', 'breakdance'] as const;
export type Builder = (typeof BUILDERS)[number];

/** One item as its site holds it. Texts are raw, as an editor sees them. */
export interface RemoteContent extends ContentTexts {
  externalId: string;
  contentType: string;
  /** The status in the site's own words, e.g. `publish`. */
  externalStatus: string;
  /**
   * The same status in our words; null if the item does not belong to the site's content, for example in the
   * trash.
   */
  status: 'draft' | 'published' | null;
  visibility: Visibility;
  /** The page builder that shows the item; null for none. Absent if the answer does not tell it. */
  builtWith?: Builder | null;
  url: string | null;
  /** ISO 8601 UTC by the site's clock; null if the item has no date. */
  modifiedAt: string | null;
  terms: ContentTerm[];
  metadata: JsonObject;
  /** A hash of the item, from the site or from the platform, 16 hexadecimal digits; null if there is none. */
  tag: string | null;
  /** The key of our content that the site stores with the item; null if it stores none. */
  contentKey: string | null;
  /**
   * The number of our content that connectors before 0.4.0 store. A restored database uses numbers again, so
   * the number alone proves nothing.
   */
  legacyContentId: number | null;
  /** null on a platform that never uses an id again. */
  birth: Birth | null;
  /** The fields that hold a default here, because the site's value cannot be read. */
  unread?: readonly UnreadField[];
}

/**
 * Facts from an item's creation, besides its slug. They tell the item from another item that got the same id
 * later, for example after the site was restored from a backup.
 */
export interface Birth {
  /** ISO 8601 UTC by the site's clock; null if the site does not say, as for a draft without a date. */
  date: string | null;
  author: string | null;
}

export interface RemoteTerm {
  externalId: string;
  parentExternalId: string | null;
  slug: string;
  name: string;
  /** How many items have the term, by the site's own count. */
  count: number;
  /**
   * `name` or `slug`, if the site's value cannot be read. The stored term keeps the value that it has here; a new term
   * gets its slug as its name, and without a slug it is not stored.
   */
  unread?: readonly UnreadField[];
}

export interface ContentTerm {
  taxonomy: string;
  slug: string;
  name: string;
}
