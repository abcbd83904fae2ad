import { CallerError } from '../../errors.ts';
import { defineRoute, type Route } from '../route.ts';

/** Paths that the API has by contract and that this server cannot serve yet. Each answers 501 and says so. */
const paths = [
  ['post', '/api/v1/content', 'Writing content'],
  ['patch', '/api/v1/content/:id', 'Writing content'],
  ['delete', '/api/v1/content/:id', 'Writing content'],
  ['post', '/api/v1/content/:id/resolve-conflict', 'Writing content'],
] as const;

export function notBuiltRoutes(): Route[] {
  return paths.map(([method, path, what]) => {
    const answer = async () => {
      throw new CallerError('not_supported', `${what} is not supported by this version of the server.`);
    };
    return defineRoute({
      method,
      path,
      access: { kind: 'user', role: 'editor' },
      tag: 'Not supported yet',
      summary: `${what}: not supported yet`,
      takesAnyBody: true,
      responses: {},
      handler: answer,
    });
  });
}
