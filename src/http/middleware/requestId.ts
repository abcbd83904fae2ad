import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';

/** A caller's own id is taken over when it is harmless to print. */
const acceptable = /^[\w.:-]{1,128}$/;

/**
 * Gives each request an id, answers it as `X-Request-Id`, and logs one line when the answer is out.
 * Headers, query and bodies are not logged: they hold tokens and customers' content.
 */
export function requestId(logger: Logger): RequestHandler {
  return pinoHttp({
    logger,
    genReqId: (request, response) => {
      const given = request.headers['x-request-id'];
      const id = typeof given === 'string' && acceptable.test(given) ? given : randomUUID();
      response.setHeader('X-Request-Id', id);
      return id;
    },
    // An answer of 5xx is logged with its cause where it is made; this line is only the record of the call.
    customLogLevel: (request) => (request.url === '/healthz' || request.url === '/readyz' ? 'debug' : 'info'),
    serializers: {
      req: (request: { id: unknown; method: string; url: string }) => ({
        id: request.id,
        method: request.method,
        path: request.url.split('?', 1)[0],
      }),
      res: (response: { statusCode: number }) => ({ status: response.statusCode }),
      err: (error: { type?: string; message?: string }) => ({ type: error.type, message: error.message }),
    },
  });
}
