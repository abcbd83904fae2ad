import { createSecretKey, KeyObject } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { RequestHandler } from 'express';
import { createRemoteJWKSet, errors, type JWSHeaderParameters } from 'jose';
import { Passport } from 'passport';
import { Strategy } from 'passport-jwt';
import { z } from 'zod';
import { CallerError } from '../../errors.ts';
import type { AuthService } from '../../services/access/auth.service.ts';
import type { TenantScope } from '../../services/access/tenantScope.ts';
import { addressOf } from '../limits/callerQueues.ts';
import type { ProofBrake } from '../limits/proofBrake.ts';
import type { Access } from '../route.ts';
import { requireLifetime } from './tokenLifetime.ts';

/**
 * How tokens are verified: with one shared secret (HS256), or with the published keys of an identity
 * provider.
 */
export type TokenKeys =
  | { kind: 'secret'; secret: Uint8Array }
  | { kind: 'jwks'; url: string; issuer: string; audience: string };

// `sub` is a string by RFC 7519, 4.1.2. Some issuers write a number there, and strings in their own claims.
const claims = z.object({
  sub: z.coerce.number().pipe(z.int32()),
  account_id: z.coerce.number().pipe(z.int32()),
});

declare module 'express-serve-static-core' {
  interface Request {
    /**
     * Set by authenticate. Absent on public routes, and where a site key in the body may replace the token.
     */
    scope?: TenantScope;
  }
}

/**
 * Returns a function that creates the middleware which identifies the caller, for a kind of access. A token
 * may last `maxAgeS` seconds.
 */
export function createAuthenticate(
  auth: AuthService,
  { keys, maxAgeS }: { keys: TokenKeys; maxAgeS: number },
  brake: ProofBrake,
): (access: Access) => RequestHandler {
  const passport = new Passport();
  passport.use(tokenStrategy(auth, keys, maxAgeS));

  const byToken: RequestHandler = (request, response, next) => {
    // Passport passes the errors of a key provider as `info`, like the reasons why a token is wrong.
    const done = (error: unknown, scope: TenantScope | false | undefined, info: unknown) => {
      if (error) return next(error);
      if (info instanceof CallerError) return next(info);
      if (!scope) return next(unauthenticated());
      request.scope = scope;
      next();
    };
    passport.authenticate('jwt', { session: false }, done)(request, response, next);
  };

  const byKey = async (request: Parameters<RequestHandler>[0], key: string): Promise<void> => {
    const scope = await brake.prove(addressOf(request), 'key', () => auth.siteKeyScope(key));
    if (!scope) throw unauthenticated();
    request.scope = scope;
  };

  return (access) => async (request, response, next) => {
    if (access.kind === 'public') return next();
    const key = presentedSiteKey(request.headers);
    if (access.kind === 'site_key_or_user' && key !== null) {
      await byKey(request, key);
      return next();
    }
    const optional =
      access.kind === 'user_or_body_key' && (key !== null || request.headers.authorization === undefined);
    if (optional) return next();
    return byToken(request, response, next);
  };
}

/** The site key that a request presents in `X-API-Key` or as a bearer token; null without a site key. */
export function presentedSiteKey(headers: IncomingHttpHeaders): string | null {
  const own = headers['x-api-key'];
  if (typeof own === 'string') return own;
  const bearer = /^Bearer\s+(sbk_\S*)$/i.exec(headers.authorization ?? '');
  return bearer?.[1] ?? null;
}

/** The bearer token of a request; null without one. The extractor of passport-jwt takes quadratic time. */
export function jwtFromRequest({ headers }: { headers: IncomingHttpHeaders }): string | null {
  return /^Bearer\s+(\S+)/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

function unauthenticated(): CallerError {
  return new CallerError('unauthenticated', 'Sign in: this call needs a valid access token or site key.', {
    headers: { 'WWW-Authenticate': 'Bearer realm="sitebridge"' },
  });
}

function tokenStrategy(auth: AuthService, keys: TokenKeys, maxAgeS: number): Strategy {
  const accept = async (payload: unknown): Promise<TenantScope | false> => {
    requireLifetime(payload, maxAgeS, Date.now() / 1000);
    const token = claims.safeParse(payload);
    if (!token.success) return false;
    return (await auth.userScope(token.data.sub, token.data.account_id)) ?? false;
  };
  const verify = (payload: unknown, done: (error: unknown, user: TenantScope | false) => void): void => {
    accept(payload).then(
      (scope) => done(null, scope),
      (error: unknown) => done(error, false),
    );
  };
  if (keys.kind === 'secret') {
    // Given a string or bytes, jsonwebtoken first tries to make a public key at every call. That throws, and
    // takes a third of the call's time. jsonwebtoken also accepts a KeyObject, which the types of
    // passport-jwt lack.
    const secretOrKey = createSecretKey(keys.secret);
    const options = { jwtFromRequest, secretOrKey: '', algorithms: ['HS256' as const] };
    return new Strategy(Object.assign(options, { secretOrKey }), verify);
  }
  const jwks = createRemoteJWKSet(new URL(keys.url));
  return new Strategy(
    {
      jwtFromRequest,
      algorithms: ['RS256', 'ES256'],
      issuer: keys.issuer,
      audience: keys.audience,
      secretOrKeyProvider: (_request, token: string, done) => {
        publicKey(jwks, token).then(
          (key) => done(null, key),
          (error: unknown) => done(isTokensFault(error) ? null : providerUnavailable(error)),
        );
      },
    },
    verify,
  );
}

/**
 * Is the token at fault: does no published key fit, or is the token malformed? Any other error means that the
 * identity provider does not respond as it must.
 */
function isTokensFault(error: unknown): boolean {
  return (
    error instanceof SyntaxError ||
    error instanceof z.ZodError ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

/**
 * Without the provider's keys a valid token cannot be verified. A 401 would sign its user out for no reason.
 */
function providerUnavailable(cause: unknown): CallerError {
  return new CallerError(
    'unavailable',
    'The identity provider does not publish its keys right now; try again.',
    {
      code: 'identity_provider_unavailable',
      headers: { 'Retry-After': '5' },
      cause,
    },
  );
}

async function publicKey(jwks: ReturnType<typeof createRemoteJWKSet>, token: string): Promise<string> {
  const [header = ''] = token.split('.', 1);
  const parsed = z
    .looseObject({ alg: z.string() })
    .parse(JSON.parse(Buffer.from(header, 'base64url').toString('utf8')));
  const key = await jwks(parsed satisfies JWSHeaderParameters);
  return KeyObject.from(key).export({ type: 'spki', format: 'pem' }).toString();
}
