const HOUR_MS = 3_600_000;

/**
 * What a site dates its posts by. Its own clock may be off, and its time zone may be any; both can be set while it
 * runs. The signatures and the answers' Date header go by the machine's clock, which has faults of its own.
 */
export class SiteClock {
  /** How far the clock is off, milliseconds. */
  offsetMs = 0;
  /** WordPress's option `gmt_offset`: hours that local time is ahead of UTC. */
  gmtOffset = 0;
  readonly #now: () => number;

  /** @param now milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Milliseconds since 1970, as the site believes. */
  now(): number {
    return this.#now() + this.offsetMs;
  }

  /** Now in UTC, as WordPress writes times: to the second, without an offset. */
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

  /** A time as a request writes it, in UTC; without an offset it is UTC where `inGmt`, else local. */
  read(time: string, inGmt = false): string {
    const written = time.replace(' ', 'T').toUpperCase();
    if (/Z$|[+-]\d\d(:?\d\d)?$/.test(written.slice(19))) return wordpressTime(Date.parse(written));
    return inGmt ? written.slice(0, 19) : this.toGmt(written.slice(0, 19));
  }
}

/** @param ms since 1970. */
function wordpressTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19);
}

/** What is no time, such as one of the year 0000 that a fault put there, stays as it is. */
function moved(time: string, ms: number): string {
  if (ms === 0) return time;
  const parsed = Date.parse(`${time}Z`);
  return Number.isNaN(parsed) ? time : wordpressTime(parsed + ms);
}
