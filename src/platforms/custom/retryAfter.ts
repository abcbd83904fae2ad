/** Longer is not believed: nobody waits a day within a run. Milliseconds. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * What the header `Retry-After` asks to wait, in milliseconds: whole seconds, or a date. Undefined where it says nothing.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  // A date begins with its weekday; other texts, such as -1, would be taken for dates too.
  const date = /^\s*[a-z]/i.test(value) ? Date.parse(value) : Number.NaN;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : date - nowMs;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}
