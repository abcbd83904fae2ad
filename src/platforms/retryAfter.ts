/** Longer is not believed: nobody waits a day within a run. Milliseconds. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * What the header `Retry-After` asks to wait, in milliseconds: seconds, or a date, which is read against `nowMs`.
 * Undefined where it says nothing. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  // Whole seconds by the standard; Shopify tells decimals: https://shopify.dev/docs/api/usage/limits
  // A date begins with its weekday; other texts, such as -1, would be taken for dates too.
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Math.ceil(Number(text) * 1_000)
    : /^[a-z]/i.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}
