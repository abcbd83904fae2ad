/**
 * A gate in front of a simulated WordPress: while the gate is shut, requests wait in it. A test can act while
 * a connection test or a run is under way, without guessing how long that takes.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

export interface Gate {
  /** The site's address through the gate. */
  readonly url: string;
  /** The number of requests that wait. */
  waiting(): number;
  /** The number of all requests so far. */
  seen(): number;
  /** From now on, requests wait. With `holds` only those that it chooses. */
  shut(holds?: (request: Pick<IncomingMessage, 'method' | 'url'>) => boolean): void;
  /** Lets the waiting requests pass, and all later ones. */
  open(): void;
  stop(): Promise<void>;
}

/** Opens a gate to the site at `target`. In responses it replaces the site's address with the gate's. */
export async function startGate(target: string): Promise<Gate> {
  let holds: ((request: IncomingMessage) => boolean) | null = null;
  let seen = 0;
  const waiting: (() => void)[] = [];
  const server = createServer((incoming, response) => {
    seen += 1;
    const pass = () => void forward(target, url, incoming, response).catch(() => response.destroy());
    if (holds?.(incoming)) waiting.push(pass);
    else pass();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  const open = () => {
    holds = null;
    for (const pass of waiting.splice(0)) pass();
  };
  return {
    url,
    waiting: () => waiting.length,
    seen: () => seen,
    shut: (chosen = () => true) => {
      holds = chosen;
    },
    open,
    async stop() {
      open();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Sends a request on to the site at `target`, and replaces the site's address in its response with `own`. */
export async function forward(
  target: string,
  own: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const outgoing = request(`${target}${incoming.url}`, {
    method: incoming.method,
    headers: incoming.headers,
  });
  incoming.pipe(outgoing);
  const [answer]: IncomingMessage[] = await once(outgoing, 'response');
  if (!answer) throw new Error('no answer');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  const {
    'content-length': _length,
    'transfer-encoding': _encoding,
    connection: _connection,
    ...headers
  } = answer.headers;
  const text = (value: string) => value.replaceAll(target, own);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined)
      response.setHeader(name, typeof value === 'string' ? text(value) : value.map(text));
  }
  response.writeHead(answer.statusCode ?? 502);
  response.end(text(Buffer.concat(chunks).toString('utf8')));
}
