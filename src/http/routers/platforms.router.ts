import type { PlatformRegistry } from '../../platforms/registry.ts';
import { defineRoute, type Route } from '../route.ts';
import { platformBody, platformsResponse } from '../schemas/platform.schema.ts';

/** The route that lists the platforms and the settings that each needs. */
export function platformRoutes(platforms: PlatformRegistry): Route[] {
  // Costly to make, and the same for every caller, so the process makes it once.
  const body = { results: platforms.list().map(platformBody) };
  return [
    defineRoute({
      method: 'get',
      path: '/api/v1/integration/platforms',
      access: { kind: 'user', role: 'editor' },
      throttle: 'integration',
      tag: 'Platforms',
      summary: 'The platforms of this server, with schemas of config_json and credentials_json',
      responses: { 200: { description: 'Every platform', schema: platformsResponse } },
      handler: async () => ({ status: 200, body }),
    }),
  ];
}
