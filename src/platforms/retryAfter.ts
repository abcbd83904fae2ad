/** The longest wait that is accepted, as nobody waits a day within a run. Milliseconds. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * The wait that the header `Retry-After` asks for, in milliseconds. The header holds seconds, or a date that
 * is compared with `nowMs`. Undefined if the header says nothing usable.
 * https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  // The standard allows whole seconds only, but Shopify sends decimals:
  // https://shopify.dev/docs/api/usage/limits A date begins with its weekday. Without that rule, Date.parse
  // would take other texts, such as -1, for dates.
  const ms = /^\d+(\.\d+)?$/.test(text)
    ? Math.ceil(Number(text) * 1_000)
    : /^[a-z]/i.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), LONGEST_MS);
}
