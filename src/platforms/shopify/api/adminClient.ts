import { RemoteError } from '../../../errors.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import type { Connection } from '../../connection.ts';
import { explained, fault } from '../faults.ts';
import { AccessToken } from './accessToken.ts';
import type { CostBucket, CostBuckets } from './costBucket.ts';
import { type GraphqlAnswer, graphqlFault, isThrottled, readGraphqlAnswer } from './graphqlAnswer.ts';
import { jsonOf, statusFault } from './httpAnswer.ts';
import type { ShopifyOptions } from './options.ts';
import { adminUrl, shopOf } from './shopAddress.ts';

/** A GraphQL document with its maximum cost, which is used until Shopify has reported the real cost. */
export interface Operation {
  /** Documents with different costs need different names. */
  name: string;
  document: string;
  cost: number;
}

/** An answer with data. Its errors say what is missing in the data. */
export interface AdminAnswer extends GraphqlAnswer {
  data: Record<string, unknown>;
  /** When Shopify answered, by its own clock, ISO 8601 UTC; null if the answer has no date. */
  answeredAt: string | null;
}

interface AskOptions {
  /** Ends the waits for the bucket. */
  signal?: AbortSignal | undefined;
  /** Called when it is the request's turn, before each try. What it throws is thrown unchanged. */
  beforeSend?: () => Promise<void>;
}

const REQUEST_TIMEOUT_MS = 30_000;
/** A page of long articles exceeds the default limit of the outbound client. Bytes. */
const MAX_BYTES = 32 * 1024 * 1024;
/**
 * How often a throttled request is sent before the caller gets the fault, and the longest wait between two
 * tries.
 */
const PATIENCE = { attempts: 5, waitMs: 60_000 };

/** Sends GraphQL requests to one shop. Everything it throws is an ExplainedFault. */
export class AdminClient {
  readonly shop: string;
  readonly token: AccessToken;
  /** The API version that answered, if it is not the requested one. */
  answeredVersion: string | null = null;
  /** The token was refused, and a new one was minted. */
  renewed = false;
  patience = PATIENCE;
  /** Called for every answer of the Admin API, whatever its status. */
  onAnswer: (answer: OutboundResponse) => void = () => undefined;
  readonly #options: ShopifyOptions;
  readonly #bucket: CostBucket;

  /** Throws ExplainedFault `invalid_shop_domain`. */
  constructor(connection: Connection, options: ShopifyOptions, buckets: CostBuckets) {
    this.shop = shopOf(connection.config);
    this.token = new AccessToken(connection, this.shop, options);
    this.#options = options;
    // The site is part of the key, so that nobody can slow down another site's shop by entering its domain.
    this.#bucket = buckets.get(`${connection.siteId} ${this.shop}`);
  }

  /**
   * Sends a query or mutation when the bucket holds its cost. A throttled request is sent again, because
   * Shopify did not execute it. Throws ExplainedFault for an answer without data.
   */
  async ask(
    operation: Operation,
    variables: Record<string, unknown>,
    options: AskOptions = {},
  ): Promise<AdminAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const { answer, response, throttled } = await this.#sendInTurn(operation, variables, options);
      if (!throttled) return this.#withData(answer, response);
      const cost = this.#bucket.costOf(operation.name, operation.cost);
      const told = response.status === 429 ? statusFault(response).retryAfterMs : undefined;
      const waitMs = told ?? Math.max(1000, this.#bucket.refillMs(cost));
      if (attempt >= this.patience.attempts || waitMs > this.patience.waitMs)
        throw fault('throttled', { retryAfterMs: waitMs });
      await this.#options.wait(waitMs, options.signal);
    }
  }

  async #sendInTurn(
    { name, document, cost: expected }: Operation,
    variables: Record<string, unknown>,
    { signal, beforeSend }: AskOptions,
  ) {
    const cost = this.#bucket.costOf(name, expected);
    await this.#bucket.reserve(cost, signal);
    let answer: GraphqlAnswer | null = null;
    try {
      await beforeSend?.();
      const response = await this.#signedIn(JSON.stringify({ query: document, variables }));
      answer = readGraphqlAnswer(await jsonOf(response));
      const throttled = response.status === 429 || (answer !== null && isThrottled(answer));
      return { answer, response, throttled };
    } catch (error) {
      throw error instanceof RemoteError ? explained(error, {}) : error;
    } finally {
      if (answer?.cost) this.#bucket.learn(name, expected, answer.cost.requested);
      this.#bucket.settle(cost, answer?.cost?.status ?? null);
    }
  }

  /**
   * Sends a request with the current token. If Shopify refuses a minted token, mints a new one and tries once
   * more.
   */
  async #signedIn(body: string): Promise<OutboundResponse> {
    const token = await this.token.current();
    const first = await this.#post(body, token);
    if (first.status !== 401 || !this.token.renewable) return first;
    const second = await this.#post(body, await this.token.renew(token));
    if (second.status === 401) throw fault('token_expired', { variant: 'refused' });
    this.renewed = true;
    return second;
  }

  async #post(body: string, token: string): Promise<OutboundResponse> {
    const { baseUrl, apiVersion, outbound } = this.#options;
    const response = await outbound.request({
      method: 'POST',
      url: adminUrl(baseUrl, this.shop, `/admin/api/${apiVersion}/graphql.json`),
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/json',
        'X-Shopify-Access-Token': token,
      },
      body,
      timeoutMs: REQUEST_TIMEOUT_MS,
      maxBytes: MAX_BYTES,
      redirects: 'none',
    });
    this.onAnswer(response);
    return response;
  }

  #withData(answer: GraphqlAnswer | null, response: OutboundResponse): AdminAnswer {
    if (response.status !== 200) throw statusFault(response);
    const version = response.headers['x-shopify-api-version'];
    // Shopify replaces a version that it no longer has with the oldest that it still has:
    // https://shopify.dev/docs/api/usage/versioning
    if (version !== undefined && version !== this.#options.apiVersion) this.answeredVersion = version;
    if (answer === null)
      throw fault('unexpected_answer', { values: { found: 'an answer that is not GraphQL' } });
    const { data } = answer;
    if (data === null || Object.values(data).every((value) => value === null)) {
      // null without an error is a valid result: the mutation or query found nothing.
      if (data === null || answer.errors.length > 0) throw graphqlFault(answer.errors);
    }
    const date = Date.parse(response.headers.date ?? '');
    return { ...answer, data, answeredAt: Number.isNaN(date) ? null : new Date(date).toISOString() };
  }
}
