import { isIP } from 'node:net';
import { RemoteError } from '../errors.ts';

export const MAX_REDIRECTS = 5;
const REDIRECT_STATUS = new Set([301, 302, 303, 307, 308]);

/** One request on the wire; a redirect makes the next. */
export interface Hop {
  url: URL;
  method: string;
  body: string | Buffer | undefined;
}

/** Parses an address that may be called. Throws RemoteError `invalid_url`. */
export function checkedUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.hostname === '') {
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

/** Where an answer sends us, or null when it is an answer to keep. */
export function redirectTarget(status: number, headers: Record<string, string>, from: URL): URL | null {
  const location = headers.location;
  if (!REDIRECT_STATUS.has(status) || location === undefined) return null;
  if (!URL.canParse(location, from.href)) {
    throw new RemoteError('redirect', 'The site redirects to something that is no URL.');
  }
  return new URL(location, from);
}

/** As browsers do it: 303 always, and 301 and 302 after a POST, go on as a GET (RFC 9110, 15.4). */
export function nextHop(target: URL, status: number, hop: Hop): Hop {
  const asGet = status === 303 || (status <= 302 && hop.method === 'POST');
  const url = checkedUrl(target.href);
  return asGet ? { url, method: hop.method === 'HEAD' ? 'HEAD' : 'GET', body: undefined } : { ...hop, url };
}

/** The RemoteError for a redirect that is not followed; its detail is where to, without query or bare address. */
export function redirectFault(target: URL, followed: number): RemoteError {
  if (followed >= MAX_REDIRECTS) {
    return new RemoteError('redirect', `The site redirects more than ${MAX_REDIRECTS} times.`, {
      ...canonicalDetail(target),
    });
  }
  return new RemoteError('redirect', 'The site redirects to another address.', canonicalDetail(target));
}

function canonicalDetail(target: URL): { detail?: string } {
  const bareAddress = isIP(target.hostname.replace(/^\[|\]$/g, '')) !== 0;
  return bareAddress || target.origin === 'null' ? {} : { detail: target.origin + target.pathname };
}
