import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { parseAtOnce } from '../../outbound/json.ts';
import { withRawControls } from '../rawControls.ts';
import { spoiltBody } from '../spoiltBody.ts';
import type { ApiFault } from './faults.ts';
import { type ApiItem, makeItem, makeItems } from './items.ts';
import { answerList } from './list.ts';
import type { PagingKind } from './paging.ts';
import type { ApiState, ApiWeakness, AuthKind, Reply } from './state.ts';

export interface SimulatedApiOptions {
  /** `bearer` by default. */
  auth?: AuthKind;
  /** `page` by default. */
  paging?: PagingKind;
  /** The number of items at the start, 5 by default. */
  items?: number;
  /** The number of items on a page when the request does not set it, 2 by default. */
  pageSize?: number;
}

interface SeenRequest {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  body: unknown;
}

export interface SimulatedApi {
  /** The value for `config_json.base_url`, without a slash at the end. */
  readonly url: string;
  readonly auth: AuthKind;
  readonly paging: PagingKind;
  readonly items: ApiItem[];
  /** All requests that arrived, oldest first. */
  readonly requests: SeenRequest[];
  /** Changes an item as an editor of the site would, and sets a later `updated_at`. */
  edit(id: number, change: Partial<ApiItem['attributes']>): void;
  setFault(...faults: ApiFault[]): void;
  clearFaults(): void;
  /** Makes the API break down over large answers, or over some items. null: neither. */
  weaken(weakness: ApiWeakness | null): void;
  stop(): Promise<void>;
}

/** The secret that the simulated API accepts, with every kind of authentication. */
export const API_SECRET = 'secret-of-the-api';
const BASIC = `Basic ${Buffer.from(`ada:${API_SECRET}`).toString('base64')}`;

/** Starts a simulated JSON API on a free port of the loopback interface. */
export async function startSimulatedApi(options: SimulatedApiOptions = {}): Promise<SimulatedApi> {
  const state: ApiState = {
    auth: options.auth ?? 'bearer',
    paging: options.paging ?? 'page',
    pageSize: options.pageSize ?? 2,
    items: makeItems(options.items ?? 5),
    faults: new Set(),
    base: '',
    clock: Date.UTC(2026, 5, 1),
    endlessPages: 0,
    weakness: null,
  };
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    void serve(state, requests, incoming, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  state.base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`;
  return {
    url: state.base,
    auth: state.auth,
    paging: state.paging,
    items: state.items,
    requests,
    edit(id, change) {
      const item = state.items.find((each) => each.id === id);
      if (item === undefined) throw new Error(`There is no item ${id}.`);
      Object.assign(item.attributes, change);
      item.updated_at = nextTime(state);
    },
    setFault: (...faults) => {
      for (const fault of faults) state.faults.add(fault);
    },
    clearFaults: () => state.faults.clear(),
    weaken: (weakness) => {
      state.weakness = weakness;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function serve(
  state: ApiState,
  requests: SeenRequest[],
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  const request: SeenRequest = {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: incoming.headers,
    body: text === '' ? null : parseAtOnce(text),
  };
  requests.push(request);
  if (state.faults.has('silent')) return;
  const reply = weakly(state, request);
  if (reply === 'cut') {
    incoming.socket.destroy();
    return;
  }
  const page = typeof reply.body === 'string';
  const body = reply.body === undefined || request.method === 'HEAD' ? '' : bodyOf(state, reply.body);
  const spoilt = spoiltBody(body, (fault) => state.faults.has(fault));
  response.writeHead(reply.status, {
    'Content-Type': page ? 'text/html; charset=utf-8' : 'application/json',
    ...reply.headers,
    ...spoilt.headers,
  });
  response.end(spoilt.body);
}

function bodyOf({ faults }: ApiState, body: unknown): string {
  if (typeof body === 'string') return body;
  const json = JSON.stringify(body);
  return faults.has('raw_controls') ? withRawControls(json) : json;
}

/** Answers a request, or breaks down over it. */
function weakly(state: ApiState, request: SeenRequest): Reply | 'cut' {
  const { weakness } = state;
  if (weakness === null) return answer(state, request);
  const { by, mostItems, diesOn } = weakness;
  const broken: Reply | 'cut' =
    by === 'cut' ? 'cut' : { status: by === 'error' ? 500 : 504, body: '<title>Gateway Time-out</title>' };
  const dies = (value: unknown) => diesOn !== undefined && JSON.stringify(value ?? null).includes(diesOn);
  if (dies(request.body)) return broken;
  const reply = answer(state, request);
  if (reply === 'cut' || reply.status >= 400) return reply;
  const items = Object(Object(reply.body).data).items;
  const isTooMuch = mostItems !== null && Array.isArray(items) && items.length > mostItems;
  return isTooMuch || dies(reply.body) ? broken : reply;
}

function answer(state: ApiState, request: SeenRequest): Reply | 'cut' {
  const { faults } = state;
  const url = new URL(request.target, state.base);
  if (faults.has('html')) return { status: 200, body: '<!doctype html><title>Welcome</title>' };
  if (faults.has('failing')) return { status: 500, body: { error: 'failing' } };
  if (faults.delete('throttled_once')) return { status: 429, headers: { 'Retry-After': '0' } };
  if (!isSignedIn(state.auth, request, url)) return { status: 401, body: { error: 'unauthorized' } };
  if (url.pathname === '/v1/me') return { status: 200, body: { user: { name: 'Ada' } } };
  if (url.pathname === '/v1/articles') {
    if (request.method === 'GET') return answerList(state, url);
    if (request.method === 'POST') return create(state, request);
    return { status: 405 };
  }
  const id = /^\/v1\/articles\/([^/]+)$/.exec(url.pathname)?.[1];
  if (id === undefined) return { status: 404, body: { error: 'not found' } };
  return one(state, request, decodeURIComponent(id));
}

function isSignedIn(auth: AuthKind, { headers }: SeenRequest, url: URL): boolean {
  switch (auth) {
    case 'none':
      return true;
    case 'bearer':
      return headers.authorization === `Bearer ${API_SECRET}`;
    case 'basic':
      return headers.authorization === BASIC;
    case 'header':
      return headers['x-api-key'] === API_SECRET;
    case 'query':
      return url.searchParams.get('api_key') === API_SECRET;
  }
}

function create(state: ApiState, { body }: SeenRequest): Reply | 'cut' {
  const { faults } = state;
  if (faults.has('create_refused')) return { status: 422, body: { error: 'title: is too short' } };
  const id = Math.max(0, ...state.items.map((item) => item.id)) + 1;
  const made = merged({ ...makeItem(id), updated_at: nextTime(state) }, body);
  const before = state.items.at(-1);
  state.items.push(made);
  if (faults.has('create_answers_other')) return { status: 201, body: { data: before } };
  if (faults.has('create_fails_after_success')) return { status: 500, body: { error: 'mail server down' } };
  if (faults.has('create_cut_after_success')) return 'cut';
  return faults.has('empty_answers') ? { status: 204 } : { status: 201, body: { data: made } };
}

function one(state: ApiState, request: SeenRequest, id: string): Reply {
  const { faults, items } = state;
  if (faults.has('item_forbidden')) return { status: 403, body: { error: 'forbidden' } };
  const index = faults.has('other_item') ? 0 : items.findIndex((item) => String(item.id) === id);
  const item = items[index];
  if (item === undefined) return { status: 404, body: { error: 'not found' } };
  if (request.method === 'GET') return { status: 200, body: { data: item } };
  if (request.method !== 'PATCH' && request.method !== 'PUT') return { status: 405 };
  const changed = merged({ ...item, updated_at: nextTime(state) }, request.body);
  items[index] = changed;
  return faults.has('empty_answers') ? { status: 204 } : { status: 200, body: { data: changed } };
}

/** The item with the sent changes. Like many editors it trims titles, so the stored title may differ. */
function merged(item: ApiItem, sent: unknown): ApiItem {
  if (typeof sent !== 'object' || sent === null) return item;
  const attributes: unknown = Reflect.get(sent, 'attributes');
  const ref: unknown = Reflect.get(sent, 'ref');
  const next = { ...item.attributes, ...(typeof attributes === 'object' ? attributes : {}) };
  return {
    ...item,
    attributes: { ...next, title: String(next.title).trim() },
    ...(typeof ref === 'string' ? { ref } : {}),
  };
}

function nextTime(state: ApiState): string {
  state.clock += 60_000;
  return new Date(state.clock).toISOString();
}
