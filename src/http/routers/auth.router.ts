import { CallerError } from '../../errors.ts';
import type { AuthService } from '../../services/access/auth.service.ts';
import type { FailureBrake } from '../limits/failureBrake.ts';
import { defineRoute, type Route } from '../route.ts';
import { tokenRequest, tokenResponse } from '../schemas/auth.schema.ts';

export function authRoutes(auth: AuthService, brake: FailureBrake): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/api/v1/auth/token',
      access: { kind: 'public' },
      tag: 'Identity',
      summary: 'Sign in: get an access token for an e-mail and password',
      request: { body: tokenRequest },
      responses: { 200: { description: 'Signed in', schema: tokenResponse } },
      handler: async ({ body, request }) => {
        const caller = `${request.ip}:${body.email.trim().toLowerCase()}`;
        await brake.check(caller);
        const token = await auth.signIn(body.email, body.password).catch(async (error: unknown) => {
          if (error instanceof CallerError && error.kind === 'unauthenticated') await brake.failed(caller);
          throw error;
        });
        return {
          status: 200,
          // RFC 6749, 5.1: caches must not store a response with a token.
          headers: { 'Cache-Control': 'no-store' },
          body: { access_token: token.accessToken, token_type: 'Bearer', expires_in: token.expiresIn },
        };
      },
    }),
  ];
}
