import type { Connection, JsonObject } from './connection.ts';
import type { ContentTexts } from './contentTexts.ts';

/**
 * The content part of a platform: reads a site's contents in pages, finds what changed there, writes to it.
 * It knows the site and nothing of what is stored here, but for what `KnownContents` tells it.
 */
export interface ContentPart {
  /** Opens a site for one run or one reading; finds out how to speak with it. Throws RemoteError. */
  open(connection: Connection, pace: Pace): Promise<ContentSession>;
}

/**
 * How fast one site is asked. Every request of a session goes through `send`: it waits for its turn (a limit of
 * requests at once, slower where the site answers slowly or asks for patience), and counts what fails.
 */
export interface Pace {
  /** Requests to the site at once, at the most; pages are fetched ahead no further than this allows. */
  readonly atOnce: number;
  /** Aborts when the work was given up; what is under way then may fail in any way. */
  readonly signal: AbortSignal;
  /**
   * Sends one request when it is its turn. `request` makes a new request each time it is called (a new nonce, a
   * new signature) and throws RemoteError for an answer that is none: with `retryAfterMs` where the site said
   * how long to wait. A `repeatable` one is sent again after a fault that is `retryable`; another is not,
   * as the site may have done what it asked.
   */
  send<T>(request: () => Promise<T>, options: { repeatable: boolean }): Promise<T>;
}

export interface ContentSession {
  /**
   * Does `readChanges` find whatever changed, also what leaves no date behind? Otherwise everything is read anew
   * once a week, which finds what was missed.
   */
  readonly findsEveryChange: boolean;
  /** How many contents one call of `write` takes, at the most. */
  readonly writesAtOnce: number;
  /**
   * The operation (`ContentWrite.opId`) of the last write from this database that the site tells of, as it was told
   * last; null where the site knows of none, or keeps none.
   */
  readonly lastOperation: string | null;
  /** Does `write` itself refuse to overwrite what is not `expectedTag` any more? Otherwise the caller reads first. */
  readonly comparesAndSets: boolean;

  /**
   * Every item of a type in every status that belongs to the site's content, page by page, the next fetched while
   * the caller stores this one. Items that exist throughout are in one of the pages, however pages shift.
   * Goes on after `cursor`, as a page of an earlier call gave it.
   */
  readAll(request: ReadAllRequest): AsyncIterable<ContentPage>;
  /** What may have changed since `watermark`: at least all that did, seldom more. Ids that are missing come last. */
  readChanges(request: ReadChangesRequest): AsyncIterable<ContentPage>;
  /** Some items as they are now. Nothing is gone just because it may not be seen: that is a fault. */
  read(type: TypeOfSite, externalIds: readonly string[]): Promise<ReadOutcome>;
  /**
   * Looks for items that may be contents which are to be created: one look for up to a hundred of them. By the key of
   * each, the item that bears it, else the items with its slug and title; the caller knows which of those are other
   * contents'. Absent where the site itself never makes an item twice.
   */
  findExisting?(type: TypeOfSite, writes: readonly ContentWrite[]): Promise<Map<string, RemoteContent[]>>;
  /** Every term of a taxonomy, page by page. */
  readTerms(taxonomy: TypeOfSite): AsyncIterable<RemoteTerm[]>;
  /**
   * Creates and updates items of one type, each with an outcome of its own, in the order given. Throws RemoteError
   * when it is not known what became of them; a create is then tried again with `mayExist`.
   */
  write(type: TypeOfSite, writes: readonly ContentWrite[]): Promise<WriteOutcome[]>;
}

/** A content type or a taxonomy, and what the stored structure says of it; null when there is no structure yet. */
export interface TypeOfSite {
  slug: string;
  structure: {
    rest_base?: string | undefined;
    hierarchical?: boolean | undefined;
    taxonomies?: string[] | undefined;
  } | null;
}

export interface ReadAllRequest {
  type: TypeOfSite;
  /** Only the newest so many; null is all. */
  newest: number | null;
  /** Where an earlier reading left off; null at the start. */
  cursor: JsonObject | null;
}

export interface ReadChangesRequest {
  type: TypeOfSite;
  newest: number | null;
  /** As the `end` of the last complete reading gave it. */
  watermark: JsonObject;
  known: KnownContents;
}

/** What is stored here of one type of one site. Contents that the site has not, or no more, are not in it. */
export interface KnownContents {
  count(): Promise<number>;
  /** Those of `externalIds` that are known. */
  some(externalIds: readonly string[]): Promise<Map<string, KnownContent>>;
  /** The contents whose ids are whole numbers, by ranges of ids. */
  readonly numbered: NumberedContents;
  /** Everything after `after`, at most `limit`: numeric ids as numbers ascend, others in any order that stays. */
  after(after: string | null, limit: number): Promise<Map<string, KnownContent>>;
}

/**
 * Ranges of ids, for every platform whose ids are whole numbers: a site that digests its own ranges is compared
 * without a list of all ids. Range n holds the ids from n × size up to, not including, (n + 1) × size.
 */
export interface NumberedContents {
  /** The digest of each range that holds any content: the count, and the XOR of the tags. A missing tag adds 0. */
  digests(size: number): Promise<Map<number, { count: number; xor: bigint }>>;
  /** The contents in the ranges with these numbers. */
  inRanges(size: number, ranges: readonly number[]): Promise<Map<string, KnownContent>>;
}

export interface KnownContent {
  /** ISO 8601 UTC by the site's clock. */
  modifiedAt: string | null;
  /** As `RemoteContent.tag` was when it was last read. */
  tag: string | null;
}

export interface ContentPage {
  items: RemoteContent[];
  /** What could not be taken, each with why; the rest of the page is good. */
  faults: ItemFault[];
  /** Where a reading goes on after this page. */
  cursor: JsonObject;
  /** How many items this reading will bring, as far as the site told. */
  expected: number | null;
  /** With the last page only. */
  end?: {
    /** What the next `readChanges` begins with; by the site's clock, never by ours. */
    watermark: JsonObject;
    /** Ids that are known and were not found. Whether they are gone, `read` says. */
    missing: string[];
  };
}

/** Why one item was not taken. */
export interface ItemFault {
  /** null for one that has none, which is then why. */
  externalId: string | null;
  /** Stable, such as `no_id`, `unreadable`, `too_long`, `forbidden`. */
  code: string;
  message: string;
}

export interface ReadOutcome {
  items: RemoteContent[];
  /** The site says that there is no such item. */
  gone: string[];
  faults: ItemFault[];
}

/** One content as its site holds it. Texts are raw, as an editor sees them. */
export interface RemoteContent extends ContentTexts {
  externalId: string;
  contentType: string;
  /** The site's own word, e.g. `publish`. */
  externalStatus: string;
  /** What that means here; null: it is gone from the site's content, as in its trash. */
  status: 'draft' | 'published' | null;
  url: string | null;
  /** ISO 8601 UTC by the site's clock; null when it has none. */
  modifiedAt: string | null;
  terms: ContentTerm[];
  metadata: JsonObject;
  /** The site's own hash of the item, 16 hexadecimal digits; null where it makes none. */
  tag: string | null;
  /** The key of the content here that the site keeps with the item; null where it keeps none. */
  contentKey: string | null;
  /** The number of the content here that connectors before 0.4.0 keep; numbers come back, so it proves nothing. */
  legacyContentId: number | null;
  /** null on a platform that never gives an id a second time. */
  birth: Birth | null;
}

/**
 * What an item was born with, besides its slug: by it an item is told from another that got the same id later, as
 * after the backup of a site was restored.
 */
export interface Birth {
  /** ISO 8601 UTC by the site's clock; null where the site does not say, as of a draft without a date. */
  date: string | null;
  author: string | null;
}

export interface RemoteTerm {
  externalId: string;
  parentExternalId: string | null;
  slug: string;
  name: string;
  /** How many items have it, as the site counts. */
  count: number;
}

/** What a create is known by when its answer was lost. */
export type SentTexts = ContentTexts;

/** One content to be created or updated. */
export interface ContentWrite extends ContentTexts {
  /** What identifies the content on the site; never used again. */
  contentKey: string;
  /** The row's number, which only connectors before 0.4.0 are told. */
  contentId: number;
  /** The operation, a UUID: several writes that are sent together share it. Echoes are known by it. */
  opId: string;
  /** null: to be created. */
  externalId: string | null;
  /** A create that was begun before: look on the site for what became of it, and update that. */
  mayExist: boolean;
  /** The texts with which it was begun before, the latest last: it may stand on the site with any of them. */
  sentAs: readonly SentTexts[];
  /** Which of these items of the site belonged to other contents before this create was begun. */
  ofOthers(externalIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** When the create was first begun, ISO 8601 UTC by our clock. */
  begunAt: string | null;
  /** The tag that the site's item must still have; null: none is known, or any will do. */
  expectedTag: string | null;
  /** What the site has now, where the caller has just read it: only what differs needs to be sent. */
  onSite: RemoteContent | null;
  /** null: as it is on the site, which may have finer words for it. */
  status: 'draft' | 'published' | null;
  terms: ContentTerm[];
  /** `featured_image_url` in it names an image that is to be uploaded once and used. */
  metadata: JsonObject;
}

export type WriteOutcome =
  /** `remote` is what the site answered that it now holds, which may differ from what was sent. */
  | { result: 'written'; created: boolean; remote: RemoteContent; notes: ItemFault[] }
  /** It is not any more what was expected; `remote` is what is there now, null when there is nothing. */
  | { result: 'conflict'; remote: RemoteContent | null }
  /**
   * Nothing was written, as the item is another content's, or the content's key stands on another item. `otherKey` is
   * the key that the item bears, `otherId` the item that bears the content's key, as far as either is known.
   */
  | { result: 'link_mismatch'; externalId: string | null; otherKey: string | null; otherId: string | null }
  /**
   * `retryable`: trying again may help, with `mayExist` where it was a create. `notMade`: a create of which the site
   * has nothing for certain, so that a later try need not look for it.
   */
  | { result: 'failed'; fault: ItemFault; retryable: boolean; notMade?: true };

export interface ContentTerm {
  taxonomy: string;
  slug: string;
  name: string;
}
