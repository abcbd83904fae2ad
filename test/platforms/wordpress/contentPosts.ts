import { siteSlug, withEnding } from '../../../src/platforms/siteSlug.ts';
import {
  type FakePost,
  type FakeState,
  fakePost,
  nowOf,
  refused,
  type SiteReply,
  type SiteRequest,
} from './contentState.ts';

const NOT_ANY = ['trash', 'auto-draft'];

/** WP_REST_Posts_Controller::get_items(): counts first, then leaves out posts that the user may not see. */
export function listPosts(site: FakeState, query: URLSearchParams): SiteReply {
  const statuses = query.get('status')?.split(',') ?? ['publish'];
  const ids = query.get('include')?.split(',').map(Number);
  const slugs = query
    .get('slug')
    ?.split(',')
    .map((text) => siteSlug(text));
  const authors = query.get('author')?.split(',').map(Number);
  const words = query.get('search')?.split(' ') ?? [];
  const [dated, before] = [query.get('after'), query.get('before')];
  const after = query.get('modified_after');
  const order = query.get('order') === 'desc' ? -1 : 1;
  const size = Number(query.get('per_page') ?? 10);
  if (size > 100) return refused(400, 'rest_invalid_param');
  const found = site.posts
    .filter(
      ({ id, status, slug, modified_gmt, date_gmt, author, title }) =>
        (authors === undefined || authors.includes(author)) &&
        words.every((word) => title.includes(word)) &&
        (dated === null || localTime(site, `${date_gmt}Z`) > localTime(site, dated)) &&
        (before === null || localTime(site, `${date_gmt}Z`) < localTime(site, before)) &&
        (statuses.includes(status) || (statuses.includes('any') && !NOT_ANY.includes(status))) &&
        (ids === undefined || ids.includes(id)) &&
        (slugs === undefined || slugs.includes(slug)) &&
        // Strictly later, to the second, in local time.
        (after === null || localTime(site, `${modified_gmt}Z`) > localTime(site, after)),
    )
    .sort((one, other) => order * (one.id - other.id));
  const offset = Number(query.get('offset') ?? 0);
  const page = found.slice(offset, offset + size).filter(({ id }) => !site.hidden.has(id));
  const light = query.get('_fields') === 'id';
  return {
    status: 200,
    body: page.map((post) => (light ? { id: post.id } : shown(post))),
    headers: { 'X-WP-Total': String(found.length) },
  };
}

function localTime(site: FakeState, time: string): number {
  return Math.floor(Date.parse(time) / 1000) + site.gmtOffset * 3600;
}

/** WP_REST_Posts_Controller::get_item() with `context=edit`. */
export function onePost(site: FakeState, id: number): SiteReply {
  const post = site.posts.find((each) => each.id === id);
  if (post === undefined) return refused(404, 'rest_post_invalid_id', 'Invalid post ID.');
  return site.hidden.has(id) ? refused(403, 'rest_forbidden_context') : { status: 200, body: shown(post) };
}

function shown(post: FakePost): Record<string, unknown> {
  const { title, content, excerpt, meta, contentKey: _, spoilt, ...rest } = post;
  return {
    ...rest,
    link: `https://example.com/${post.slug}/`,
    title: { raw: title },
    content: { raw: content },
    excerpt: { raw: excerpt },
    // PHP encodes an empty map as [].
    meta: Object.keys(meta).length === 0 ? [] : meta,
    ...spoilt,
  };
}

export function createPost(site: FakeState, body: Record<string, unknown>): SiteReply {
  const id = Math.max(0, ...site.posts.map((post) => post.id)) + 1;
  const now = nowOf(site);
  const empty = {
    status: 'draft',
    title: '',
    content: '',
    date_gmt: now,
    categories: [],
    tags: [],
    slug: '',
  };
  const post = fakePost(id, empty);
  site.posts.push(post);
  change(site, post, body);
  return { status: 201, body: shown(post) };
}

export function updatePost(site: FakeState, id: number, body: Record<string, unknown>): SiteReply {
  const post = site.posts.find((each) => each.id === id);
  if (post === undefined) return refused(404, 'rest_post_invalid_id', 'Invalid post ID.');
  change(site, post, body);
  return { status: 200, body: shown(post) };
}

/** Applies a change. Only registered meta is stored. */
function change(site: FakeState, post: FakePost, { meta, ...body }: Record<string, unknown>): void {
  Object.assign(post, body, { modified_gmt: nowOf(site) });
  if (meta !== undefined)
    post.meta = Object.fromEntries(
      Object.entries(Object(meta)).filter(([name]) => site.registeredMeta.includes(name)),
    );
  const taken = new Set(site.posts.filter((each) => each !== post).map(({ slug }) => slug));
  const slug = site.makesSlug(post.slug);
  post.slug = slug;
  for (let number = 2; taken.has(post.slug); number += 1) post.slug = withEnding(slug, `-${number}`);
}

/** WP_REST_Server::serve_batch_request_v1(). */
export function batchRoute(
  { body, headers }: SiteRequest,
  dispatch: (part: SiteRequest) => SiteReply,
): SiteReply {
  const requests: unknown[] = Array.isArray(body.requests) ? body.requests : [];
  if (requests.length > 25) return refused(400, 'rest_invalid_param');
  const responses = requests.map((each) => {
    const { method, path, body: own } = Object(each);
    const url = new URL(String(path), 'http://site');
    return dispatch({
      method: String(method),
      route: url.pathname.slice(1),
      query: url.searchParams,
      body: Object(own),
      bytes: Buffer.alloc(0),
      headers,
    });
  });
  return { status: 207, body: { responses: responses.map((reply) => ({ ...reply, headers: {} })) } };
}
