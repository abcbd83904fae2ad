/**
 * A site that answers like the post, term, media and batch routes of WordPress and the content routes of the
 * connector, as far as the content part uses them. A hook causes faults. The simulation in src/simulation is
 * more complete; this site is for faults that must happen at one exact request.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { siteSlug } from '../../../src/platforms/siteSlug.ts';
import { verifyRequest } from '../../../src/security/requestSignature.ts';
import { type LoopbackServer, serveLoopback } from '../../outbound/loopbackServer.ts';
import { connectorRoutes } from './contentConnector.ts';
import { batchRoute, createPost, listPosts, onePost, updatePost } from './contentPosts.ts';
import { type FakeState, fakePost, refused, type SiteReply, type SiteRequest, USER } from './contentState.ts';
import { listTerms, makeTerm } from './contentTerms.ts';
import { PASSWORD, SITE_KEY } from './testSite.ts';

export interface ContentSite extends FakeState {
  url: string;
  /** Method and route of each request, except discovery. */
  asked: SiteRequest[];
  stop(): Promise<void>;
}

/** Starts a site with `count` posts, an hour apart. Those with odd numbers are published. */
export async function startContentSite(count: number): Promise<ContentSite> {
  const state: FakeState = {
    posts: Array.from({ length: count }, (_, index) => fakePost(index + 1)),
    terms: [
      { id: 1, taxonomy: 'category', slug: 'news', name: 'News &amp; more', parent: 0 },
      { id: 2, taxonomy: 'post_tag', slug: 'green', name: 'Green', parent: 0 },
    ],
    media: [],
    hidden: new Set(),
    connector: 'none',
    hasBatch: true,
    registeredMeta: ['colour'],
    gmtOffset: 0,
    timezone: '',
    makesSlug: (text) => siteSlug(text),
    clock: () => Date.UTC(2026, 5, 1),
    before: () => undefined,
    after: () => undefined,
  };
  const asked: SiteRequest[] = [];
  const server: LoopbackServer = await serveLoopback((incoming, response) => {
    void readBody(incoming).then((bytes) => answer(site, incoming, bytes, response));
  });
  const site: ContentSite = Object.assign(state, { url: server.url, asked, stop: server.stop });
  return site;
}

function answer(site: ContentSite, incoming: IncomingMessage, bytes: Buffer, response: ServerResponse): void {
  const url = new URL(incoming.url ?? '/', site.url);
  const date = { Date: new Date(site.clock()).toUTCString() };
  if (url.pathname === '/') {
    response.writeHead(200, { ...date, Link: `<${site.url}/wp-json/>; rel="https://api.w.org/"` }).end('');
    return;
  }
  const type = incoming.headers['content-type'] ?? '';
  const request: SiteRequest = {
    method: incoming.method ?? 'GET',
    route: url.pathname.replace(/^\/wp-json\//, ''),
    query: url.searchParams,
    body: type.startsWith('application/json') ? JSON.parse(bytes.toString('utf8')) : {},
    bytes,
    headers: incoming.headers,
  };
  site.asked.push(request);
  const reply =
    site.before(request) ??
    (isSignedIn(incoming, bytes) ? dispatch(site, request) : refused(401, 'rest_forbidden_context'));
  const sent = 'status' in Object(reply) ? (site.after(request) ?? reply) : reply;
  if (sent === 'break off') response.destroy();
  else if ('raw' in sent) response.writeHead(200, { 'Content-Type': 'application/json' }).end(sent.raw);
  else {
    const headers = { 'Content-Type': 'application/json', ...date, ...sent.headers };
    response.writeHead(sent.status, headers).end(JSON.stringify(sent.body));
  }
}

function isSignedIn(incoming: IncomingMessage, bytes: Buffer): boolean {
  const { authorization } = incoming.headers;
  const pair = `${PASSWORD.username}:${PASSWORD.application_password}`;
  if (incoming.url === undefined || incoming.url.startsWith('/wp-json/?')) return true;
  if (authorization !== undefined) return authorization === `Basic ${Buffer.from(pair).toString('base64')}`;
  const headers = Object.fromEntries(
    Object.entries(incoming.headers).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value]] : [],
    ),
  );
  const route = new URL(incoming.url, 'http://site.invalid').pathname.replace(/^\/wp-json/, '');
  const signed = { method: incoming.method ?? 'GET', target: incoming.url, route, body: bytes };
  return verifyRequest(signed, headers, SITE_KEY, Date.now()).ok;
}

/** Answers a request to the REST API, or a part of a batch. */
function dispatch(site: FakeState, request: SiteRequest): SiteReply {
  const { method, route, query } = request;
  if (route === '') {
    const namespaces = ['wp/v2', ...(site.connector === 'none' ? [] : ['sitebridge/v1'])];
    return { status: 200, body: { namespaces, gmt_offset: site.gmtOffset, timezone_string: site.timezone } };
  }
  if (route === 'wp/v2/users/me') return { status: 200, body: { id: USER } };
  if (route === 'wp/v2/types') return { status: 200, body: { post: { slug: 'post', rest_base: 'posts' } } };
  if (route === 'wp/v2/statuses') return { status: 200, body: { publish: {}, draft: {}, trash: {} } };
  if (route === 'wp/v2/taxonomies') return { status: 200, body: TAXONOMIES };
  if (route === 'batch/v1')
    return site.hasBatch
      ? batchRoute(request, (part) => dispatch(site, part))
      : refused(404, 'rest_no_route');
  if (route === 'wp/v2/media') return mediaRoute(site, request);
  const taxonomy = { 'wp/v2/categories': 'category', 'wp/v2/tags': 'post_tag' }[route];
  if (taxonomy === 'category' || taxonomy === 'post_tag') {
    return method === 'GET' ? listTerms(site, taxonomy, query) : makeTerm(site, taxonomy, request.body);
  }
  if (route === 'wp/v2/posts')
    return method === 'GET' ? listPosts(site, query) : createPost(site, request.body);
  const [, id] = /^wp\/v2\/posts\/(\d+)$/.exec(route) ?? [];
  if (id !== undefined) {
    return method === 'GET' ? onePost(site, Number(id)) : updatePost(site, Number(id), request.body);
  }
  return connectorRoutes(site, request) ?? refused(404, 'rest_no_route');
}

const TAXONOMIES = {
  category: { slug: 'category', rest_base: 'categories', hierarchical: true, types: ['post'] },
  post_tag: { slug: 'post_tag', rest_base: 'tags', hierarchical: false, types: ['post'] },
};

function mediaRoute(site: FakeState, { method, query, bytes }: SiteRequest): SiteReply {
  if (method === 'GET')
    return { status: 200, body: site.media.filter(({ slug }) => slug === query.get('slug')) };
  const made = { id: 900 + site.media.length, slug: query.get('slug') ?? '', bytes: bytes.length };
  site.media.push(made);
  return { status: 201, body: { id: made.id } };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
