import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { recognisedFault } from '../faultPages.ts';
import { type ExplanationValues, WordpressFault } from '../messages.ts';
import type { Outbound } from '../siteClient.ts';

/** An hour is as long as a site is taken at its word. Milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * An outbound client for which 429 and 503 are no answers, as the same request may succeed later. It throws a
 * retryable WordpressFault that says how long the site wants us to wait.
 */
export function patientOutbound(outbound: Outbound, clock: () => number): Outbound {
  return {
    async request(request) {
      const response = await outbound.request(request);
      if (response.status === 429 || response.status === 503) throw busy(response, clock());
      return response;
    },
  };
}

/** The fault of an answer that may be another at the next try. `now`: milliseconds since 1970. */
export function passingFault(
  response: OutboundResponse,
  now: number,
  values: ExplanationValues,
): WordpressFault {
  const known = recognisedFault(response, values);
  const code = known?.code ?? 'unavailable';
  const wait = retryAfterMs(response, now);
  return new WordpressFault(
    code,
    {
      message: known?.message ?? `The site cannot answer now (status ${response.status}).`,
      hint: known?.hint ?? 'We try again. If it stays so, look for what the site is busy with.',
      retryable: true,
    },
    { detail: `status ${response.status}`, ...(wait === undefined ? {} : { retryAfterMs: wait }) },
  );
}

function busy(response: OutboundResponse, now: number): WordpressFault {
  if (response.status === 503) return passingFault(response, now, {});
  const wait = retryAfterMs(response, now);
  return new WordpressFault(
    'rate_limited',
    {
      message: 'The site asks for fewer requests (status 429).',
      hint: 'We slow down. A lower sync_settings.concurrency asks less of the site.',
      retryable: true,
    },
    { detail: 'status 429', ...(wait === undefined ? {} : { retryAfterMs: wait }) },
  );
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3); the date is read against the site's clock. */
export function retryAfterMs({ headers }: OutboundResponse, now: number): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  const siteNow = Date.parse(headers.date ?? '');
  const wait = /^\d{1,9}$/.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - (Number.isNaN(siteNow) ? now : siteNow);
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), LONGEST_WAIT_MS);
}
