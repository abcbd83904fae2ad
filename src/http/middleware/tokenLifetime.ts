import { z } from 'zod';
import { CallerError } from '../../errors.ts';

/** In seconds. The clock of an issuer may be this much ahead of ours. */
const clockSkewS = 60;

/** RFC 7519, 4.1.4 and 4.1.6: both times are in seconds since 1970. */
const times = z.object({ exp: z.number(), iat: z.number().optional() });

/**
 * Checks that a token with a right signature ends, and within `maxAgeS` seconds. Its time is counted from
 * `iat`, or from `nowS` if it has no `iat`. Throws 401, which says what the issuer of the token must change.
 */
export function requireLifetime(payload: unknown, maxAgeS: number, nowS: number): void {
  const token = times.safeParse(payload);
  if (!token.success) throw tokenFault('has no number in exp. Get a token that ends.');
  const { exp, iat = nowS } = token.data;
  // An `iat` in the future would let a token last longer than its own numbers say.
  if (exp - Math.min(iat, nowS + clockSkewS) <= maxAgeS) return;
  throw tokenFault(`lasts longer than the ${maxAgeS} s of JWT_MAX_AGE. Get a token with an earlier exp.`);
}

function tokenFault(text: string): CallerError {
  return new CallerError('unauthenticated', `The access token ${text}`, {
    code: 'token_lifetime',
    headers: { 'WWW-Authenticate': 'Bearer realm="sitebridge", error="invalid_token"' },
  });
}
