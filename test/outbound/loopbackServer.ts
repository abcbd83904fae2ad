import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';

export interface LoopbackServer {
  url: string;
  port: number;
  seen: Array<{ url: string; method: string; headers: IncomingHttpHeaders }>;
  /** The number of connections so far. */
  connections(): number;
  stop(): Promise<void>;
}

/** An HTTP server, or HTTPS with `tls`, on a free port of the loopback. */
export async function serveLoopback(
  handler: RequestListener,
  tls?: { key: string; cert: string },
): Promise<LoopbackServer> {
  const seen: LoopbackServer['seen'] = [];
  const listener: RequestListener = (request, response) => {
    seen.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers });
    handler(request, response);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  const port = await listen(server);
  const url = tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  return {
    url,
    port,
    seen,
    connections: () => connections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A TCP server that sends `text` and closes, or only closes. */
export async function serveBytes(text: string | null): Promise<{ port: number; stop(): Promise<void> }> {
  const server = createTcpServer((socket) => {
    // Unread bytes would keep the socket half open.
    socket.on('error', () => undefined).resume();
    if (text === null) socket.destroy();
    else socket.end(text);
  });
  const port = await listen(server);
  return { port, stop: () => new Promise((resolve) => server.close(() => resolve())) };
}

/** A port on the loopback that refuses connections. */
export async function closedPort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

async function listen(server: TcpServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  return address.port;
}
