import type { RemoteError } from '../errors.ts';

/** Codes of a site that broke down over a request. `server_error` and `site_failed`: status 5xx. */
const CODES = new Set(['site_failed', 'server_error', 'fatal', 'cut_off', 'timeout', 'too_large']);

/** `unreachable` with these details: a connection that broke, and a proxy whose site did not answer in time. */
const DETAILS = new Set(['reset', 'gateway']);

/** The connector saw a request twice: it had broken down over the first, and the connection was opened again for the second. */
const REPEATED = { code: 'cached_api', detail: 'replayed' };

/**
 * May the site have failed because the request asked for too much, so that it answers a smaller one? Hosts end PHP at
 * a limit of time or memory: then an answer is a 5xx, is cut off, or does not come. A site that asks to wait, or that
 * refuses the connection, fails for another reason.
 */
export function isOverload({ code, detail, retryable, retryAfterMs }: RemoteError): boolean {
  if (retryAfterMs !== undefined) return false;
  if (code === 'unreachable') return detail !== undefined && DETAILS.has(detail);
  if (code === REPEATED.code) return detail === REPEATED.detail;
  return CODES.has(code) || (code === 'unexpected_answer' && retryable);
}
