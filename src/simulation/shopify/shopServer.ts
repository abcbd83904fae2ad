import type { IncomingMessage, ServerResponse } from 'node:http';
import type { JsonObject } from '../../platforms/connection.ts';
import { spoiltBody } from '../spoiltBody.ts';
import { answerGraphql, type GraphqlRequest } from './adminApi.ts';
import { CHANGED_ANSWERS, type FaultName, type HttpFault, REPLACED_ANSWERS, withoutEnd } from './faults.ts';
import type { SimulatedState } from './state.ts';
import type { Throttle } from './throttle.ts';
import { grantToken, isValidToken } from './tokens.ts';

interface Answer extends HttpFault {
  operation?: string | null;
  mutates?: boolean;
}

/** The server of a simulated shop. It chooses the response to each request. */
export class ShopServer {
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
    const spoilt = spoiltBody(answer.body, (fault) => this.#takes(fault));
    response.writeHead(status, {
      'Content-Type': answer.body.startsWith('<') ? 'text/html' : 'application/json',
      Date: new Date(this.#clock()).toUTCString(),
      ...answer.headers,
      ...spoilt.headers,
    });
    response.end(spoilt.body);
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
