import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { signRequest } from '../../../src/security/requestSignature.ts';
import { SERVER_ID } from '../../support/identity.ts';

export interface Pair {
  username: string;
  application_password: string;
}

/**
 * The faults that can be caused on both kinds of site, with the code that the connection test must report.
 */
export const BREAKS = {
  rest_closed: 'rest_disabled',
  dirty_json: 'ok',
  fatal: 'fatal',
  maintenance: 'maintenance',
  connector_missing: 'connector_missing',
  application_passwords_off: 'ok',
} as const;
export type Break = keyof typeof BREAKS;

/**
 * A WordPress under contract. It has a type `film` and a taxonomy `mood`, both in the namespace `cinema/v1`,
 * and a status `shelved` that is excluded from search.
 */
export interface ContractSite {
  /** Home, without a slash at the end. */
  url: string;
  /** The connector is connected as this site with this key, and acts as the editor. */
  siteId: number;
  siteKey: string;
  /** The connector's version. */
  pluginVersion: string;
  editor: Pair;
  author: Pair;
  subscriber: Pair;
  /** The body of the webhook that the connector would send about the post in its present state. */
  postMessage(topic: 'status' | 'metadata', postId: number): Promise<string>;
  /** The body of the webhook about a term, whose slug was `was`, or '' for a new term. */
  termMessage(taxonomy: string, termId: number, was: string): Promise<string>;
  /** The body of the webhook about the site itself. */
  siteMessage(): Promise<string>;
  /** Changes made in wp-admin, or by a tool on the site. */
  readonly inAdmin: {
    setTerms(postId: number, taxonomy: string, termIds: number[]): Promise<void>;
    setStatus(postId: number, status: string): Promise<void>;
    setMeta(postId: number, key: string, value: string): Promise<void>;
    /** Sets meta that REST never shows, as page builders and the editor do. */
    setProtectedMeta(postId: number, key: string, value: string): Promise<void>;
    untrash(postId: number): Promise<void>;
  };
  /** Sets the time zone, as the hours that local time is ahead of UTC. */
  setGmtOffset(hours: number): Promise<void>;
  break(what: Break): Promise<void>;
  mend(): Promise<void>;
  stop(): Promise<void>;
}

export interface ContractShape {
  plainPermalinks?: boolean;
  subdirectory?: string;
}

export interface JsonAnswer {
  status: number;
  headers: Headers;
  json: unknown;
}

/** The sender: a user with an application password, the server with a signature for the editor, or nobody. */
export type Who = 'editor' | 'author' | 'subscriber' | 'connector' | 'nobody';

interface ContractRequest {
  as?: Who;
  query?: string;
  /** A Buffer is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A post, as the REST API shows it to an editor. */
const shownPost = z.object({
  id: z.int(),
  date: z.string(),
  date_gmt: z.string(),
  modified: z.string(),
  modified_gmt: z.string(),
  slug: z.string(),
  status: z.string(),
  type: z.string(),
  link: z.string(),
  title: z.object({ raw: z.string() }),
  content: z.object({ raw: z.string() }),
  excerpt: z.object({ raw: z.string() }),
  author: z.int(),
  parent: z.int().optional(),
  featured_media: z.int().optional(),
  meta: z.unknown(),
  categories: z.array(z.int()).optional(),
  tags: z.array(z.int()).optional(),
});
export type ShownPost = z.output<typeof shownPost>;

/** Sends requests to a site under contract. */
export class ContractClient {
  readonly site: ContractSite;
  readonly #plainPermalinks: boolean;

  constructor(site: ContractSite, plainPermalinks: boolean) {
    this.site = site;
    this.#plainPermalinks = plainPermalinks;
  }

  url(route: string, query = ''): string {
    if (this.#plainPermalinks)
      return `${this.site.url}/?rest_route=${route}${query === '' ? '' : `&${query}`}`;
    return `${this.site.url}/wp-json${route}${query === '' ? '' : `?${query}`}`;
  }

  /** Sends a request, as the editor by default. */
  async send(method: string, route: string, request: ContractRequest = {}): Promise<JsonAnswer> {
    const url = this.url(route, request.query);
    const raw = Buffer.isBuffer(request.body);
    const body = raw || request.body === undefined ? request.body : JSON.stringify(request.body);
    const bytes = Buffer.isBuffer(body) ? body : Buffer.from(typeof body === 'string' ? body : '');
    const answer = await fetch(url, {
      method,
      headers: {
        ...(raw || body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...this.#identity(request.as ?? 'editor', { method, url, route, body: bytes }),
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: new Uint8Array(bytes) }),
    });
    const json: unknown = await answer.json();
    return { status: answer.status, headers: answer.headers, json };
  }

  get(route: string, query = '', as: Who = 'editor'): Promise<JsonAnswer> {
    return this.send('GET', route, { query, as });
  }

  /** Creates a post. Throws unless that succeeds. */
  async createPost(body: object, as: Who = 'editor', base = 'posts'): Promise<ShownPost> {
    return this.#posted(201, await this.send('POST', `/wp/v2/${base}`, { body, as }));
  }

  /** Changes a post. Throws unless that succeeds. */
  async changePost(id: number, body: object, as: Who = 'editor', base = 'posts'): Promise<ShownPost> {
    return this.#posted(200, await this.send('POST', `/wp/v2/${base}/${id}`, { body, as }));
  }

  async readPost(id: number, base = 'posts'): Promise<ShownPost> {
    return this.#posted(200, await this.get(`/wp/v2/${base}/${id}`, 'context=edit'));
  }

  /** The user's id. */
  async me(as: Who): Promise<number> {
    const { json } = await this.get('/wp/v2/users/me', 'context=edit&_fields=id', as);
    return z.object({ id: z.int() }).parse(json).id;
  }

  #posted(status: number, answer: JsonAnswer): ShownPost {
    if (answer.status !== status) throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.json)}`);
    return shownPost.parse(answer.json);
  }

  #identity(
    who: Who,
    { url, ...request }: { method: string; url: string; route: string; body: Buffer },
  ): Record<string, string> {
    if (who === 'nobody') return {};
    if (who !== 'connector') {
      const { username, application_password: password } = this.site[who];
      return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
    }
    const { pathname, search } = new URL(url);
    const { siteId, siteKey } = this.site;
    return signRequest(
      { ...request, target: pathname + search },
      {
        version: 'v2',
        serverId: SERVER_ID,
        siteId,
        siteKey,
        now: Date.now(),
        nonce: randomBytes(8).toString('hex'),
      },
    );
  }
}

/** The ids in a list response, in its order. */
export function idsOf(answer: JsonAnswer): number[] {
  return z
    .array(z.object({ id: z.int() }))
    .parse(answer.json)
    .map(({ id }) => id);
}

/** A WordPress time, moved by so many seconds. */
export function shifted(time: string, seconds: number): string {
  return new Date(Date.parse(`${time}Z`) + seconds * 1000).toISOString().slice(0, 19);
}

/** A word that no earlier run has left on the site. */
export function unique(word: string): string {
  return `${word}${randomBytes(4).toString('hex')}`;
}
