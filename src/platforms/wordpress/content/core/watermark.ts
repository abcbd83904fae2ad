import type { JsonObject } from '../../../connection.ts';
import type { SiteZone } from '../../site/discovery.ts';

/**
 * An edit is in the database some time before or after the moment that it is dated with: the clocks of several PHP
 * servers differ, and replicas lag. Milliseconds.
 */
const OVERLAP_MS = 5 * 60_000;

/** WordPress compares local time, which repeats an hour when summer ends. Milliseconds. */
const OVERLAP_OF_SEASONS_MS = 2 * 3_600_000;

/** The time zones of the earth are 26 hours apart. Milliseconds. */
const OVERLAP_OF_ZONES_MS = 26 * 3_600_000;

/** Within it the same offset means that it did not change and change back. Milliseconds. */
const SEASON_MS = 120 * 86_400_000;

/** An edit in the second in which a post was read leaves it with the same date. Milliseconds. */
const SAME_SECOND_MS = 5_000;

/**
 * Up to when a site's changes are known, by the site's own clock.
 *
 * `modified` is the latest date that was seen on a post, no later than the reading began: what is edited after that
 * bears a later one. `read_at` is when the reading began by the Date header, which a proxy may have written.
 */
export class Watermark {
  readonly #from: JsonObject;
  #modified: number | null;
  #readAt: number | null;
  /** How many items the site counts and does not show, or that cannot be taken. */
  readonly unseen: number;

  constructor(from: JsonObject | null) {
    this.#from = from ?? {};
    this.#modified = momentOf(this.#from.modified);
    this.#readAt = momentOf(this.#from.read_at);
    const { unseen } = this.#from;
    this.unseen = typeof unseen === 'number' && Number.isSafeInteger(unseen) && unseen >= 0 ? unseen : 0;
  }

  /** When the site answered first. Milliseconds since 1970. */
  readAt(siteTime: number | null): void {
    this.#readAt ??= siteTime;
  }

  /** The date of a post that was read. ISO 8601. */
  saw(modifiedAt: string | null): void {
    const modified = momentOf(modifiedAt);
    // Clocks apart, imports: a post can bear a date to come, behind which edits would not be found.
    if (modified === null || (this.#readAt !== null && modified > this.#readAt)) return;
    this.#modified = Math.max(modified, this.#modified ?? modified);
  }

  /** What the next reading begins with, for a cursor. */
  seen(): JsonObject {
    return { modified: isoOf(this.#modified), read_at: isoOf(this.#readAt) };
  }

  /** What the next reading begins with. */
  next(zone: SiteZone, unseen: number): JsonObject {
    return { ...this.seen(), gmt_offset: zone.offset, timezone: zone.name, unseen };
  }

  /**
   * After which date changes are to be looked for, ISO 8601 with Z; null for all.
   * @param now the site's clock. Milliseconds since 1970; null when it does not tell.
   */
  since(zone: SiteZone, now: number | null): string | null {
    const [modified, readAt] = [this.#modified, this.#readAt];
    if (modified === null && readAt === null) return null;
    // After a bulk import the latest date is that of thousands, so one day later the Date header must do.
    const trusted = readAt === null ? null : readAt - OVERLAP_OF_ZONES_MS;
    const known = Math.max(modified ?? trusted ?? 0, trusted ?? 0);
    // A clock that was set back dates edits before what was seen already.
    const bound = Math.min(known, now ?? known);
    return isoOf(bound - this.#overlap(zone, known, now));
  }

  /** May a post with this date have been edited again after it was read? */
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
