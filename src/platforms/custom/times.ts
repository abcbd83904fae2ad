const ISO_TIME = /^\d{4}-\d\d-\d\d(?:([Tt ])\d\d:\d\d(?::\d\d(?:\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)?)?$/;
/** Numbers from here on are milliseconds. As seconds they would be beyond the year 5000. */
const MILLISECONDS_FROM = 1e11;
const YEAR_10000 = Date.UTC(10_000, 0, 1);

/** A time as ISO 8601 UTC; null if the value is not a time. */
export function timeOf(value: unknown): string | null {
  const ms =
    typeof value === 'number' ? (value < MILLISECONDS_FROM ? value * 1_000 : value) : parsedTime(value);
  return Number.isFinite(ms) && ms >= 0 && ms < YEAR_10000 ? new Date(ms).toISOString() : null;
}

function parsedTime(value: unknown): number {
  const match = typeof value === 'string' ? ISO_TIME.exec(value) : null;
  if (match === null) return Number.NaN;
  const [text, separator, offset] = match;
  // JavaScript takes a date alone for UTC, but a time without an offset for local time.
  return Date.parse(
    separator === undefined || offset !== undefined ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`,
  );
}
