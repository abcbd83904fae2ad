/**
 * Stands between the server and a WordPress: counts what WordPress sends, and holds requests, so that something
 * can be done at a moment that is known. Nothing that passes is changed; the WordPress itself says that it is here.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** A request that has come. */
export interface SeenRequest {
  method: string;
  /** Path and query. */
  target: string;
}

/** Where requests are held: the `nth` of those that count, and from then on every one. */
export interface HoldPoint {
  nth: number;
  counts(seen: SeenRequest): boolean;
  /** `before` WordPress gets it; when WordPress has answered, and the server has `no answer` or the `answer`. */
  at: 'before' | 'no answer' | 'answer';
}

export interface SiteProxy {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** How many contents WordPress has sent whole. */
  items(): number;
  hold(point: HoldPoint): void;
  /** Whether the point was reached. */
  isHeld(): boolean;
  /** Lets pass what is still waited for. */
  release(): void;
  stop(): Promise<void>;
}

/** Opens a proxy to the site at `target`. */
export async function startSiteProxy(target: string): Promise<SiteProxy> {
  const requests: SeenRequest[] = [];
  let items = 0;
  let point: HoldPoint | null = null;
  let counted = 0;
  let opened = Promise.withResolvers<void>();
  let isHeld = false;
  const hold = () => {
    isHeld = true;
    return opened.promise;
  };

  async function pass(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
    const seen = { method: incoming.method ?? '', target: incoming.url ?? '' };
    requests.push(seen);
    if (isHeld) await opened.promise;
    // A request of one that was killed while it was held here is none that the next point may count.
    if (incoming.socket.destroyed) return;
    let at: HoldPoint['at'] | null = null;
    if (point?.counts(seen)) {
      counted += 1;
      if (counted === point.nth) at = point.at;
    }
    if (at === 'before') await hold();
    // Whoever asked may have died meanwhile, and would not have sent it then.
    if (incoming.socket.destroyed) return;
    const answer = await forwarded(target, incoming, Buffer.concat(chunks));
    items += contentsIn(answer.body);
    if (at === 'no answer') await hold();
    if (response.destroyed) return;
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
    if (at === 'answer') void hold();
  }

  const server = createServer((incoming, response) => {
    pass(incoming, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const release = () => {
    point = null;
    isHeld = false;
    opened.resolve();
  };
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    requests,
    items: () => items,
    hold(next) {
      counted = 0;
      opened = Promise.withResolvers<void>();
      point = next;
    },
    isHeld: () => isHeld,
    release,
    async stop() {
      release();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function forwarded(target: string, incoming: IncomingMessage, body: Buffer) {
  const { method, headers } = incoming;
  const outgoing = request(`${target}${incoming.url}`, { method, headers });
  outgoing.end(body);
  const [answer]: IncomingMessage[] = await once(outgoing, 'response');
  if (!answer) throw new Error('no answer');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  const { 'transfer-encoding': _encoding, connection: _connection, ...kept } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) };
}

/** Contents in an answer of core REST or the connector: ids with a date or a hash are none, terms have no title. */
function contentsIn(body: Buffer): number {
  let value: unknown;
  try {
    value = JSON.parse(body.toString());
  } catch {
    return 0;
  }
  const list: unknown = isObject(value) && 'items' in value ? value.items : value;
  return Array.isArray(list) ? list.filter((each: unknown) => isObject(each) && 'title' in each).length : 0;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
