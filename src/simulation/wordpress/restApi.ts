import { type Answer, json, restError } from './answer.ts';
import { connectorVerdict, isSigned, type RestRequest, signIn } from './signIn.ts';
import { answerPost } from './singlePost.ts';
import type { SimulatedSite } from './site.ts';
import { capabilitiesOf, type SimulatedType, type SimulatedUser } from './state.ts';

/** Answers a request to the REST API, as far as it is simulated. */
export function answerRest(site: SimulatedSite, request: RestRequest): Answer {
  const { user, refusal } = signIn(site, request);
  if (refusal !== null) return refusal;
  if (isSigned(request) && site.has('connection_disabled') && !request.route.startsWith('/sitebridge/')) {
    return restError('sitebridge_connection_disabled', 403, 'The connection is switched off.');
  }
  const acting = user === null ? null : site.withRole(user);
  const answer = request.method === 'GET' ? dispatch(site, request, acting) : null;
  return onlyFields(answer ?? noRoute(), request.query.get('_fields'));
}

function noRoute(): Answer {
  return restError('rest_no_route', 404, 'No route was found matching the URL and request method.');
}

function dispatch(site: SimulatedSite, request: RestRequest, user: SimulatedUser | null): Answer | null {
  const route = request.route.replace(/(.)\/$/, '$1');
  if (route === '/') return json(index(site));
  if (route === '/sitebridge/v1/ping' || route === '/sitebridge/v1/structure') {
    if (site.connector === null) return null;
    if (site.has('cached_ping') && route.endsWith('ping')) return json(ping(site, request, site.mappedUser));
    // A signed request was judged when it was signed in, and its nonce is used up.
    const verdict = user === null ? connectorVerdict(site, request) : { user, refusal: null };
    if (verdict.refusal !== null) return verdict.refusal;
    return json(route.endsWith('ping') ? ping(site, request, verdict.user) : site.structure());
  }
  if (route === '/wp/v2/users/me') return me(user);
  if (route === '/wp/v2/types') return typeList(site, site.state.postTypes, 'taxonomies', request, user);
  if (route === '/wp/v2/taxonomies') return typeList(site, site.state.taxonomies, 'types', request, user);
  const [, base, id] = /^\/wp\/v2\/(\w+)(?:\/(\d+))?$/.exec(route) ?? [];
  const type = slugOf(site.state.postTypes, base);
  if (id !== undefined) return type === null ? null : answerPost(site, type, Number(id), request.query, user);
  if (type !== null) return postList(site, type, request, user);
  const taxonomy = slugOf(site.state.taxonomies, base);
  return taxonomy === null ? null : termList(site, taxonomy, request, user);
}

function index(site: SimulatedSite) {
  const endpoints = { authorization: `${site.home}/wp-admin/authorize-application.php` };
  return {
    name: site.state.name,
    description: '',
    url: site.home,
    home: site.home,
    gmt_offset: 0,
    namespaces: ['oembed/1.0', ...(site.connector === null ? [] : ['sitebridge/v1']), 'wp/v2'],
    // An empty PHP array is [] in JSON.
    authentication: site.has('application_passwords_off') ? [] : { 'application-passwords': { endpoints } },
    routes: {},
  };
}

function ping(site: SimulatedSite, request: RestRequest, user: SimulatedUser | null) {
  const { connector, state } = site;
  const held = user === null ? {} : capabilitiesOf(site.withRole(user));
  const asked = ['edit_posts', 'edit_others_posts', 'publish_posts', 'manage_categories', 'upload_files'];
  return {
    ok: true,
    nonce: site.has('cached_ping') ? 'of-another-request' : (request.headers['x-sitebridge-nonce'] ?? ''),
    site_id: connector?.siteId,
    plugin_version: connector?.version,
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

function me(user: SimulatedUser | null): Answer {
  if (user === null) return restError('rest_not_logged_in', 401, 'You are not currently logged in.');
  return json({
    id: user.id,
    name: user.login,
    username: user.login,
    roles: [user.role],
    capabilities: capabilitiesOf(user),
  });
}

function may(user: SimulatedUser | null, capability: string): boolean {
  return user !== null && capability in capabilitiesOf(user);
}

/** rest_authorization_required_code(): 403 to those who are known, 401 to others. */
function forbidden(code: string, user: SimulatedUser | null, message: string): Answer {
  return restError(code, user === null ? 401 : 403, message);
}

function typeList(
  site: SimulatedSite,
  types: Record<string, SimulatedType>,
  related: string,
  { query }: RestRequest,
  user: SimulatedUser | null,
): Answer {
  if (query.get('context') === 'edit' && !may(user, 'edit_posts')) {
    return forbidden('rest_cannot_view', user, 'Sorry, you are not allowed to edit posts in this post type.');
  }
  const list = Object.entries(types).map(([slug, type]) => [
    slug,
    {
      name: type.name,
      slug,
      hierarchical: type.hierarchical,
      rest_base: type.rest_base,
      rest_namespace: 'wp/v2',
      [related]: type.related,
      visibility: { show_in_nav_menus: type.internal !== true, show_ui: true },
      _links: { collection: [{ href: `${site.restUrl}wp/v2/types` }] },
    },
  ]);
  return json(Object.fromEntries(list));
}

function postList(
  site: SimulatedSite,
  type: string,
  { query }: RestRequest,
  user: SimulatedUser | null,
): Answer {
  const status = query.get('status') ?? 'publish';
  // Parameters are checked before rights, so this comes as a 400 whoever asks.
  if (status !== 'publish' && !may(user, 'edit_posts')) {
    return restError('rest_invalid_param', 400, 'Invalid parameter(s): status', {
      params: { status: 'Status is forbidden.' },
    });
  }
  if (query.get('context') === 'edit' && !may(user, 'edit_posts')) {
    return forbidden(
      'rest_forbidden_context',
      user,
      'Sorry, you are not allowed to edit posts in this post type.',
    );
  }
  const posts = site.posts(type, status === 'any' ? 'any' : status.split(','));
  return page(
    posts.map((post) => ({
      ...post,
      title: { raw: post.title, rendered: post.title },
      content: { raw: post.content },
    })),
    query,
  );
}

function termList(
  site: SimulatedSite,
  taxonomy: string,
  { query }: RestRequest,
  user: SimulatedUser | null,
): Answer {
  if (query.get('context') === 'edit' && !may(user, 'manage_categories')) {
    return forbidden(
      'rest_forbidden_context',
      user,
      'Sorry, you are not allowed to edit terms in this taxonomy.',
    );
  }
  return page(site.terms(taxonomy), query);
}

function page(items: readonly object[], query: URLSearchParams): Answer {
  const size = Number(query.get('per_page') ?? 10);
  if (size < 1 || size > 100) return restError('rest_invalid_param', 400, 'Invalid parameter(s): per_page');
  const start = (Number(query.get('page') ?? 1) - 1) * size;
  return json(items.slice(start, start + size), 200, {
    'X-WP-Total': String(items.length),
    'X-WP-TotalPages': String(Math.ceil(items.length / size)),
  });
}

function slugOf(types: Record<string, SimulatedType>, base: string | undefined): string | null {
  return Object.entries(types).find(([, type]) => type.rest_base === base)?.[0] ?? null;
}

/** rest_filter_response_fields(). What is embedded is added after it, so it needs no field. */
function onlyFields(answer: Answer, fields: string | null): Answer {
  if (fields === null || answer.status >= 400) return answer;
  const wanted = [...fields.split(',').map((field) => field.trim().split('.')), ['_embedded']];
  const value: unknown = JSON.parse(answer.body);
  const picked = Array.isArray(value) ? value.map((item) => pick(item, wanted)) : pick(value, wanted);
  return { ...answer, body: JSON.stringify(picked) };
}

/** The parts of an object that paths such as `title.raw` lead to. */
function pick(item: unknown, wanted: string[][]): unknown {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) return item;
  const kept = Object.entries(item).flatMap(([name, value]) => {
    const here = wanted.filter((path) => path[0] === name).map((path) => path.slice(1));
    if (here.length === 0) return [];
    return [[name, here.some((path) => path.length === 0) ? value : pick(value, here)]];
  });
  return Object.fromEntries(kept);
}
