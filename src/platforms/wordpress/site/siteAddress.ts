import { foreignUrl, withoutEndSlashes } from '../../../outbound/foreignUrl.ts';
import { fault } from '../messages.ts';

/** The address of a WordPress site's home: http or https, no query, ending in a slash. */
export type SiteAddress = URL;

/** Paths that people copy from their browser together with the site's address. */
const COPIED_ALONG = /\/(wp-admin|wp-login\.php|wp-json|wp-content|xmlrpc\.php|index\.php)(\/.*)?$/i;

/** `example.com`, `example.com/blog`, `localhost:8080`, but neither `javascript:…` nor a lone word. */
const HOST_FIRST = /^([^\s/:@?#]+)(:\d+)?([/?#]|$)/i;

function lacksScheme(text: string): boolean {
  const [, host = '', port] = HOST_FIRST.exec(text) ?? [];
  return host.toLowerCase() === 'localhost' || port !== undefined || host.slice(1, -1).includes('.');
}

/**
 * Normalises an address as people type it. A missing scheme becomes https. Query, fragment, and paths such as
 * `/wp-admin`, `/wp-json` and `/index.php` are removed.
 * Throws RemoteError `invalid_url`.
 */
export function parseSiteAddress(typed: string): SiteAddress {
  const text = typed.trim();
  const url = foreignUrl(lacksScheme(text) ? `https://${text}` : text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') throw fault('invalid_url');
  if (url.username !== '' || url.password !== '') throw fault('invalid_url', { variant: 'credentials' });
  url.hash = '';
  url.search = '';
  url.pathname = `${withoutEndSlashes(url.pathname.replace(COPIED_ALONG, ''))}/`;
  return url;
}

/** How the site's own address differs from the tested address. */
type AddressDifference = 'none' | 'canonical' | 'other';

/**
 * Compares the tested address with a site's `home_url`. `canonical`: the same site under its proper name
 * (www, https). `other`: another host or path. A site that names http but answers on https stands behind a
 * proxy that ends TLS. That is common and harmless.
 */
export function compareHome(tested: SiteAddress, home: string): AddressDifference {
  const own = foreignUrl(home);
  if (own === null || path(own) !== path(tested)) return 'other';
  // Another scheme means another port. With the same scheme, another port is another server.
  const sameServer = own.protocol === tested.protocol ? own.port === tested.port : true;
  if (!sameServer || withoutWww(own) !== withoutWww(tested)) return 'other';
  if (own.hostname !== tested.hostname) return 'canonical';
  return own.protocol === 'https:' && tested.protocol === 'http:' ? 'canonical' : 'none';
}

function path(url: URL): string {
  return withoutEndSlashes(url.pathname);
}

function withoutWww(url: URL): string {
  return url.hostname.replace(/^www\./, '');
}
