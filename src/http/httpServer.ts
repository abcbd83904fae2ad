import { createServer, type RequestListener, type Server } from 'node:http';

/** Node's limit for a whole request. Milliseconds. https://nodejs.org/api/http.html#serverrequesttimeout */
const usualRequestMs = 300_000;
/** By how much the limit for headers exceeds the time that a connection may be idle. Milliseconds. */
const headerMarginMs = 5_000;

/**
 * Creates the server of the API, which does not listen yet. An idle connection stays open for
 * `keepAliveTimeoutS` seconds. That must be longer than a proxy in front keeps it: otherwise the proxy may send
 * a request into a connection that the server closes, and answer 502.
 */
export function createHttpServer(app: RequestListener, keepAliveTimeoutS: number): Server {
  const server = createServer(app);
  server.keepAliveTimeout = keepAliveTimeoutS * 1000;
  // A limit below the idle time would end idle connections too.
  server.headersTimeout = server.keepAliveTimeout + headerMarginMs;
  server.requestTimeout = Math.max(usualRequestMs, server.headersTimeout);
  return server;
}
