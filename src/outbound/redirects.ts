import { isIP } from 'node:net';
import { RemoteError } from '../errors.ts';
import { foreignUrl } from './foreignUrl.ts';

export const MAX_REDIRECTS = 5;
const REDIRECT_STATUS = new Set([301, 302, 303, 307, 308]);

/** One request on the wire. Each redirect that is followed makes another hop. */
export interface Hop {
  url: URL;
  method: string;
  body: string | Buffer | undefined;
}

/** Parses the URL of a request and removes its fragment. Throws RemoteError `invalid_url`. */
export function checkedUrl(address: string): URL {
  const url = foreignUrl(address);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    throw new RemoteError('invalid_url', 'The address is not an http or https URL.', { detail: 'syntax' });
  }
  if (url.username !== '' || url.password !== '') {
    throw new RemoteError('invalid_url', 'The address holds a user name or password.', {
      detail: 'credentials',
    });
  }
  url.hash = '';
  return url;
}

/** The target of a redirect, or null when the response is no redirect. Throws RemoteError `redirect`. */
export function redirectTarget(status: number, headers: Record<string, string>, from: URL): URL | null {
  const location = headers.location;
  if (!REDIRECT_STATUS.has(status) || location === undefined) return null;
  const target = foreignUrl(location, from);
  if (target === null) throw new RemoteError('redirect', 'The site redirects to an invalid URL.');
  return target;
}

/**
 * Follows browsers: after 303, and after 301 or 302 to a POST, the next request is a GET (RFC 9110, 15.4).
 */
export function nextHop(target: URL, status: number, hop: Hop): Hop {
  const asGet = status === 303 || (status <= 302 && hop.method === 'POST');
  const url = checkedUrl(target.href);
  return asGet ? { url, method: hop.method === 'HEAD' ? 'HEAD' : 'GET', body: undefined } : { ...hop, url };
}

/** A redirect that was not followed. */
export class NotFollowed extends RemoteError {
  /** The path that the site redirects to on its own origin; null for another origin. */
  readonly ownPath: string | null;

  constructor(message: string, target: URL, from: URL) {
    super('redirect', message, canonicalDetail(target));
    this.ownPath = target.origin === from.origin ? target.pathname : null;
  }
}

/**
 * The RemoteError for a redirect that is not followed. Its detail is the target without query, and is missing
 * when the host of the target is an IP address.
 */
export function redirectFault(target: URL, from: URL, followed: number): NotFollowed {
  return followed >= MAX_REDIRECTS
    ? new NotFollowed(`The site redirects more than ${MAX_REDIRECTS} times.`, target, from)
    : new NotFollowed('The site redirects to another address.', target, from);
}

function canonicalDetail(target: URL): { detail?: string } {
  const bareAddress = isIP(target.hostname.replace(/^\[|\]$/g, '')) !== 0;
  return bareAddress || target.origin === 'null' ? {} : { detail: target.origin + target.pathname };
}
