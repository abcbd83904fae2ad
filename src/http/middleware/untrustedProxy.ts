import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/**
 * Logs one warning when a request comes through a proxy that is not trusted. All its callers then look like
 * one address, and share one limit of failures.
 */
export function noticeUntrustedProxy(logger: Logger): RequestHandler {
  let isTold = false;
  return (request, _response, next) => {
    if (!isTold && request.headers['x-forwarded-for'] !== undefined) {
      isTold = true;
      logger.warn(
        'A request has the header X-Forwarded-For, and TRUST_PROXY is not set. If a proxy is in front of this ' +
          'server, set TRUST_PROXY to the address of the proxy: until then all callers behind it count as one.',
      );
    }
    next();
  };
}
