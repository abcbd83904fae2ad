import type { AuthService } from '../../services/access/auth.service.ts';
import { addressOf } from '../limits/callerQueues.ts';
import type { SignInBrake } from '../limits/signInBrake.ts';
import { defineRoute, type Route } from '../route.ts';
import { tokenRequest, tokenResponse } from '../schemas/auth.schema.ts';

export function authRoutes(auth: AuthService, brake: SignInBrake): Route[] {
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
        const token = await brake.run(addressOf(request), body.email, () =>
          auth.signIn(body.email, body.password),
        );
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
