/**
 * What this server has stored for one type of one site. Contents that are not on the site, or no longer, are
 * left out.
 */
export interface KnownContents {
  count(): Promise<number>;
  /** Those of `externalIds` that are stored here. */
  some(externalIds: readonly string[]): Promise<Map<string, KnownContent>>;
  /** The ids of contents whose items the site was to publish later, when they were read last. */
  scheduled(): Promise<string[]>;
  /**
   * The ids of items that failed alone when they were read last, at most a few hundred, those first that were tried
   * longest ago. They are not among the other contents unless they were read before that.
   */
  failing(): Promise<string[]>;
  /** The contents whose ids are whole numbers, by ranges of ids. */
  readonly numbered: NumberedContents;
  /** At most `limit` contents after `after`. Numeric ids ascend as numbers, other ids come in any stable order. */
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
  /** `RemoteContent.tag` at the last read. */
  tag: string | null;
  /** Its texts were deleted here and are not read again. */
  isExcluded?: true;
}

/** The ids of the contents whose items are worth reading. */
export function readableIds(known: ReadonlyMap<string, KnownContent>): string[] {
  return [...known].flatMap(([id, { isExcluded }]) => (isExcluded ? [] : [id]));
}
