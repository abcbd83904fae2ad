import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** The request ids of callers that are safe to print, and so are kept. */
const acceptable = /^[\w.:-]{1,128}$/;

declare module 'express-serve-static-core' {
  interface Request {
    /** Sent in the response as `X-Request-Id`, and named in every problem and log line. */
    id: string;
  }
}

/**
 * Gives each request an id and sends it in the response as `X-Request-Id`. Logs one line when the response is
 * sent or the caller has disconnected. Headers, query and bodies are not logged, because they hold tokens and
 * customers' content.
 */
export function requestId(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const given = request.headers['x-request-id'];
    request.id = typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', request.id);
    // The cause of a 5xx response is logged where the response is made. This line only records the call.
    const level = request.path === '/healthz' || request.path === '/readyz' ? 'debug' : 'info';
    if (!logger.isLevelEnabled(level)) return next();
    const started = performance.now();
    const { id, method, path } = request;
    response.once('close', () => {
      const call = { req: { id, method, path }, res: { status: response.statusCode } };
      const responseTime = Math.round(performance.now() - started);
      logger[level](
        { ...call, responseTime },
        response.writableFinished ? 'request completed' : 'request aborted',
      );
    });
    next();
  };
}
