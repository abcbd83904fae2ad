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
  /** Does the site redirect to the very address that was requested? */
  readonly toItself: boolean;
  readonly #redirect: Redirect;

  constructor(message: string, redirect: Redirect) {
    const { target, from } = redirect;
    super('redirect', message, canonicalDetail(target));
    this.ownPath = target.origin === from.origin ? target.pathname : null;
    this.toItself = target.href === from.href;
    this.#redirect = redirect;
  }

  /** The redirect itself. The query of its target may hold secrets, so it belongs in no message. */
  get redirect(): Redirect {
    return this.#redirect;
  }
}

/** A redirect with the headers of its answer, whose names are in lower case. */
export interface Redirect {
  target: URL;
  from: URL;
  headers: Record<string, string>;
}

/**
 * The RemoteError for a redirect that is not followed. Its detail is the target without query, and is missing
 * when the host of the target is an IP address.
 */
export function redirectFault(redirect: Redirect, followed: number): NotFollowed {
  return followed >= MAX_REDIRECTS
    ? new NotFollowed(`The site redirects more than ${MAX_REDIRECTS} times.`, redirect)
    : new NotFollowed('The site redirects to another address.', redirect);
}

/**
 * May a request be sent again because a guard before the site redirected it to its own address, with a cookie? The
 * site itself has not seen it then. Only 307 and 308 ask for a request with a body again (RFC 9110, 15.4.8).
 */
export function asksAgain(status: number, method: string): boolean {
  return method === 'GET' || method === 'HEAD' || status >= 307;
}

/**
 * The RemoteError for a write that a guard redirected to its own address with a cookie. The next write sends the
 * cookie.
 */
export function cookieAsked(): RemoteError {
  return new RemoteError('bot_challenge', 'A guard before the site asks for a cookie.', {
    retryable: true,
    detail: 'cookie_asked',
  });
}

function canonicalDetail(target: URL): { detail?: string } {
  const bareAddress = isIP(target.hostname.replace(/^\[|\]$/g, '')) !== 0;
  return bareAddress || target.origin === 'null' ? {} : { detail: target.origin + target.pathname };
}
