import type { Answer } from './answer.ts';
import { builderNamespaces } from './builders.ts';
import { answerConnector, takesConnectorBatches } from './connector/routes.ts';
import { withoutUnsigned } from './connector/signature.ts';
import { forbidden, may } from './core/access.ts';
import { answerBatch } from './core/batch.ts';
import { answerContent, type RouteRequest, takesBatches } from './core/contentRoutes.ts';
import { onlyFields } from './core/fields.ts';
import { Parameters } from './core/parameters.ts';
import { bodyParameters, isJson } from './core/requestBody.ts';
import { noRoute, type RestAnswer, reply, WpError, written } from './core/restAnswer.ts';
import { listUsers } from './core/users.ts';
import { throughLoginPlugins } from './loginPlugins.ts';
import type { Operation } from './outbox.ts';
import { checkSignedRoute } from './signedRoutes.ts';
import { isSigned, type RestRequest, signIn } from './signIn.ts';
import type { SimulatedSite } from './site.ts';
import { capabilitiesOf, type SimulatedType, type SimulatedUser } from './state.ts';

/** Answers a request to the simulated part of the REST API. */
export function answerRest(site: SimulatedSite, request: RestRequest): Answer {
  try {
    return written(answer(site, request));
  } catch (error) {
    if (error instanceof WpError) return written(error.answer);
    throw error;
  }
}

function answer(site: SimulatedSite, arrived: RestRequest): RestAnswer {
  const { user, refusal } = throughLoginPlugins(site, arrived, signIn(site, arrived));
  if (refusal !== null) throw refusal;
  const isConnectors = isSigned(arrived) && site.connector !== null;
  const request = isConnectors ? withoutUnsigned(site.connector, arrived) : arrived;
  const method = methodOf(request);
  if (isSigned(request) && site.has('connection_disabled') && !request.route.startsWith('/sitebridge/')) {
    throw new WpError('sitebridge_connection_disabled', 403, 'The connection is switched off.');
  }
  const route: RouteRequest = {
    site,
    method: method === 'HEAD' ? 'GET' : method,
    route: request.route.replace(/(.)\/$/, '$1'),
    parameters: new Parameters(request.query, bodyParameters(request)),
    user: user === null ? null : site.withRole(user),
    upload: isJson(request.headers['content-type']) ? null : request,
  };
  return site.outbox.during(operationOf(request), () => {
    const found = dispatch(route, request);
    if (found === null) throw noRoute();
    return onlyFields(found, request.query.get('_fields'));
  });
}

/** WP_REST_Server::serve_request(): a parameter or a header overrides the method. */
function methodOf({ method, query, headers }: RestRequest): string {
  return (query.get('_method') ?? headers['x-http-method-override'] ?? method).toUpperCase();
}

/** Who makes the changes of a request. Signed requests come from the server, with or without operation id. */
function operationOf(request: RestRequest): Operation {
  return isSigned(request) ? (request.headers['x-sitebridge-op'] ?? null) : '';
}

function dispatch(route: RouteRequest, request: RestRequest): RestAnswer | null {
  const { site, parameters, user } = route;
  const check = (method: string, path: string) => {
    if (isSigned(request)) checkSignedRoute(site, method, path);
  };
  check(route.method, route.route);
  if (route.method === 'POST' && route.route === '/batch/v1') {
    return answerBatch(
      parameters,
      (path) => (takesConnectorBatches(site, path) ? true : takesBatches(site, path)),
      (item) => {
        check(item.method, item.route);
        site.beforeItem(item.parameters.asSent());
        return (
          answerConnector({ ...route, ...item }, request) ??
          answerContent({ ...route, ...item, upload: null })
        );
      },
    );
  }
  return readSite(route) ?? answerConnector(route, request) ?? answerContent({ ...route, parameters, user });
}

/** Answers requests about the site itself and about the current user. */
function readSite({ site, method, route, parameters, user }: RouteRequest): RestAnswer | null {
  if (method !== 'GET') return null;
  if (route === '/') return reply(index(site));
  if (route === '/wp/v2/users/me') return me(user);
  if (route === '/wp/v2/users') return listUsers(site, parameters, user);
  const edit = parameters.get('context') === 'edit';
  if (route === '/wp/v2/types') return typeList(site, site.state.postTypes, 'taxonomies', edit, user);
  if (route === '/wp/v2/statuses') return statusList(site, edit, user);
  if (route === '/wp/v2/taxonomies') return typeList(site, site.state.taxonomies, 'types', edit, user);
  return null;
}

function index(site: SimulatedSite) {
  const endpoints = { authorization: `${site.home}/wp-admin/authorize-application.php` };
  return {
    name: site.state.name,
    description: '',
    url: site.home,
    home: site.home,
    gmt_offset: site.clock.gmtOffset,
    namespaces: [
      'oembed/1.0',
      ...(site.connector === null ? [] : ['sitebridge/v1']),
      ...builderNamespaces(site),
      'wp/v2',
    ],
    // An empty PHP array is [] in JSON.
    authentication: site.has('application_passwords_off') ? [] : { 'application-passwords': { endpoints } },
    routes: {},
  };
}

function me(user: SimulatedUser | null): RestAnswer {
  if (user === null) throw new WpError('rest_not_logged_in', 401, 'You are not currently logged in.');
  return reply({
    id: user.id,
    name: user.login,
    username: user.login,
    roles: [user.role],
    capabilities: capabilitiesOf(user),
  });
}

/** WP_REST_Post_Statuses_Controller::get_items(): all statuses that are not internal, and the trash. */
function statusList(site: SimulatedSite, edit: boolean, user: SimulatedUser | null): RestAnswer {
  if (edit && !may(user, 'edit_posts')) {
    throw forbidden('rest_cannot_view', user, 'Sorry, you are not allowed to manage post statuses.');
  }
  const seen = may(user, 'edit_posts')
    ? ['publish', 'future', 'draft', 'pending', 'private', ...site.state.hiddenStatuses, 'trash']
    : ['publish'];
  return reply(Object.fromEntries(seen.map((slug) => [slug, { name: slug, slug }])));
}

function typeList(
  site: SimulatedSite,
  types: Record<string, SimulatedType>,
  related: string,
  edit: boolean,
  user: SimulatedUser | null,
): RestAnswer {
  if (edit && !may(user, 'edit_posts')) {
    throw forbidden('rest_cannot_view', user, 'Sorry, you are not allowed to edit posts in this post type.');
  }
  const list = Object.entries(types).map(([slug, type]) => [
    slug,
    {
      name: type.name,
      slug,
      hierarchical: type.hierarchical,
      rest_base: type.rest_base,
      rest_namespace: type.rest_namespace ?? 'wp/v2',
      [related]: type.related,
      visibility: { show_in_nav_menus: type.internal !== true, show_ui: true },
      _links: { collection: [{ href: `${site.restUrl}wp/v2/types` }] },
    },
  ]);
  return reply(Object.fromEntries(list));
}
