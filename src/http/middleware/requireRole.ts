import type { RequestHandler } from 'express';
import { CallerError } from '../../errors.ts';
import { hasRole } from '../../services/access/tenantScope.ts';
import type { Access } from '../route.ts';

/**
 * Refuses users below the role that the route requires. A site key has no role: routes that accept it say so.
 */
export function requireRole(access: Access): RequestHandler {
  return (request, _response, next) => {
    const scope = request.scope;
    if (access.kind === 'public' || !scope || scope.role === 'site' || hasRole(scope, access.role))
      return next();
    next(
      new CallerError('forbidden', `This needs the role ${access.role} or above; yours is ${scope.role}.`, {
        code: 'role_too_low',
      }),
    );
  };
}
