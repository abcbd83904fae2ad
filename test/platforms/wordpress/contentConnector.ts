import { createHash } from 'node:crypto';
import {
  type FakePost,
  type FakeState,
  fakePost,
  nowOf,
  refused,
  type SiteReply,
  type SiteRequest,
} from './contentState.ts';

/** Answers the connector's content routes. Returns null for any other route. */
export function connectorRoutes(
  site: FakeState,
  { method, route, query, body }: SiteRequest,
): SiteReply | null {
  if (site.connector !== 'content') return null;
  if (route === 'sitebridge/v1/items') return items(site, query);
  if (route === 'sitebridge/v1/inventory') return inventory(site, query);
  if (route === 'sitebridge/v1/ping')
    return { status: 200, body: { ok: true, links: 'key', last_operation: null } };
  const [, key] = /^sitebridge\/v1\/items\/([0-9a-f-]{36})$/.exec(route) ?? [];
  return key !== undefined && method === 'POST' ? write(site, key, body) : null;
}

function content(site: FakeState): FakePost[] {
  return site.posts
    .filter(({ status }) => status !== 'trash' && status !== 'auto-draft')
    .sort((one, other) => one.id - other.id);
}

function items(site: FakeState, query: URLSearchParams): SiteReply {
  const include = query.get('include');
  if (include !== null) {
    const ids = include.split(',').map(Number);
    const found = site.posts.filter(({ id }) => ids.includes(id));
    const seen = found.filter(({ id }) => !site.hidden.has(id));
    return {
      status: 200,
      body: {
        items: seen.map((post) => item(site, post)),
        forbidden: found.filter(({ id }) => site.hidden.has(id)).map(({ id }) => id),
        gone: ids.filter((id) => !found.some((post) => post.id === id)),
      },
    };
  }
  const newest = Number(query.get('newest') ?? Number.POSITIVE_INFINITY);
  const limit = Number(query.get('limit') ?? 100);
  const all = Number.isFinite(newest) ? content(site).slice(-newest) : content(site);
  const left = all.filter(({ id }) => id > Number(query.get('after_id')));
  const page = left.slice(0, limit);
  return {
    status: 200,
    body: {
      items: page.filter(({ id }) => !site.hidden.has(id)).map((post) => item(site, post)),
      forbidden: page.filter(({ id }) => site.hidden.has(id)).map(({ id }) => id),
      next_after_id: left.length > limit ? page.at(-1)?.id : null,
      total: all.length,
    },
  };
}

function inventory(site: FakeState, query: URLSearchParams): SiteReply {
  const size = Number(query.get('size'));
  const asked = query.get('in')?.split(',').map(Number);
  const rangeOf = ({ id }: FakePost) => Math.floor(id / size);
  if (asked !== undefined) {
    const found = content(site).filter((post) => asked.includes(rangeOf(post)));
    return { status: 200, body: { size, items: found.map((post) => [post.id, hash(site, post)]) } };
  }
  const ranges = new Map<number, { count: number; xor: bigint }>();
  for (const post of content(site)) {
    const { count, xor } = ranges.get(rangeOf(post)) ?? { count: 0, xor: 0n };
    ranges.set(rangeOf(post), { count: count + 1, xor: xor ^ BigInt(`0x${hash(site, post)}`) });
  }
  const list = [...ranges].map(([n, { count, xor }]) => [n, count, xor.toString(16).padStart(16, '0')]);
  return { status: 200, body: { size, total: content(site).length, ranges: list } };
}

function write(site: FakeState, key: string, body: Record<string, unknown>): SiteReply {
  const { type: _, op_id: __, id, expected_hash: expected, terms, ...fields } = body;
  const linked = site.posts.find((post) => post.contentKey === key);
  if (id === null && linked !== undefined)
    return refused(409, 'sitebridge_already_there', 'It is there.', { item: item(site, linked) });
  const own = site.posts.find((post) => post.id === id);
  if (expected !== null && (own === undefined || own.status === 'trash' || hash(site, own) !== expected)) {
    const now = own === undefined || own.status === 'trash' ? null : item(site, own);
    return refused(409, 'sitebridge_conflict', 'It has changed.', { item: now });
  }
  const post = own ?? fakePost(Math.max(0, ...site.posts.map((each) => each.id)) + 1, { status: 'draft' });
  if (own === undefined) site.posts.push(post);
  Object.assign(post, fields, { contentKey: key, modified_gmt: nowOf(site) });
  post.slug = site.makesSlug(post.slug);
  const slugs: unknown[] = Array.isArray(terms) ? terms.map((term) => Object(term).slug) : [];
  post.categories = idsOf(site, 'category', slugs);
  post.tags = idsOf(site, 'post_tag', slugs);
  const created = own === undefined;
  return { status: created ? 201 : 200, body: { created, item: item(site, post), notes: [] } };
}

function idsOf(site: FakeState, taxonomy: string, slugs: unknown[]): number[] {
  return site.terms
    .filter((term) => term.taxonomy === taxonomy && slugs.includes(term.slug))
    .map(({ id }) => id);
}

function item(site: FakeState, post: FakePost): Record<string, unknown> {
  const { contentKey, categories, tags, spoilt, ...rest } = post;
  const terms = site.terms
    .filter(({ id, taxonomy }) => (taxonomy === 'category' ? categories : tags).includes(id))
    .map(({ taxonomy, slug, name }) => ({ taxonomy, slug, name }));
  return {
    ...rest,
    link: `https://example.com/${post.slug}/`,
    terms,
    content_key: contentKey,
    content_id: null,
    hash: hash(site, post),
    ...spoilt,
  };
}

function hash(site: FakeState, { contentKey: _, ...post }: FakePost): string {
  const text = JSON.stringify([post, site.terms]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
