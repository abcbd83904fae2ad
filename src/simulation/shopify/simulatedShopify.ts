import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { JsonObject } from '../../platforms/connection.ts';
import { answerGraphql, type GraphqlRequest } from './adminApi.ts';
import { CHANGED_ANSWERS, type FaultName, type HttpFault, REPLACED_ANSWERS, withoutEnd } from './faults.ts';
import { initialState, type Kind, newItem, type SimulatedItem, type SimulatedState } from './state.ts';
import { Throttle } from './throttle.ts';
import { grantToken, isValidToken } from './tokens.ts';
import {
  type AppTopic,
  appWebhookOf,
  type SimulatedWebhook,
  type WebhookTopic,
  webhookOf,
} from './webhooks.ts';

export interface SimulatedShopifyOptions {
  /** `demo-shop.myshopify.com` by default. */
  shop?: string;
  /** Returns milliseconds since 1970. The system's clock by default. */
  clock?: () => number;
  /** Points in the bucket, and points restored per second. By default those of a standard plan. */
  bucket?: { maximumAvailable: number; restoreRate: number };
  /** The API versions that the shop offers, oldest first. */
  versions?: string[];
  /**
   * The largest cost of one query, 1,000 points by default.
   * https://shopify.dev/docs/api/usage/limits#single-query-limit
   */
  maxCost?: number;
}

export interface SimulatedShopify {
  /** The value for SHOPIFY_BASE_URL, which contains `{shop}`. */
  readonly baseUrl: string;
  readonly shop: string;
  readonly state: SimulatedState;
  readonly throttle: Throttle;
  /** Switches a fault on, for the next `times` requests, or until it is cleared. */
  setFault(name: FaultName, times?: number): void;
  clearFaults(): void;
  /** Adds an item, as a person in the shop's admin would. */
  add(kind: Kind, changes?: Partial<SimulatedItem>): SimulatedItem;
  /** Changes an item, as a person in the shop's admin would. */
  change(id: number, changes: Partial<SimulatedItem>): void;
  remove(id: number): void;
  /** The signed webhook for the current state of an item. `secret` is the client secret by default. */
  webhook(topic: WebhookTopic, id: number, secret?: string): SimulatedWebhook;
  /** The signed webhook about the whole app. */
  appWebhook(topic: AppTopic): SimulatedWebhook;
  /** A person uninstalls the app: its tokens end. Returns the webhook about that. */
  uninstall(): SimulatedWebhook;
  stop(): Promise<void>;
}

/** Starts a simulated Shopify with one shop, on a free port of the loopback interface. */
export async function startSimulatedShopify(
  options: SimulatedShopifyOptions = {},
): Promise<SimulatedShopify> {
  const clock = options.clock ?? Date.now;
  const shop = options.shop ?? 'demo-shop.myshopify.com';
  const now = () => new Date(Math.floor(clock() / 1000) * 1000).toISOString();
  const site = new SimulatedSite({
    state: initialState(shop, now()),
    throttle: new Throttle({ ...(options.bucket ?? { maximumAvailable: 2000, restoreRate: 100 }), clock }),
    versions: options.versions ?? ['2025-10', '2026-01', '2026-04', '2026-07', '2026-10'],
    maxCost: options.maxCost ?? 1000,
    clock,
  });
  const { state } = site;
  const server = createServer((request, response) => void site.serve(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const appWebhook = (topic: AppTopic) =>
    appWebhookOf(state, topic, { now: now(), apiVersion: site.versions.at(-1) ?? '' });
  return {
    baseUrl: `http://127.0.0.1:${port}/{shop}`,
    shop,
    state,
    throttle: site.throttle,
    setFault: (name, times = Number.POSITIVE_INFINITY) => void site.faults.set(name, times),
    clearFaults: () => site.faults.clear(),
    add: (kind, changes = {}) => {
      const item = newItem(state, kind, now(), changes);
      state.items.push(item);
      return item;
    },
    change: (id, changes) => {
      const item = state.items.find((each) => each.id === id);
      if (item) Object.assign(item, { updatedAt: now(), ...changes });
    },
    remove: (id) => {
      state.items = state.items.filter((item) => item.id !== id);
    },
    webhook: (topic, id, secret) =>
      webhookOf(state, topic, id, {
        now: now(),
        apiVersion: site.versions.at(-1) ?? '',
        ...(secret === undefined ? {} : { secret }),
      }),
    appWebhook,
    uninstall: () => {
      state.app.installed = false;
      state.minted.clear();
      return appWebhook('app/uninstalled');
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Answer extends HttpFault {
  operation?: string | null;
  mutates?: boolean;
}

/** The server of the simulated Shopify. It chooses the response to each request. */
class SimulatedSite {
  readonly state: SimulatedState;
  readonly throttle: Throttle;
  readonly versions: string[];
  readonly faults = new Map<FaultName, number>();
  readonly #maxCost: number;
  readonly #clock: () => number;

  constructor(parts: {
    state: SimulatedState;
    throttle: Throttle;
    versions: string[];
    maxCost: number;
    clock: () => number;
  }) {
    this.#maxCost = parts.maxCost;
    this.state = parts.state;
    this.throttle = parts.throttle;
    this.versions = parts.versions;
    this.#clock = parts.clock;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks).toString('utf8');
    const path = request.url ?? '/';
    const answer = await this.#answer(request, path, body);
    const { status, operation = null } = answer;
    this.state.requests.push({ path, headers: request.headers, body, operation, status });
    if (answer.mutates && this.#takes('lost_answer')) {
      request.socket.destroy();
      return;
    }
    response.writeHead(status, {
      'Content-Type': answer.body.startsWith('<') ? 'text/html' : 'application/json',
      Date: new Date(this.#clock()).toUTCString(),
      ...answer.headers,
    });
    response.end(answer.body);
  }

  async #answer(request: IncomingMessage, path: string, body: string): Promise<Answer> {
    const [, shop = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(path) ?? [];
    // Shopify's server also answers for domains that belong to no shop.
    if (shop !== this.state.domain || request.method !== 'POST')
      return { status: 404, body: '{"errors":"Not Found"}' };
    if (rest === '/admin/oauth/access_token') return grantToken(this.state, body, this.#clock());
    const version = /^\/admin\/api\/([^/]+)\/graphql\.json$/.exec(rest)?.[1];
    if (version === undefined || !/^\d{4}-\d\d$/.test(version))
      return { status: 404, body: '{"errors":"Not Found"}' };
    for (const [name, fault] of Object.entries(REPLACED_ANSWERS)) {
      if (isFault(name) && this.#takes(name)) return fault;
    }
    const token = request.headers['x-shopify-access-token'];
    if (this.faults.has('tokens_refused') || !isValidToken(this.state, token, this.#clock())) {
      return {
        status: 401,
        body: '{"errors":"[API] Invalid API key or access token (unrecognized login or wrong password)"}',
      };
    }
    return this.#graphql(version, body);
  }

  async #graphql(version: string, body: string): Promise<Answer> {
    const request = readRequest(body);
    if (request === null) return { status: 400, body: '{"errors":{"query":"Required parameter missing"}}' };
    const stale = request.variables.after != null && this.#takes('stale_cursor');
    const endless = this.faults.has('endless');
    const { variables } = request;
    if (stale) variables.after = 'Z29uZQ';
    if (endless) variables.after = null;
    let answer: JsonObject = await answerGraphql(
      { state: this.state, throttle: this.throttle, clock: this.#clock, maxCost: this.#maxCost },
      request,
      { scopes: this.state.app.scopes, throttled: this.#takes('throttled') },
    );
    if (endless) answer = withoutEnd(answer);
    for (const [name, change] of Object.entries(CHANGED_ANSWERS)) {
      if (isFault(name) && this.faults.has(name)) {
        const changed = change(answer);
        if (changed !== answer && JSON.stringify(changed) !== JSON.stringify(answer)) this.#takes(name);
        answer = changed;
      }
    }
    return {
      status: 200,
      headers: { 'X-Shopify-API-Version': this.#served(version) },
      body: JSON.stringify(answer),
      mutates: request.query.trim().startsWith('mutation'),
      operation: /^(?:query|mutation)\s+(\w+)/.exec(request.query.trim())?.[1] ?? '',
    };
  }

  /**
   * For an expired version Shopify uses the oldest offered one: https://shopify.dev/docs/api/usage/versioning
   */
  #served(version: string): string {
    const [oldest = version] = this.versions;
    return this.versions.includes(version) ? version : oldest;
  }

  /** Whether this fault is on. Counts down the requests that it still applies to. */
  #takes(name: FaultName): boolean {
    const left = this.faults.get(name);
    if (left === undefined) return false;
    if (left <= 1) this.faults.delete(name);
    else this.faults.set(name, left - 1);
    return true;
  }
}

function isFault(name: string): name is FaultName {
  return name in REPLACED_ANSWERS || name in CHANGED_ANSWERS;
}

function readRequest(body: string): GraphqlRequest | null {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value !== 'object' || value === null || !('query' in value)) return null;
    const { query } = value;
    const variables = 'variables' in value ? value.variables : {};
    if (typeof query !== 'string') return null;
    return { query, variables: typeof variables === 'object' && variables !== null ? { ...variables } : {} };
  } catch {
    return null;
  }
}
