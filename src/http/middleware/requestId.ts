import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';

/** A caller's own id is taken over when it is harmless to print. */
const acceptable = /^[\w.:-]{1,128}$/;

declare module 'express-serve-static-core' {
  interface Request {
    /** Answered as `X-Request-Id`, named in every problem and log line. */
    id: string;
  }
}

/**
 * Gives each request an id, answers it as `X-Request-Id`, and logs one line when the answer is out or its
 * caller has gone. Headers, query and bodies are not logged: they hold tokens and customers' content.
 */
export function requestId(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const given = request.headers['x-request-id'];
    request.id = typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
    response.setHeader('X-Request-Id', request.id);
    // An answer of 5xx is logged with its cause where it is made; this line is only the record of the call.
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
