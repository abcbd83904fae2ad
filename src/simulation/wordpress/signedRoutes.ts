import { knowsKeys } from './connector/links.ts';
import { WpError } from './core/restAnswer.ts';
import type { SimulatedSite } from './site.ts';
import { collectionOf } from './state.ts';

const READ = /^\/wp\/v2\/(users\/me|(types|taxonomies|statuses)(\/[\w-]+)?|media(\/\d+)?)$/;
const WRITTEN = ['/batch/v1', '/wp/v2/media'];

/**
 * Refuses a signed request, or a part of a signed batch, to a route that the connector does not open. Throws
 * WpError. Connectors before 0.4 open every route.
 */
export function checkSignedRoute(site: SimulatedSite, method: string, route: string): void {
  const { connector } = site;
  if (connector === null || !knowsKeys(connector)) return;
  if (route.startsWith('/sitebridge/v1/')) return;
  const isContent = contentRoutes(site).includes(route.replace(/\/\d+$/, ''));
  if (method === 'GET' && (READ.test(route) || isContent)) return;
  if (method === 'POST' && WRITTEN.includes(route)) return;
  if ((method === 'POST' || method === 'PUT') && isContent) return;
  throw new WpError(
    'sitebridge_route_refused',
    403,
    'Signed requests reach only the content of this site, not this route.',
    { plugin_version: connector.version },
  );
}

function contentRoutes({ state }: SimulatedSite): string[] {
  const types = [...Object.values(state.postTypes), ...Object.values(state.taxonomies)];
  return types.filter((type) => type.internal !== true).map((type) => `/${collectionOf(type)}`);
}
