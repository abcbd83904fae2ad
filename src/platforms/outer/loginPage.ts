import type { Redirect } from '../../outbound/redirects.ts';

/** The products that are told apart. `other` is a page to sign in of any other product. */
type LoginProduct = 'cloudflare_access' | 'entra' | 'okta' | 'google_iap' | 'authelia' | 'keycloak' | 'other';

interface Sign {
  product: LoginProduct;
  host?: RegExp;
  path?: RegExp;
  /** Parameters of the query that are all present. */
  query?: readonly string[];
  /** A header of the answer that redirects. */
  header?: readonly [name: string, value: RegExp];
}

/** How each product redirects to its page to sign in. One part that is given is enough. */
const SIGNS: readonly Sign[] = [
  // https://developers.cloudflare.com/cloudflare-one/access-controls/applications/
  { product: 'cloudflare_access', host: /(^|\.)cloudflareaccess\.com$/, path: /^\/cdn-cgi\/access\// },
  // https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud
  {
    product: 'entra',
    host: /^login\.(microsoftonline\.(com|us)|partner\.microsoftonline\.cn|windows\.net|microsoft\.com)$|\.(b2clogin|ciamlogin)\.com$/,
    path: /^\/\.auth\/login\//,
  },
  { product: 'okta', host: /\.(okta|oktapreview|okta-emea)\.com$/ },
  // https://cloud.google.com/iap/docs/external-identity-sessions
  {
    product: 'google_iap',
    host: /^(accounts|iap)\.google(apis)?\.com$/,
    header: ['x-goog-iap-generated-response', /true/i],
  },
  // https://www.keycloak.org/securing-apps/oidc-layers
  { product: 'keycloak', path: /\/realms\/[^/]+\/protocol\/(openid-connect|saml)\b/ },
  // https://www.authelia.com/reference/guides/server-authz/: the address and the method of the request
  { product: 'authelia', query: ['rd', 'rm'] },
];

/** Parts of the path, and parameters, of a page to sign in of any product. */
const LOGIN_PATH =
  /(^|[/._-])(log-?in|sign-?in|sso|saml2?|oauth2?|oidc|openid-connect|authorize|authenticate|auth|adfs|cas|wp-login\.php)([/._-]|$)/i;
const LOGIN_QUERY: readonly (readonly string[])[] = [['SAMLRequest'], ['client_id', 'redirect_uri']];

/**
 * The page to sign in that a redirect leads to: its product and its host; null if it leads to none. A path that only
 * looks like a page to sign in counts on another host alone: on its own host, it may be a page of the site.
 */
export function loginPageOf({
  target,
  from,
  headers,
}: Redirect): { product: LoginProduct; host: string } | null {
  const { hostname, pathname, searchParams } = target;
  const host = hostname;
  const has = (names: readonly string[]) => names.every((name) => searchParams.has(name));
  const known = SIGNS.find(
    (sign) =>
      (sign.host?.test(hostname) ?? false) ||
      (sign.path?.test(pathname) ?? false) ||
      (sign.query !== undefined && has(sign.query)) ||
      (sign.header?.[1].test(headers[sign.header[0]] ?? '') ?? false),
  );
  if (known !== undefined) return { product: known.product, host };
  if (withoutWww(target) === withoutWww(from)) return null;
  return LOGIN_PATH.test(pathname) || LOGIN_QUERY.some(has) ? { product: 'other', host } : null;
}

function withoutWww({ hostname }: URL): string {
  return hostname.replace(/^www\./, '');
}
