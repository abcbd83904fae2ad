import { CallerError } from '../../errors.ts';
import { defineRoute, type Route } from '../route.ts';
import { integrationsPath } from './integrations.router.ts';

const editor = { kind: 'user', role: 'editor' } as const;

/** Paths that the API has by contract and that this server cannot serve yet. Each answers 501 and says so. */
const paths = [
  ['post', `${integrationsPath}/:id/sync-wordpress-content`, 'Pulling one content'],
  ['get', '/api/v1/content', 'Content'],
  ['post', '/api/v1/content', 'Content'],
  ['get', '/api/v1/content/:id', 'Content'],
  ['patch', '/api/v1/content/:id', 'Content'],
  ['delete', '/api/v1/content/:id', 'Content'],
  ['post', '/api/v1/content/:id/resolve-conflict', 'Content'],
  ['post', '/api/v1/integration/webhooks/wordpress/status', 'Taking webhooks'],
  ['post', '/api/v1/integration/webhooks/wordpress/metadata', 'Taking webhooks'],
  ['get', '/api/v1/integration/webhooks/deliveries', 'Taking webhooks'],
  ['post', '/api/v1/integration/webhooks/deliveries/:id/replay', 'Taking webhooks'],
] as const;

export function notBuiltRoutes(): Route[] {
  return paths.map(([method, path, what]) => {
    const answer = async () => {
      throw new CallerError('not_supported', `${what} is not supported by this version of the server.`);
    };
    // A webhook's sender is told by its signature, which cannot be checked either.
    const access = path.includes('/webhooks/wordpress/') ? ({ kind: 'public' } as const) : editor;
    return defineRoute({
      method,
      path,
      access,
      tag: 'Not supported yet',
      summary: `${what}: not supported yet`,
      responses: {},
      handler: answer,
    });
  });
}
