import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { retryAfterMs } from '../../retryAfter.ts';
import { WordpressFault } from '../messages.ts';
import { readDirtyJson } from '../site/dirtyJson.ts';
import { recognisedFault } from '../site/faultPages.ts';
import { isRecord, type Outbound } from '../site/siteClient.ts';
import { refusalMessage } from './faultText.ts';

/** An hour is as long as a site is taken at its word. Milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * An outbound client for which 429 and whatever goes wrong inside the site are no answers, as the same request may
 * succeed later. It throws a retryable WordpressFault that says how long the site wants us to wait.
 */
export function patientOutbound(outbound: Outbound, clock: () => number): Outbound {
  return {
    async request(request) {
      const response = await outbound.request(request);
      const { status } = response;
      // A home page may be broken while the API behind it works.
      const isPage = request.headers?.Accept === 'text/html';
      if (status === 429 || status === 503 || (status >= 500 && !isPage)) throw passing(response, clock());
      return response;
    },
  };
}

/** A fault as one that may be gone at the next try. */
export function retryable(fault: WordpressFault, wait = fault.retryAfterMs): WordpressFault {
  const { code, message, hint, detail } = fault;
  return new WordpressFault(
    code,
    { message, hint, retryable: true },
    {
      ...(detail === undefined ? {} : { detail }),
      retryAfterMs: wait,
    },
  );
}

function passing(response: OutboundResponse, now: number): WordpressFault {
  const wait = waitAskedFor(response, now);
  const detail = `status ${response.status}`;
  if (response.status === 429) {
    const message = 'The site asks for fewer requests (status 429).';
    const hint = 'We slow down. A lower sync_settings.concurrency asks less of the site.';
    return retryable(new WordpressFault('rate_limited', { message, hint }, { detail }), wait);
  }
  const known = recognisedFault(response, {});
  if (known !== null && known.code !== 'fatal') return retryable(known, wait);
  const value = readDirtyJson(response.body)?.value;
  const told = isRecord(value) ? refusalMessage(value) : null;
  const message = `Something inside the site failed (${detail})${told === null ? '.' : `: ${told}`}`;
  const hint = "We try again. If it stays so, look into the site's error log.";
  return retryable(new WordpressFault('site_failed', { message, hint }, { detail }), wait);
}

/** A date is read against the site's own clock. */
function waitAskedFor({ headers }: OutboundResponse, now: number): number | undefined {
  const siteNow = Date.parse(headers.date ?? '');
  const wait = retryAfterMs(headers['retry-after'], Number.isNaN(siteNow) ? now : siteNow);
  return wait === undefined ? undefined : Math.min(wait, LONGEST_WAIT_MS);
}
