import type { RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit, type Store } from 'express-rate-limit';
import type { Logger } from 'pino';
import { CallerError } from '../../errors.ts';
import { rateLimitLogger } from '../limits/counters.ts';
import { sendProblem } from '../problem.ts';
import type { ThrottleScope } from '../route.ts';

/**
 * Creates a throttle per user, or per site for calls with a site key. Its responses carry the `RateLimit`
 * headers of the IETF draft.
 */
export function createThrottle(
  scope: ThrottleScope,
  rate: { limit: number; windowMs: number },
  store: Store,
  logger: Logger,
): RequestHandler {
  return rateLimit({
    windowMs: rate.windowMs,
    limit: rate.limit,
    identifier: scope,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    store,
    logger: rateLimitLogger(logger),
    // A failing store must not block the API: calls then pass uncounted.
    passOnStoreError: true,
    keyGenerator: (request) => {
      if (request.scope?.userId) return `user:${request.scope.userId}`;
      if (request.scope?.siteId) return `site:${request.scope.siteId}`;
      return `ip:${ipKeyGenerator(request.ip ?? '')}`;
    },
    handler: (_request, response) => {
      // express-rate-limit has already set Retry-After and the RateLimit headers.
      sendProblem(
        response,
        new CallerError(
          'rate_limited',
          `Too many calls: ${rate.limit} per ${rate.windowMs / 1000} s are allowed.`,
        ),
      );
    },
  });
}
