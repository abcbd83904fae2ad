import { type Answer, html, json } from './answer.ts';
import type { SiteRequest } from './router.ts';
import type { SimulatedSite } from './site.ts';

/** What opens the doors before a simulated site. */
export const FRONT_BASIC = { username: 'staging', password: 'open sesame, please' };
export const FRONT_TOKEN = {
  'CF-Access-Client-Id': '88bf3b6d.access',
  'CF-Access-Client-Secret': 'a-token-of-the-service',
};

const WALL_COOKIE = 'guard=passed';

/** The answer of a guard before WordPress, if it lets the request not pass; else null. */
export function answerOfFront(site: SimulatedSite, request: SiteRequest): Answer | null {
  const { headers } = request;
  if (site.has('outer_password') && headers.authorization !== basic(FRONT_BASIC)) {
    return html('<html><head><title>401 Authorization Required</title></head></html>', 401, {
      'WWW-Authenticate': 'Basic realm="Staging"',
    });
  }
  // https://developers.cloudflare.com/cloudflare-one/access-controls/service-credentials/service-tokens/
  const hasToken = Object.entries(FRONT_TOKEN).every(
    ([name, value]) => headers[name.toLowerCase()] === value,
  );
  if (site.has('outer_service_token') && !hasToken) {
    const to = encodeURIComponent(request.target);
    return redirect(`https://team.example.com/cdn-cgi/access/login/site?redirect_url=${to}`);
  }
  return answerOfWall(site, request) ?? (request.method === 'POST' ? answerToWrite(site) : null);
}

/** Hosts that let through GET alone. */
function answerToWrite(site: SimulatedSite): Answer | null {
  const server = { Server: 'nginx/1.24.0' };
  if (site.has('writes_forbidden')) {
    return html('<html><head><title>403 Forbidden</title></head><body>nginx</body></html>', 403, server);
  }
  if (site.has('writes_not_allowed')) {
    return html('<html><head><title>405 Not Allowed</title></head><body>nginx</body></html>', 405, server);
  }
  return site.has('writes_answered_otherwise') ? json({ message: 'Method Not Allowed' }, 405) : null;
}

/** The request as a proxy passes it on. It drops the query, or one parameter of it; the route in a query stays. */
export function throughProxy(site: SimulatedSite, request: SiteRequest): SiteRequest {
  const [path = '', query = ''] = request.target.split('?');
  const kept = [...new URLSearchParams(query)].filter(([name]) => {
    if (site.has('query_stripped')) return name === 'rest_route';
    return !site.has('query_context_stripped') || name !== 'context';
  });
  if (kept.length === [...new URLSearchParams(query)].length) return request;
  return { ...request, target: kept.length === 0 ? path : `${path}?${new URLSearchParams(kept)}` };
}

/** A guard against bots: it lets those pass who send back the cookie of the first answer. */
function answerOfWall(site: SimulatedSite, { target, headers }: SiteRequest): Answer | null {
  if (site.has('cookie_wall_endless')) return redirect(target);
  if (site.has('cookie_wall_odd')) {
    const odd = `other=1; Domain=other.example.org`;
    return redirect(target, headers.cookie === undefined ? odd : `large=${'x'.repeat(100_000)}`);
  }
  const passes = (headers.cookie ?? '').split('; ').includes(WALL_COOKIE);
  return site.has('cookie_wall') && !passes ? redirect(target, `${WALL_COOKIE}; Path=/; HttpOnly`) : null;
}

function redirect(location: string, cookie?: string): Answer {
  const setCookie = cookie === undefined ? {} : { 'Set-Cookie': cookie };
  return { status: 302, headers: { Location: location, ...setCookie }, body: '' };
}

function basic({ username, password }: typeof FRONT_BASIC): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
