/**
 * The sizes that a site answered in earlier sessions, by the name of a list. A list without an entry is asked for in
 * the largest parts.
 */
export interface SizeMemory {
  get(list: string): number | undefined;
  /** null: the list has no limit any more. */
  set(list: string, size: number | null): Promise<void>;
}

/**
 * The name in a `SizeMemory` for the largest page of every list, if a site refuses larger ones. Such a site is asked
 * for large pages again after some days, as nothing else shows that it allows them again.
 */
export const PAGE_LIMIT = 'page limit';

/** The search for a better size ends when the next size that fails is at most this much larger. */
const CLOSE = 1.35;
/** After this number of full parts a larger part is tried. */
const PARTS_BEFORE_GROWTH = 20;
const GROWTH = 1.25;

/**
 * How many items of one list a site can give at once. A size that fails while its halves pass is too large. Then the
 * best size between both is searched, and later grows slowly again.
 */
export class PartSize {
  readonly most: number;
  #now: number;
  /** The largest size that passed, or that passed in an earlier session. */
  #good: number;
  /** The smallest size that is known to be too large; null if it is unknown. */
  #ceiling: number | null = null;
  #fullParts = 0;
  /** Has a size passed, in this session or an earlier one? */
  #isProven: boolean;
  /** The size of a part that is larger than each that passed, and that is under way. */
  #probe: number | null = null;

  /** @param remembered the size of an earlier session. */
  constructor(most: number, remembered?: number) {
    this.most = most;
    this.#good = Math.min(most, Math.max(1, remembered ?? most));
    this.#now = this.#good;
    this.#isProven = remembered !== undefined;
  }

  /** How many items to ask for. While a larger part is tried, others have a size that passed. */
  get now(): number {
    return this.#probe === null ? this.#now : Math.min(this.#now, this.#good);
  }

  /** Is this size larger than each that passed, so that its failure needs no other reason? */
  isProbe(count: number): boolean {
    return this.#isProven && count > this.#good;
  }

  /** Notes that a part of this size is asked for. */
  asked(count: number): void {
    if (this.isProbe(count)) this.#probe = count;
  }

  /** The size that is worth remembering; null without a limit. */
  get proven(): number | null {
    return this.#good < this.most ? this.#good : null;
  }

  /** A part of this size came. */
  passed(count: number): void {
    this.#isProven = true;
    if (count < this.now) return;
    if (count === this.#probe) this.#probe = null;
    this.#good = count;
    this.#fullParts += 1;
    if (this.#ceiling !== null) this.#now = this.#between(count, this.#ceiling);
    if (this.#now > count || this.#fullParts < PARTS_BEFORE_GROWTH) return;
    this.#fullParts = 0;
    this.#ceiling = null;
    this.#now = Math.min(this.most, Math.ceil(count * GROWTH));
  }

  /** A part of this size failed, although its parts passed. `part`: the size of the first of them, or of others. */
  tooLarge(count: number, part = this.#good): void {
    if (count === this.#probe) this.#probe = null;
    this.#fullParts = 0;
    this.#ceiling = Math.min(count, this.#ceiling ?? count);
    this.#good = this.#good < this.#ceiling ? Math.max(this.#good, part) : part;
    this.#good = Math.max(1, Math.min(this.#good, this.#ceiling - 1));
    this.#now = this.#between(this.#good, this.#ceiling);
  }

  /** A part of this size failed, and its parts were not asked for yet. */
  failed(count: number): void {
    this.#fullParts = 0;
    this.#ceiling = count;
    this.#good = Math.max(1, Math.ceil(count / 2));
    this.#now = this.#good;
  }

  /** The next size to try between one that passed and one that failed. */
  #between(good: number, ceiling: number): number {
    return ceiling / good > CLOSE ? Math.max(good, Math.floor((good + ceiling) / 2)) : good;
  }
}

/** The part sizes of one session, by the name of a list. */
export class PartSizes {
  readonly #memory: SizeMemory;
  readonly #sizes = new Map<string, PartSize>();

  /** @param memory sizes of earlier sessions; without it nothing is remembered. */
  constructor(memory: SizeMemory = { get: () => undefined, set: async () => undefined }) {
    this.#memory = memory;
  }

  /** @param most the largest part that the site's API allows. */
  of(list: string, most: number): PartSize {
    const known = this.#sizes.get(list);
    if (known !== undefined) return known;
    const size = new PartSize(most, this.#memory.get(list));
    this.#sizes.set(list, size);
    return size;
  }

  /** Remembers the size of a list for later sessions. */
  async remember(list: string): Promise<void> {
    const proven = this.#sizes.get(list)?.proven;
    if (proven === undefined || proven === (this.#memory.get(list) ?? null)) return;
    await this.#memory.set(list, proven);
  }
}
