import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { retryAfterMs } from '../../retryAfter.ts';
import { type ExplanationValues, WordpressFault } from '../messages.ts';
import { isOfPassword } from '../site/coreRest.ts';
import { readDirtyJson } from '../site/dirtyJson.ts';
import { recognisedFault } from '../site/faultPages.ts';
import { isRecord, type Outbound } from '../site/siteClient.ts';
import { refusalMessage } from './faultText.ts';

/** The longest wait that a site may ask for is an hour. Milliseconds. */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * An outbound client that turns a 429 and every failure inside the site into faults, as the same request may
 * succeed later. It throws a retryable WordpressFault with the wait that the site asks for. `values`: what hints
 * may name.
 */
export function patientOutbound(
  outbound: Outbound,
  clock: () => number,
  values: () => ExplanationValues,
): Outbound {
  return {
    async request(request) {
      const response = await outbound.request(request);
      const { status } = response;
      // A home page may be broken while the API behind it works.
      const isPage = request.headers?.Accept === 'text/html';
      if (status === 429 || status === 503 || (status >= 500 && !isPage))
        await throwPassing(response, clock(), values());
      return response;
    },
  };
}

/** The same fault as a retryable one. */
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

/** The code and the detail of an answer by wp_die(), whose status is 500. */
const DIED = 'wp_die';

/**
 * Does a plugin close the API, as a request for its root shows? All-In-One Security calls wp_die() for it. An item on
 * which a plugin calls wp_die() is no such sign.
 */
export function closesRoot({ code, detail }: WordpressFault): boolean {
  return code === 'site_failed' && detail === DIED;
}

/** Throws the fault of an answer. The refusal of a password does not pass, whatever its status. */
async function throwPassing(
  response: OutboundResponse,
  now: number,
  values: ExplanationValues,
): Promise<void> {
  const wait = waitAskedFor(response, now);
  const detail = `status ${response.status}`;
  if (response.status === 429) {
    const message = 'The site asks for fewer requests (status 429).';
    const hint = 'We slow down. To send fewer requests at once, lower sync_settings.concurrency.';
    throw retryable(new WordpressFault('rate_limited', { message, hint }, { detail }), wait);
  }
  const known = recognisedFault(response, values);
  if (known !== null && known.code !== 'fatal') throw retryable(known, wait);
  const read = await readDirtyJson(response.body);
  const value = read.found === 'json' && isRecord(read.value) ? read.value : {};
  if (typeof value.code === 'string' && isOfPassword({ code: value.code })) return;
  const told = refusalMessage(value);
  const message = `Something inside the site failed (${detail})${told === null ? '.' : `: ${told}`}`;
  const hint = "We try again. If it stays so, look into the site's error log.";
  const facts = { detail: value.code === DIED ? DIED : detail };
  throw retryable(new WordpressFault('site_failed', { message, hint }, facts), wait);
}

/** The wait that the site asks for, in milliseconds. A date is compared with the site's own clock. */
function waitAskedFor({ headers }: OutboundResponse, now: number): number | undefined {
  const siteNow = Date.parse(headers.date ?? '');
  const wait = retryAfterMs(headers['retry-after'], Number.isNaN(siteNow) ? now : siteNow);
  return wait === undefined ? undefined : Math.min(wait, LONGEST_WAIT_MS);
}
