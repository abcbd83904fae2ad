/**
 * A proxy between the server and a WordPress. It counts the contents that WordPress sends, and holds
 * requests, so that a test can act at a known moment. It changes nothing, unless a test has it rewrite requests, or
 * puts a door into it. The WordPress itself has the proxy's address as its home.
 */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http';

/** A request that has arrived. */
export interface SeenRequest {
  method: string;
  /** Path and query. */
  target: string;
}

/** A request as it is passed on. */
export interface PassedRequest extends SeenRequest {
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Which requests are held: the `nth` of the counted requests, and all after it. */
export interface HoldPoint {
  nth: number;
  counts(seen: SeenRequest): boolean;
  /**
   * `before`: WordPress has not got the request. `no answer` and `answer`: WordPress has answered, and the
   * server gets no response or the response.
   */
  at: 'before' | 'no answer' | 'answer';
}

/** What stands before the WordPress, as hosts, caches and guards do. */
export interface Door {
  /** Answers in the place of WordPress; null lets the request pass. */
  answer?(asked: SeenRequest & { headers: IncomingHttpHeaders }): DoorAnswer | null;
  /** The target that WordPress gets. */
  target?(target: string): string;
  /** What comes in place of an answer of WordPress: another answer, or a connection that breaks; null: nothing. */
  instead?(body: string): DoorAnswer | 'cut' | null;
  /** The body of an answer of WordPress, as it is sent on. */
  body?(body: string): string;
}

export interface DoorAnswer {
  status: number;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

export interface SiteProxy {
  readonly url: string;
  readonly requests: SeenRequest[];
  /** The number of complete contents that WordPress has sent. */
  items(): number;
  hold(point: HoldPoint): void;
  /** Puts a door before the WordPress; null takes it away. */
  setDoor(next: Door | null): void;
  /** Whether the hold point was reached. */
  isHeld(): boolean;
  /** Changes every request on its way, as a proxy or a cache does. null: no request any more. */
  rewrite(change: ((request: PassedRequest) => Partial<PassedRequest>) | null): void;
  /** Lets the held requests pass if their senders still wait. */
  release(): void;
  stop(): Promise<void>;
}

/** Opens a proxy to the site at `target`. */
export async function startSiteProxy(target: string): Promise<SiteProxy> {
  const requests: SeenRequest[] = [];
  let change: Parameters<SiteProxy['rewrite']>[0] = null;
  let items = 0;
  let point: HoldPoint | null = null;
  let door: Door | null = null;
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
    // A held request of a killed worker must not count for the next hold point.
    if (incoming.socket.destroyed) return;
    let at: HoldPoint['at'] | null = null;
    if (point?.counts(seen)) {
      counted += 1;
      if (counted === point.nth) at = point.at;
    }
    if (at === 'before') await hold();
    // The sender may have died meanwhile. It would not have sent the request then.
    if (incoming.socket.destroyed) return;
    const arrived = { ...seen, headers: incoming.headers, body: Buffer.concat(chunks) };
    const answer = await throughDoor(door, target, { ...arrived, ...change?.(arrived) });
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
    setDoor(next) {
      door = next;
    },
    isHeld: () => isHeld,
    rewrite(next) {
      change = next;
    },
    release,
    async stop() {
      release();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The answer of the door, or that of WordPress with what the door changes. */
async function throughDoor(door: Door | null, site: string, passed: PassedRequest) {
  const { method = '', target, headers } = passed;
  const shut = door?.answer?.({ method, target, headers }) ?? null;
  if (shut !== null) return sentBy(shut);
  const answer = await forwarded(site, { ...passed, target: door?.target?.(target) ?? target });
  const instead = door?.instead?.(answer.body.toString()) ?? null;
  if (instead === 'cut') throw new Error('The host cuts the connection.');
  if (instead !== null) return sentBy(instead);
  if (door?.body === undefined) return answer;
  const { 'content-length': _length, ...kept } = answer.headers;
  return { ...answer, headers: kept, body: Buffer.from(door.body(answer.body.toString())) };
}

function sentBy({ status, headers = {}, body = '' }: DoorAnswer) {
  return { status, headers, body: Buffer.from(body) };
}

async function forwarded(site: string, { method, target, headers, body }: PassedRequest) {
  // The length may have changed.
  const { 'content-length': _length, ...others } = headers;
  const length = body.length > 0 ? { 'content-length': String(body.length) } : {};
  const outgoing = request(`${site}${target}`, { method, headers: { ...others, ...length } });
  outgoing.end(body);
  const [answer]: IncomingMessage[] = await once(outgoing, 'response');
  if (!answer) throw new Error('no answer');
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  const { 'transfer-encoding': _encoding, connection: _connection, ...kept } = answer.headers;
  return { status: answer.statusCode ?? 502, headers: kept, body: Buffer.concat(chunks) };
}

/**
 * Counts contents in a response of core REST or the connector. Ids with a date or a hash are no contents, and
 * terms have no title.
 */
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
