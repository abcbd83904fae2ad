import type { RouteRequest } from '../core/contentRoutes.ts';
import { type RestAnswer, reply, WpError } from '../core/restAnswer.ts';
import { connectorVerdict, type RestRequest } from '../signIn.ts';
import type { SimulatedSite } from '../site.ts';
import { capabilitiesOf, type SimulatedUser } from '../state.ts';
import { knowsKeys, lastOperation, linkByKey, linkByNumber } from './links.ts';
import { putItem } from './putItem.ts';
import { readInventory, readItems } from './readItems.ts';
import { namedSignatures } from './signature.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NAMESPACE = '/sitebridge/v1/';

/** The first connector version with content routes. */
const CONTENT_SINCE = [0, 3] as const;
/** The first connector version whose ping answers POST. */
const POST_PING_SINCE = [0, 6] as const;

/**
 * The connector's response to a request that was signed in. Null when the connector has no such route.
 * @param request the whole HTTP request
 */
export function answerConnector(route: RouteRequest, request: RestRequest): RestAnswer | null {
  const { site } = route;
  if (!route.route.startsWith(NAMESPACE) || site.connector === null) return null;
  const name = route.route.slice(NAMESPACE.length);
  const asksPing = route.method === 'GET' || (route.method === 'POST' && isSince(site, POST_PING_SINCE));
  if (asksPing && name === 'ping') return ping(site, request, route.user);
  if (route.method === 'GET' && name === 'structure') {
    checkSigned(site, request, route.user);
    return reply(site.structure());
  }
  return hasContent(site) ? answerContentRoute(route, request, name) : null;
}

/** Whether a route of the connector may be used in batches. */
export function takesConnectorBatches(site: SimulatedSite, route: string): boolean {
  return (
    site.connector !== null && hasContent(site) && itemRoute(site, route.slice(NAMESPACE.length)) !== null
  );
}

function answerContentRoute(route: RouteRequest, request: RestRequest, name: string): RestAnswer | null {
  const { site, parameters } = route;
  const named = itemRoute(site, name);
  const known =
    named === null
      ? route.method === 'GET' && /^(items|inventory)$/.test(name)
      : route.method === 'PUT' || (route.method === 'POST' && named.isKey);
  if (!known) return null;
  const items = { site, parameters, user: checkSigned(site, request, route.user) };
  if (named !== null) {
    if (named.isKey && !UUID.test(request.headers['x-sitebridge-server'] ?? '')) throw serverMissing();
    return putItem(items, named.isKey ? linkByKey(site, named.name) : linkByNumber(site, Number(named.name)));
  }
  return name === 'items' ? readItems(items) : readInventory(items);
}

/** The key or number of the content in a route. Null for a route without one. */
function itemRoute(site: SimulatedSite, name: string): { name: string; isKey: boolean } | null {
  const named = /^items\/([0-9a-f-]+)$/i.exec(name)?.[1] ?? '';
  if (/^[1-9]\d{0,17}$/.test(named)) return { name: named, isKey: false };
  const isKey = UUID.test(named) && site.connector !== null && knowsKeys(site.connector);
  return isKey ? { name: named.toLowerCase(), isKey } : null;
}

function serverMissing(): WpError {
  return new WpError(
    'sitebridge_server_missing',
    400,
    'The request does not say which server it comes from.',
  );
}

function hasContent(site: SimulatedSite): boolean {
  return isSince(site, CONTENT_SINCE);
}

function isSince(site: SimulatedSite, [sinceMajor, sinceMinor]: readonly [number, number]): boolean {
  const [major = 0, minor = 0] = (site.connector?.version ?? '0').split('.').map(Number);
  return major > sinceMajor || (major === sinceMajor && minor >= sinceMinor);
}

/**
 * Returns the user of a signed request. Throws WpError for an unsigned one. The signature was checked at
 * sign-in and cannot be checked again, because its nonce is used up.
 */
function checkSigned(
  site: SimulatedSite,
  request: RestRequest,
  user: SimulatedUser | null,
): SimulatedUser | null {
  if (request.headers['x-sitebridge-signature'] !== undefined && user !== null) return user;
  const verdict = connectorVerdict(site, request);
  if (verdict.refusal !== null) throw verdict.refusal;
  return verdict.user;
}

function ping(site: SimulatedSite, request: RestRequest, signedIn: SimulatedUser | null): RestAnswer {
  if (site.has('cached_ping')) return reply(pong(site, 'of-another-request', site.mappedUser));
  const user = checkSigned(site, request, signedIn);
  return reply(pong(site, request.headers['x-sitebridge-nonce'] ?? '', user));
}

function pong(site: SimulatedSite, nonce: string, user: SimulatedUser | null) {
  const { connector, state } = site;
  const held = user === null ? {} : capabilitiesOf(site.withRole(user));
  const asked = ['edit_posts', 'edit_others_posts', 'publish_posts', 'manage_categories', 'upload_files'];
  return {
    ok: true,
    nonce,
    site_id: connector?.siteId,
    plugin_version: connector?.version,
    ...(connector === null ? {} : namedSignatures(connector)),
    ...(connector !== null && knowsKeys(connector)
      ? { links: 'key', last_operation: lastOperation(site) }
      : {}),
    wordpress_version: state.wordpressVersion,
    php_version: '8.2.0',
    name: state.name,
    home_url: site.home,
    site_url: site.home,
    rest_url: site.restUrl,
    multisite: false,
    time: Math.floor(Date.now() / 1000),
    user: {
      id: user?.id ?? 0,
      roles: user === null ? [] : [site.withRole(user).role],
      capabilities: Object.fromEntries(asked.map((name) => [name, name in held])),
    },
  };
}
