import type { RemoteError } from '../errors.ts';
import type { Connection, JsonObject } from './connection.ts';
import type { ContentWrite, WriteOutcome } from './contentWrite.ts';
import type { Incomplete } from './incompleteList.ts';
import type { KnownContents } from './knownContents.ts';
import type { SizeMemory } from './parts/partSize.ts';
import type { ItemFault, RemoteContent, RemoteTerm } from './remoteContent.ts';

/**
 * The content part of a platform: reads a site's contents in pages, finds changes there, and writes to the
 * site. It knows only the site. What this server has stored, it learns from `KnownContents` alone.
 */
export interface ContentPart {
  /**
   * Opens a site for one run or one read, and finds out which API to use. `sizes` remembers how much a weak site can
   * answer at once. Throws RemoteError.
   */
  open(connection: Connection, pace: Pace, sizes?: SizeMemory): Promise<ContentSession>;
}

/**
 * The pace of requests to one site. Every request of a session goes through `send`: it waits for its turn and
 * counts failures. The pace limits concurrent requests, and slows down when the site answers slowly or asks
 * to wait.
 */
export interface Pace {
  /** The most concurrent requests to the site. A session prefetches no more pages than this allows. */
  readonly atOnce: number;
  /** Aborts when the work was given up. A request under way may then fail in any way. */
  readonly signal: AbortSignal;
  /**
   * Sends one request when it is its turn. `request` builds a new request on each call (a new nonce, a new
   * signature). It throws RemoteError for an unusable answer, with `retryAfterMs` if the site said how long
   * to wait. A `repeatable` request is retried after a `retryable` fault. Other requests are not, as the site
   * may have carried them out. A request that `writes` to the site is preceded by `beforeWrite`. A `divisible`
   * request is not retried after a failure that may come from too much work (src/outbound/overload.ts): the caller
   * asks for less (src/platforms/parts). Such a failure counts only if the next request fails too.
   */
  send<T>(
    request: () => Promise<T>,
    options: { repeatable: boolean; writes: boolean; divisible?: boolean },
  ): Promise<T>;
  /**
   * Must be called immediately before each write, also before a write that is sent again. Throws if the work
   * may no longer write, for example because another worker has taken it over. `send` calls it; a platform
   * calls it only where it waits between `send` and the request.
   */
  beforeWrite(): Promise<void>;
}

export interface ContentSession {
  /**
   * Something about the connection that a person should mend, although the session works. Absent or null if there
   * is nothing.
   */
  readonly problem?: RemoteError | null;
  /**
   * Does `readChanges` find every change, also one that leaves an item's date as it was? If not, the caller
   * compares a part of the items in each run, by `readSlice`, and reads everything if that takes over a week.
   */
  readonly findsEveryChange: boolean;
  /** The most contents that one call of `write` takes. It becomes smaller if a weak site cannot carry out so many. */
  readonly writesAtOnce: number;
  /**
   * The operation (`ContentWrite.opId`) of the last write from this database, as the site reported it last.
   * null if the site knows of no such write, or stores no operations.
   */
  readonly lastOperation: string | null;
  /**
   * Does `write` itself refuse to overwrite an item whose tag is no longer `expectedTag`? If not, the caller
   * reads the item first.
   */
  readonly comparesAndSets: boolean;

  /**
   * What disturbs the answers of the site so far, although they can be read: other output beside the JSON, or
   * characters that JSON does not allow. null if there is nothing.
   */
  finding?(): RemoteError | null;

  /**
   * Sends the cheapest request that the site must answer. Throws RemoteError if the site is down. Absent if the
   * platform does not tell a site that is down from a site that breaks down over one item.
   */
  prove?(): Promise<void>;

  /**
   * Reads every item of a type, in every status that belongs to the site's content, page by page. The next
   * page is fetched while the caller stores the current one. An item that exists during the whole read is on
   * one of the pages, even if pages shift. The read continues after `cursor`, which comes from a page of an
   * earlier call.
   */
  readAll(request: ReadAllRequest): AsyncIterable<ContentPage>;
  /**
   * Reads what may have changed since `watermark`: every changed item, and few others. The missing ids come
   * last.
   */
  readChanges(request: ReadChangesRequest): AsyncIterable<ContentPage>;
  /**
   * Reads a part of a type's items in full, whether they have changed or not, from where the last part ended.
   * Each page takes one request, and there are at most `requests` pages. The last page of the type has no cursor.
   * Absent if `readChanges` finds every change. A cursor that the site no longer takes is a RemoteError.
   */
  readSlice?(request: SliceRequest): AsyncIterable<SlicePage>;
  /**
   * Which of these users the site shows, or which of these pictures; at most a hundred ids. null if the site does not
   * say. Absent if `readChanges` finds items whose user or picture was deleted.
   */
  shownUsers?(ids: readonly string[]): Promise<string[] | null>;
  shownPictures?(ids: readonly string[]): Promise<string[] | null>;
  /**
   * The state of the site's pictures in one request. `since`: the largest id at the last look. null if the site does
   * not count them.
   */
  pictureLibrary?(since: number | null): Promise<PictureLibrary | null>;
  /**
   * Reads some items in their current state. An item that the user may not see is a fault and does not count
   * as gone.
   */
  read(type: TypeOfSite, externalIds: readonly string[]): Promise<ReadOutcome>;
  /**
   * Looks for items that may already belong to contents that are to be created, for up to a hundred contents
   * at once. For each content: the item with its key, else the items with its slug and title. The caller
   * knows which of these items belong to other contents. Absent if the site itself never creates an item
   * twice.
   */
  findExisting?(type: TypeOfSite, writes: readonly ContentWrite[]): Promise<Map<string, RemoteContent[]>>;
  /**
   * What the links of a type's items are made of besides the items, as far as the session has heard of it. Ask it
   * after the type was read. Absent if the platform does not say.
   */
  linkBase?(type: TypeOfSite): LinkBase;
  /**
   * Reads the links of some items, at most `linksAtOnce`, and nothing else of them. Items that the site does not give
   * are left out. Absent if the items must be read as a whole.
   */
  readLinks?(type: TypeOfSite, externalIds: readonly string[]): Promise<Map<string, string | null>>;
  /** Every term of a taxonomy, page by page. Throws `incomplete_list` at the end if the site counts more than came. */
  readTerms(taxonomy: TypeOfSite): AsyncIterable<RemoteTerm[]>;
  /**
   * Creates and updates items of one type. Returns one outcome for each write, in the order given. Throws
   * RemoteError if the result of the writes is unknown; the caller then retries a create with `mayExist`. Throws
   * RemoteError WRITES_BLOCKED if the host of the site refuses every write.
   */
  write(type: TypeOfSite, writes: readonly ContentWrite[]): Promise<WriteOutcome[]>;
}

/** A content type or a taxonomy with its part of the stored structure; null if no structure is stored yet. */
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
  /** How many of the newest items to read; null for all items. */
  newest: number | null;
  /** Where an earlier read stopped; null to start from the beginning. */
  cursor: JsonObject | null;
}

export interface ReadChangesRequest {
  type: TypeOfSite;
  newest: number | null;
  /** The watermark from the `end` of the last complete read. */
  watermark: JsonObject;
  known: KnownContents;
}

/** What links are made of. If a part of it changes, links change without their items. */
export interface LinkBase {
  /** The address with which the links begin. */
  home: string | null;
  /** A hash of the rules by which the site makes links; null if the site does not say. */
  rules: string | null;
}

/** How many links one call of `readLinks` reads. */
export const LINKS_AT_ONCE = 100;

export interface SliceRequest {
  type: TypeOfSite;
  /** How many of the newest items are stored; null for all items. */
  newest: number | null;
  /** The cursor of the last page that was stored; null to begin with the first items of the type. */
  cursor: JsonObject | null;
  /** At least 1. */
  requests: number;
  known: KnownContents;
}

export interface SlicePage {
  items: RemoteContent[];
  faults: ItemFault[];
  /** Stored ids that were not found, as far as the page shows. `read` tells whether their items are gone. */
  missing: string[];
  /** Where the next page begins; null after the last item of the type. */
  cursor: JsonObject | null;
  /** How many requests the page took; 1 if absent. */
  requests?: number;
  /** Do the pages of a whole round hold every item of the type? A stored item on none of them is then missing. */
  listsAll: boolean;
}

export interface ContentPage {
  items: RemoteContent[];
  /** The items that could not be read, each with the reason. The rest of the page is good. */
  faults: ItemFault[];
  /** Where a read continues after this page. */
  cursor: JsonObject;
  /** How many items this read will return; null if the site did not say. */
  expected: number | null;
  /** On the last page only. */
  end?: {
    /** The start of the next `readChanges`. It uses the site's clock, never ours. */
    watermark: JsonObject;
    /** Stored ids that were not found. `read` tells whether their items are gone. */
    missing: string[];
    /**
     * The site counts more items than it gave and than it refused by their ids. The watermark is such that the next
     * `readChanges` looks for them. Absent if everything came, or if the site does not count.
     */
    incomplete?: Incomplete;
  };
}

export interface ReadOutcome {
  items: RemoteContent[];
  /** The site says that there is no such item. */
  gone: string[];
  faults: ItemFault[];
}

/** The pictures of a site. A picture was deleted if there are fewer than before and the new ones together. */
export interface PictureLibrary {
  total: number;
  /** The largest id; 0 without pictures. */
  newest: number;
  /** How many came since the last look; null if they are too many to count. */
  uploaded: number | null;
}
