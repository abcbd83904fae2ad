import { RemoteError } from '../../../errors.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import { fault, type WordpressFault } from '../messages.ts';
import { isRecord, type SiteClient } from './siteClient.ts';

/** The signed POST that writes nothing. Connectors before 0.6.0 refuse it, which is a proof too. */
export const PING_ROUTE = 'sitebridge/v1/ping';
/** The POST over core REST that writes nothing: WordPress has no post 0 and answers `rest_post_invalid_id`. */
export const NO_POST_ROUTE = 'wp/v2/posts/0';

/**
 * The faults of a request that something before WordPress refuses. Each may concern writes alone, as hosts let through
 * GET alone, or GET for everybody and other methods with a password.
 */
const REFUSALS = new Set([
  'firewall',
  'redirect',
  'unexpected_answer',
  'outer_basic_auth',
  'outer_login',
  'rest_disabled',
  'bot_challenge',
]);

/** May this fault of a write mean that the host refuses every write? */
export function mayBlockWrites(error: unknown): boolean {
  return error instanceof RemoteError && !error.retryable && REFUSALS.has(error.code);
}

/**
 * Does a site that can be read let writes pass? `post` sends a POST that writes nothing. WordPress's own answer, a
 * refusal too, proves that a POST reaches it. Returns the fault `writes_blocked`, or null if writes pass. Throws
 * WordpressFault for a site that fails or does not answer.
 */
export async function blockedWrites(
  client: SiteClient,
  target: string,
  post: () => Promise<OutboundResponse>,
): Promise<WordpressFault | null> {
  let response: OutboundResponse | null = null;
  try {
    response = await post();
    const answer = await client.readApi(response);
    if (answer !== null && isOfWordpress(answer.value)) return null;
  } catch (error) {
    if (!(error instanceof RemoteError) || !mayBlockWrites(error)) throw error;
    if (response === null)
      return told(client, target, { who: 'the host', found: `a refusal (${error.code})` });
  }
  const { status, headers } = response;
  const [server = ''] = /^[\w.-]{1,30}/.exec(headers.server ?? '') ?? [];
  const who = server === '' ? 'the host' : server;
  return told(client, target, { who, found: `status ${status}` });
}

/** A WP_Error in the form of a REST answer, or the ping of the connector. */
function isOfWordpress(value: unknown): boolean {
  if (!isRecord(value)) return false;
  return value.ok === true || (isRecord(value.data) && typeof value.data.status === 'number');
}

function told(client: SiteClient, target: string, values: { who: string; found: string }): WordpressFault {
  return fault('writes_blocked', {
    values: { ...client.values, ...values, target },
    detail: `POST ${target}: ${values.found}`,
  });
}

/** The path of a URL of the API, as hints name it. */
export function targetOf(url: string): string {
  const { pathname, searchParams } = new URL(url);
  const route = searchParams.get('rest_route');
  return route === null ? pathname : `${pathname}?rest_route=${route}`;
}
