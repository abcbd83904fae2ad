const HOUR_MS = 3_600_000;

/**
 * The clock that dates the posts of a site. Its error and its time zone can be set while the site runs.
 * Signatures and the Date header of responses use the machine's clock, which has separate faults.
 */
export class SiteClock {
  /** The error of the clock, in milliseconds. */
  offsetMs = 0;
  /** WordPress's option `gmt_offset`: how many hours local time is ahead of UTC. */
  gmtOffset = 0;
  readonly #now: () => number;

  /** @param now returns milliseconds since 1970 */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The site's time, in milliseconds since 1970. */
  now(): number {
    return this.#now() + this.offsetMs;
  }

  /** The site's time in UTC, in WordPress's format: to the second, without an offset. */
  gmt(): string {
    return wordpressTime(this.now());
  }

  /** get_date_from_gmt() */
  toLocal(gmt: string, gmtOffset = this.gmtOffset): string {
    return moved(gmt, gmtOffset * HOUR_MS);
  }

  /** get_gmt_from_date() */
  toGmt(local: string): string {
    return moved(local, -this.gmtOffset * HOUR_MS);
  }

  /**
   * Converts a time in a request to UTC. Without an offset it is UTC when `inGmt` is true, otherwise local.
   */
  read(time: string, inGmt = false): string {
    const written = time.replace(' ', 'T').toUpperCase();
    if (/Z$|[+-]\d\d(:?\d\d)?$/.test(written.slice(19))) return wordpressTime(Date.parse(written));
    return inGmt ? written.slice(0, 19) : this.toGmt(written.slice(0, 19));
  }
}

/** @param ms milliseconds since 1970 */
function wordpressTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** Moves a time. An invalid time stays unchanged, such as a time in the year 0000 that comes from a fault. */
function moved(time: string, ms: number): string {
  if (ms === 0) return time;
  const parsed = Date.parse(`${time}Z`);
  return Number.isNaN(parsed) ? time : wordpressTime(parsed + ms);
}
