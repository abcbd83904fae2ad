import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { refuseWithoutHost, sendBareProblem } from './bareProblem.ts';

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
  const answering = new WeakMap<Duplex, ServerResponse>();
  // Node would answer a request without a Host header itself, without a problem.
  const server = createServer({ requireHostHeader: false }, (request, response) => {
    answering.set(request.socket, response);
    if (request.httpVersion === '1.1' && request.headers.host === undefined)
      return refuseWithoutHost(response);
    app(request, response);
  });
  // RFC 9110, 10.1.1: a server may ignore an expectation that it does not know.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const response = answering.get(socket);
    const isBegun = response?.headersSent === true && !response.writableFinished;
    if (isBegun || !socket.writable) socket.destroy();
    else sendBareProblem(socket, error.code);
  });
  server.keepAliveTimeout = keepAliveTimeoutS * 1000;
  // A limit below the idle time would end idle connections too.
  server.headersTimeout = server.keepAliveTimeout + headerMarginMs;
  server.requestTimeout = Math.max(usualRequestMs, server.headersTimeout);
  return server;
}
