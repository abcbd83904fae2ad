import { type Answer, html } from './answer.ts';
import { loginPage, sentToLogin } from './loginPlugins.ts';
import { answerRest } from './restApi.ts';
import type { SimulatedSite } from './site.ts';
import { answerXmlRpc } from './xmlRpc.ts';

export interface SiteRequest {
  method: string;
  /** Path and query, exactly as in the request line. */
  target: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: Buffer;
}

/** The REST route in the URL of a request, or null when the request is not for the REST API. */
export function restRoute(
  site: SimulatedSite,
  target: string,
): { route: string; query: URLSearchParams } | null {
  const url = new URL(target, 'http://site.invalid');
  const path = belowHome(site, url.pathname);
  if (!site.plainPermalinks && /^\/wp-json(\/|$)/.test(path)) {
    return { route: path.slice('/wp-json'.length) || '/', query: url.searchParams };
  }
  const route = url.searchParams.getAll('rest_route').at(-1) ?? null;
  return route !== null && (path === '/' || path === '/index.php')
    ? { route, query: url.searchParams }
    : null;
}

/** A path below the home. As in WordPress, the folder of the home may be missing: a proxy may have stripped it. */
function belowHome(site: SimulatedSite, path: string): string {
  return path.startsWith(`${site.base}/`) ? path.slice(site.base.length) : path;
}

/**
 * Whether a request is for the REST API, or would be with pretty permalinks. The second case counts because
 * firewalls judge by the path.
 */
export function isApi(site: SimulatedSite, { target }: SiteRequest): boolean {
  return restRoute(site, target) !== null || target.startsWith(`${site.base}/wp-json`);
}

export function isConnector(site: SimulatedSite, { target }: SiteRequest): boolean {
  return restRoute(site, target)?.route.startsWith('/sitebridge/') ?? false;
}

/** The response of WordPress itself: REST API, XML-RPC or home page. */
export function answerSite(site: SimulatedSite, request: SiteRequest): Answer {
  const found = restRoute(site, request.target);
  const sent = sentToLogin(site, request, found?.route ?? null);
  if (sent !== null) return sent;
  if (found !== null) return answerRest(site, { ...request, ...found });
  const path = belowHome(site, new URL(request.target, 'http://site.invalid').pathname);
  if (path === '/xmlrpc.php' && request.method === 'POST')
    return answerXmlRpc(site, request.body.toString('utf8'));
  if (path === '/wp-login.php') return loginPage(site);
  if (path === '/') return home(site);
  return html('<html><head><title>404 Not Found</title></head><body>Not found.</body></html>', 404);
}

function home(site: SimulatedSite): Answer {
  const { name, wordpressVersion } = site.state;
  return html(
    `<!DOCTYPE html><html><head><title>${name.replaceAll('&', '&amp;')}</title>
<meta name="generator" content="WordPress ${wordpressVersion}" />
<link rel="stylesheet" href="${site.home}/wp-content/themes/plain/style.css" /></head><body></body></html>`,
    200,
    { Link: `<${site.restUrl}>; rel="https://api.w.org/"` },
  );
}
