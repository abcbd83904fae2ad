import { isUtf8 } from 'node:buffer';
import type { RemoteError } from '../../../errors.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import type { SentRequest } from '../../../security/requestSignature.ts';
import type { Pace } from '../../contentPart.ts';
import { Division } from '../../parts/division.ts';
import { PartSizes, type SizeMemory } from '../../parts/partSize.ts';
import { fault, WordpressFault } from '../messages.ts';
import type { UnsignedRequest } from '../site/connectorClient.ts';
import { type ApiRoot, apiUrl, siteTime } from '../site/discovery.ts';
import { lostParameters } from '../site/lostParameters.ts';
import type { SignIn } from '../site/signIn.ts';
import { type ApiAnswer, type ApiError, JSON_TYPE, type SiteClient } from '../site/siteClient.ts';
import { blockedWrites, mayBlockWrites, NO_POST_ROUTE, PING_ROUTE, targetOf } from '../site/writeProof.ts';
import { PageSize, refusesPageSize } from './pageSize.ts';

/** A slow site needs a while for a page of posts or a batch of writes. Milliseconds. */
const TIMEOUT_MS = 60_000;

/** Enough for a page of a hundred large posts. Bytes. */
const MAX_BYTES = 32 * 1024 * 1024;

/** A request that writes. */
interface Write {
  /** Many hosts let nothing but GET and POST through. */
  method: 'POST';
  route: string;
  /** Must be encoded. */
  query?: string;
  /** Sent as JSON. Bytes are sent as they are and need a Content-Type. */
  body: object | Buffer;
  headers?: Record<string, string>;
  /** May it be sent again if its result is unknown? */
  repeatable: boolean;
  /** Can the caller send the parts of it? Then it is not sent again after a failure for which it may be too much. */
  divisible?: boolean;
}

/** An answer of the REST API, with facts that are needed to judge its content. */
export interface SiteAnswer extends ApiAnswer {
  /** Did the answer hold bytes that are not UTF-8? They are U+FFFD in the value. */
  damaged: boolean;
  /**
   * When the site began to answer, by its own clock, in milliseconds since 1970; null if a cache answered.
   */
  siteTime: number | null;
}

/**
 * Sends the requests of one content session. Each request waits for its turn, and is signed anew for each
 * try.
 */
export class SiteRequests {
  readonly pace: Pace;
  readonly root: ApiRoot;
  readonly byConnector: boolean;
  readonly pageSize: PageSize;
  /** Divides what the site cannot answer at once. */
  readonly division: Division;
  /** The same for posts that the site renders. Posts that it cannot render say nothing about its other answers. */
  readonly rendering: Division;
  /** Items that fail alone, by route and id. They are not asked for again in this session. */
  readonly failing = new Map<string, RemoteError>();
  /** How far the site's clock is ahead of ours. Milliseconds; 0 if that is unknown. */
  readonly clockLead: number;
  readonly #client: SiteClient;
  readonly #signIn: SignIn;
  readonly #sizes: SizeMemory | undefined;
  #blocked: Promise<WordpressFault | null> | null = null;

  /** Call it just after the root was read, as the root's time tells how far the clocks are apart. */
  constructor(parts: {
    client: SiteClient;
    root: ApiRoot;
    signIn: SignIn;
    pace: Pace;
    clock: () => number;
    /** Facts about the site from earlier sessions. */
    pageSize?: PageSize;
    sizes?: SizeMemory | undefined;
  }) {
    this.pageSize = parts.pageSize ?? new PageSize();
    this.#client = parts.client;
    this.root = parts.root;
    this.#signIn = parts.signIn;
    this.pace = parts.pace;
    this.clockLead = parts.root.siteTime === null ? 0 : parts.root.siteTime - parts.clock();
    this.byConnector = parts.signIn.byConnector;
    this.#sizes = parts.sizes;
    const sizes = new PartSizes(parts.sizes);
    this.division = new Division(sizes, () => this.#prove());
    this.rendering = new Division(sizes, () => this.#prove());
  }

  /**
   * Sends a GET. Returns refusals too; throws RemoteError for any other failure. `query` must be encoded. If the
   * site allows no page as large as its `per_page`, the page becomes smaller. A `divisible` request is not sent again
   * after a failure for which it may have asked too much.
   */
  async get(route: string, query?: string, { divisible = false } = {}): Promise<SiteAnswer> {
    for (;;) {
      const fitted = query === undefined ? { query, size: null } : this.pageSize.fit(query);
      const answer = await this.pace.send(
        () => this.#signIn.agree(() => this.#exchange({ method: 'GET', route, query: fitted.query })),
        { repeatable: true, writes: false, divisible },
      );
      const isTooLarge = fitted.size !== null && answer.error !== null && refusesPageSize(answer.error);
      if (isTooLarge && this.pageSize.refused(fitted.size ?? 1)) continue;
      if (this.#sizes !== undefined) await this.pageSize.remember(this.#sizes);
      if (query?.includes('.raw')) this.#mustKeepQuery(query, answer);
      return answer;
    }
  }

  /**
   * Texts in their raw form were requested. If the parameter for them was lost on the way, every item lacks them, and
   * the fault is of the host and not of the items. Throws WordpressFault `query_stripped`.
   */
  #mustKeepQuery(query: string, { error, value }: SiteAnswer): void {
    const lost = error === null ? lostParameters(query, value) : [];
    if (!lost.includes('context')) return;
    const missing = lost.join(', ');
    throw fault('query_stripped', { values: { ...this.#client.values, missing }, detail: missing });
  }

  /** Sends a GET that must succeed. Throws RemoteError. */
  async read(route: string, query?: string, options: { divisible?: boolean } = {}): Promise<SiteAnswer> {
    const answer = await this.get(route, query, options);
    if (answer.error !== null) throw this.refusal(answer, answer.error);
    return answer;
  }

  /** Sends a POST. Returns refusals too; throws RemoteError for any other failure. */
  async write({ repeatable, divisible = false, ...request }: Write): Promise<SiteAnswer> {
    let tries = 0;
    const send = async () => {
      tries += 1;
      if (tries > 1) await this.pace.beforeWrite();
      return this.#exchange(request);
    };
    const agreed = () => {
      tries = 0;
      return this.#signIn.agree(send);
    };
    try {
      return await this.pace.send(agreed, { repeatable, writes: true, divisible });
    } catch (error) {
      if (mayBlockWrites(error)) throw (await this.#blockedWrites()) ?? error;
      throw error;
    }
  }

  /**
   * The fault of a host that refuses every write, also one that writes nothing; null if it refuses only some. The host
   * is asked once in a session.
   */
  #blockedWrites(): Promise<WordpressFault | null> {
    this.#blocked ??= this.pace.send(
      async () => {
        const route = this.byConnector ? PING_ROUTE : NO_POST_ROUTE;
        const { href: url } = new URL(apiUrl(this.root.url, route));
        return blockedWrites(this.#client, targetOf(url), async () => {
          const { response } = await this.#send({
            method: 'POST',
            url,
            route,
            body: '{}',
            headers: JSON_TYPE,
          });
          return response;
        });
      },
      { repeatable: true, writes: true },
    );
    return this.#blocked;
  }

  /** The fault for a refusal. */
  refusal(answer: ApiAnswer, error: ApiError): RemoteError {
    if (error.code === 'rest_no_route' || error.code === 'sitebridge_unknown_type') {
      return new WordpressFault('unknown_type', {
        message: 'The site does not offer this content type in its REST API.',
        hint: 'Read the structure of the site anew, and check that the plugin that brings the type is active.',
      });
    }
    return this.signInRefusal(answer, error);
  }

  /** The fault for a refusal that comes before any content is checked. */
  signInRefusal(answer: ApiAnswer, error: ApiError): WordpressFault {
    return this.#signIn.refusal(answer, error);
  }

  /** The fault for an answer that WordPress does not give. */
  unexpected(found: string, retryable = false): WordpressFault {
    const { code, message, hint } = fault('unexpected_answer', {
      values: { ...this.#client.values, found },
    });
    return new WordpressFault(code, { message, hint, retryable });
  }

  /** What disturbs the answers so far, although they can be read. */
  get finding(): WordpressFault | null {
    return this.#client.dirtyJson;
  }

  /** The cheapest request that proves that the site is up. Throws RemoteError if it is not. */
  async #prove(): Promise<void> {
    if (this.byConnector) await this.get('sitebridge/v1/ping');
    else await this.get('', '_fields=name');
  }

  /** Signs a request and sends it. Returns what was signed, too. */
  async #send({ route, ...request }: UnsignedRequest & { headers: Record<string, string> }): Promise<{
    response: OutboundResponse;
    sent: SentRequest | undefined;
  }> {
    const { headers, redirects, sent } = this.#signIn.sign({ route, ...request });
    const response = await this.#client.sendApi({
      ...request,
      headers: { ...request.headers, ...headers },
      redirects,
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_BYTES,
    });
    return { response, sent };
  }

  async #exchange(request: {
    method: string;
    route: string;
    query?: string | undefined;
    body?: object | Buffer;
    headers?: Record<string, string>;
  }): Promise<SiteAnswer> {
    const { href: url } = new URL(apiUrl(this.root.url, request.route, request.query));
    const { headers: asked = {}, body: content, method } = request;
    const body = content === undefined || Buffer.isBuffer(content) ? content : JSON.stringify(content);
    const { route } = request;
    const type = typeof body === 'string' ? JSON_TYPE : {};
    const { response, sent } = await this.#send({
      method,
      url,
      route,
      ...(body === undefined ? {} : { body }),
      headers: { ...type, ...asked },
    });
    const read = await this.#client.readApi(response);
    if (read === null) {
      const refused = response.status >= 400;
      // A page, or JSON that was cut off. Something between us and the site may have sent it, so the next try
      // may succeed.
      throw this.unexpected(`something that is not JSON (status ${response.status})`, !refused);
    }
    const answer = sent === undefined ? read : { ...read, sent };
    const { error } = answer;
    // The first try reached the site, but its answer did not reach us. The layers below sent the request
    // again.
    if (error?.code === 'sitebridge_nonce_replayed') throw this.#signIn.refusal(answer, error);
    const time = siteTime(response);
    return {
      ...answer,
      damaged: !isUtf8(response.body),
      siteTime: time === null ? null : time - response.ms,
    };
  }
}
