import type { JsonObject } from '../../../connection.ts';
import type { SiteZone } from '../../site/discovery.ts';

/**
 * An edit may appear in the database some time before or after its date: the clocks of several PHP servers
 * differ, and replicas lag. Milliseconds.
 */
const OVERLAP_MS = 5 * 60_000;

/** WordPress compares local time, which repeats an hour at the end of summer time. Milliseconds. */
const OVERLAP_OF_SEASONS_MS = 2 * 3_600_000;

/** The earth's time zones are up to 26 hours apart. Milliseconds. */
const OVERLAP_OF_ZONES_MS = 26 * 3_600_000;

/** Within this time, the same offset means that the offset did not change and change back. Milliseconds. */
const SEASON_MS = 120 * 86_400_000;

/** An edit in the second in which a post was read leaves the post's date as it was. Milliseconds. */
const SAME_SECOND_MS = 5_000;

/**
 * The time, by the site's own clock, up to which a site's changes are known.
 *
 * `modified` is the latest date that was seen on a post, but not later than the start of the read: later
 * edits have later dates. `read_at` is the start of the read by the Date header, which a proxy may have
 * written.
 */
export class Watermark {
  readonly #from: JsonObject;
  #modified: number | null;
  #readAt: number | null;
  /**
   * How many items the site counts that are not stored here, for a reason that the site has given: it has refused
   * their ids, or has given them in a form that cannot be read. An item that just did not come is not among them.
   */
  readonly unseen: number;
  /** The ids that the site has refused. */
  readonly refused: readonly number[];

  constructor(from: JsonObject | null) {
    this.#from = from ?? {};
    this.#modified = momentOf(this.#from.modified);
    this.#readAt = momentOf(this.#from.read_at);
    const { unseen, refused } = this.#from;
    const isCount = typeof unseen === 'number' && Number.isSafeInteger(unseen) && unseen >= 0;
    // A watermark without refused ids is of an earlier version, which took every missing item for a hidden one.
    this.unseen = isCount && Array.isArray(refused) ? unseen : 0;
    this.refused = Array.isArray(refused) ? refused.filter((id) => typeof id === 'number') : [];
  }

  /** Records when the site first answered. Milliseconds since 1970. */
  readAt(siteTime: number | null): void {
    this.#readAt ??= siteTime;
  }

  /** Records the date of a post that was read. ISO 8601. */
  saw(modifiedAt: string | null): void {
    const modified = momentOf(modifiedAt);
    // A wrong clock or an import can give a post a future date. As a watermark, that date would hide edits.
    if (modified === null || (this.#readAt !== null && modified > this.#readAt)) return;
    this.#modified = Math.max(modified, this.#modified ?? modified);
  }

  /** The state of the watermark for a cursor. */
  seen(): JsonObject {
    return { modified: isoOf(this.#modified), read_at: isoOf(this.#readAt) };
  }

  /** The watermark for the next read. */
  next(zone: SiteZone, { unseen, refused }: { unseen: number; refused: readonly number[] }): JsonObject {
    return { ...this.seen(), gmt_offset: zone.offset, timezone: zone.name, unseen, refused: [...refused] };
  }

  /**
   * The date after which to look for changes, ISO 8601 with Z; null to look at everything.
   * @param now the site's clock, in milliseconds since 1970; null if it is unknown.
   */
  since(zone: SiteZone, now: number | null): string | null {
    const [modified, readAt] = [this.#modified, this.#readAt];
    if (modified === null && readAt === null) return null;
    // After a bulk import, thousands of posts have the latest date. So one day later, the Date header is used
    // instead.
    const trusted = readAt === null ? null : readAt - OVERLAP_OF_ZONES_MS;
    const known = Math.max(modified ?? trusted ?? 0, trusted ?? 0);
    // If the site's clock was set back, new edits have earlier dates than posts that were already seen.
    const bound = Math.min(known, now ?? known);
    return isoOf(bound - this.#overlap(zone, known, now));
  }

  /** Can a post with this date have been edited again after it was read? */
  mayHaveChanged(modifiedAt: string | null): boolean {
    const modified = momentOf(modifiedAt);
    const readAt = this.#readAt ?? this.#modified;
    return modified === null || readAt === null || modified >= readAt - SAME_SECOND_MS;
  }

  #overlap(zone: SiteZone, known: number, now: number | null): number {
    const { gmt_offset, timezone } = this.#from;
    if (zone.offset === null || typeof gmt_offset !== 'number') return OVERLAP_OF_SEASONS_MS;
    if (gmt_offset !== zone.offset || (timezone ?? null) !== zone.name) return OVERLAP_OF_ZONES_MS;
    return now === null || now - known > SEASON_MS ? OVERLAP_OF_SEASONS_MS : OVERLAP_MS;
  }
}

function momentOf(value: unknown): number | null {
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? null : moment;
}

function isoOf(moment: number | null): string | null {
  return moment === null ? null : new Date(Math.max(0, moment)).toISOString();
}
