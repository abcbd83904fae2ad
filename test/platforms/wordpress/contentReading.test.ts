import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ExactNumber } from '../../../src/outbound/exactNumber.ts';
import type { ContentSession, TypeOfSite } from '../../../src/platforms/contentPart.ts';
import { POST, readOut, testPace } from '../../support/contentCaller.ts';
import { type ContentSite, startContentSite } from './contentSite.ts';
import { fakePost, refused, type SiteReply, type SiteRequest } from './contentState.ts';
import { connectionTo, PASSWORD, testPlatform } from './testSite.ts';

const MAX_BYTES = 1024 * 1024;
const { platform, close } = testPlatform({ maxBytes: MAX_BYTES });
let site: ContentSite;
let pace: ReturnType<typeof testPace>;

beforeEach(async () => {
  site = await startContentSite(250);
  pace = testPace();
});
afterEach(() => site.stop());
afterAll(close);

async function open(usedPace = pace): Promise<ContentSession> {
  const session = await platform.content?.open(connectionTo(site.url, { credentials: PASSWORD }), usedPace);
  if (session === undefined) throw new Error('WordPress has no content part.');
  return session;
}

const ALL = { type: POST, newest: null, cursor: null };
const isPage = ({ route, query }: SiteRequest) => route === 'wp/v2/posts' && query.has('offset');
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
const idsFrom = (from: number, to: number) => numbers(from, to).map(String);

/** Runs `act` at the first request for a page with this offset. */
function once(offset: number, act: () => void): void {
  let done = false;
  site.before = (request) => {
    if (!done && isPage(request) && request.query.get('offset') === String(offset)) {
      done = true;
      act();
    }
    return undefined;
  };
}

describe('the site’s list of types and statuses', () => {
  const BOOK = { slug: 'book', structure: { rest_base: 'books', hierarchical: false } };

  /** The first request for items of a type, and its statuses. */
  async function itemsAsked(listings: Record<string, SiteReply>, type: TypeOfSite) {
    site.before = ({ route }) => listings[route];
    await readOut((await open()).readAll({ ...ALL, type })).catch(() => undefined);
    const found = site.asked.find(({ query }) => query.has('offset'));
    return [found?.route, found?.query.get('status')];
  }

  it.each([
    [{ book: { slug: 'book', rest_base: 'tomes', rest_namespace: 'library/v2' } }, 'library/v2/tomes'],
    [{ book: { slug: 'book', rest_base: 'tomes' } }, 'wp/v2/tomes'],
    [{ other: { slug: 'other', rest_base: 'others' } }, 'wp/v2/books'],
    [[], 'wp/v2/books'],
  ])('%j gives the route %s', async (body, route) => {
    expect(await itemsAsked({ 'wp/v2/types': { status: 200, body } }, BOOK)).toEqual([route, 'any']);
  });

  it('is replaced by the stored structure when the site refuses it', async () => {
    const closed = refused(403, 'rest_cannot_view');
    const listings = { 'wp/v2/types': closed, 'wp/v2/statuses': closed };
    expect(await itemsAsked(listings, BOOK)).toEqual(['wp/v2/books', 'any']);
  });

  it('adds statuses that are not core’s, if they are valid names', async () => {
    const body = {
      publish: {},
      shelved: {},
      any: {},
      'in-print': {},
      'a,b&c': {},
      [`s${'x'.repeat(20)}`]: {},
    };
    expect(await itemsAsked({ 'wp/v2/statuses': { status: 200, body } }, POST)).toEqual([
      'wp/v2/posts',
      'any,shelved,in-print',
    ]);
  });
});

describe('reading all posts through core REST', () => {
  it('gives each post once, in order, with its raw texts, terms and fields', async () => {
    site.posts[2] = fakePost(3, { parent: 9, featured_media: 8, meta: { colour: 'red' }, status: 'private' });
    const { ids, items, end, faults } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual(idsFrom(1, 250));
    expect(faults).toEqual([]);
    expect(items[2]).toEqual({
      externalId: '3',
      contentType: 'post',
      title: 'Post 3',
      slug: 'post-3',
      body: '<p>Text 3</p>',
      excerpt: '',
      externalStatus: 'private',
      status: 'published',
      visibility: 'private',
      builtWith: null,
      url: 'https://example.com/post-3/',
      modifiedAt: '2026-01-01T03:00:00.000Z',
      terms: [
        { taxonomy: 'category', slug: 'news', name: 'News & more' },
        { taxonomy: 'post_tag', slug: 'green', name: 'Green' },
      ],
      metadata: {
        colour: 'red',
        author: 5,
        parent: 9,
        featured_media: 8,
        date_gmt: '2026-01-01T03:00:00.000Z',
      },
      tag: null,
      contentKey: null,
      legacyContentId: null,
      birth: { date: '2026-01-01T03:00:00.000Z', author: '5' },
    });
    expect(end).toEqual({
      missing: [],
      watermark: {
        modified: '2026-01-11T10:00:00.000Z',
        read_at: expect.stringMatching(/^2026-05-31T23:59:5|^2026-06-01T00:00:00/),
        gmt_offset: 0,
        timezone: '',
        unseen: 0,
        refused: [],
      },
    });
  });

  it('requests narrow pages, and no more at once than the pace allows', async () => {
    pace = testPace(2);
    await readOut((await open()).readAll(ALL));
    const pages = site.asked.filter(isPage);
    expect(pages.map(({ query }) => query.get('offset'))).toEqual(['0', '99', '198']);
    expect(pages.every(({ query }) => query.get('_fields')?.includes('content.raw,'))).toBe(true);
    expect(pace.mostAtOnce).toBe(2);
  });

  it('misses no post when posts are deleted meanwhile', async () => {
    once(99, () => {
      site.posts = site.posts.filter(({ id }) => id > 10);
    });
    const { ids } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual(idsFrom(1, 250));
  });

  it('misses no post when many deletions force it to step back often', async () => {
    once(99, () => {
      site.posts = site.posts.filter(({ id }) => id > 90);
    });
    const { ids } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual(idsFrom(1, 250));
  });

  it('gives no post twice when posts are added in front meanwhile', async () => {
    site.posts = site.posts.filter(({ id }) => id > 20);
    once(99, () => {
      site.posts.unshift(...numbers(1, 20).map((id) => fakePost(id)));
    });
    const { ids } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual(idsFrom(21, 250));
  });

  it('goes on after short pages, which lack the posts that the user may not see', async () => {
    site.hidden = new Set([...numbers(40, 60), ...numbers(100, 199)]);
    const { ids, end } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual([...idsFrom(1, 39), ...idsFrom(61, 99), ...idsFrom(200, 250)]);
    expect(end.watermark).toMatchObject({ unseen: 121 });
  });

  it('asks by its id for a post that the user may not see, and needs few requests for that', async () => {
    site.hidden = new Set([50]);
    const { ids, end } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual(
      numbers(1, 250)
        .filter((id) => id !== 50)
        .map(String),
    );
    expect(end).toMatchObject({ missing: [], watermark: { unseen: 1, refused: [50] } });
    expect(end.incomplete).toBeUndefined();
    expect(site.asked.filter(({ route }) => route.startsWith('wp/v2/posts')).length).toBeLessThanOrEqual(5);
  });

  it('says how much it has read if the site counts more posts than it gives', async () => {
    site.posts = site.posts.filter(({ id }) => id !== 120 && id !== 121);
    site.after = (request) => {
      if (!isPage(request)) return undefined;
      const body = site.posts.slice(Number(request.query.get('offset'))).slice(0, 100);
      return { status: 200, body, headers: { 'X-WP-Total': '250' } };
    };
    const { end } = await readOut((await open(testPace(1))).readAll(ALL));
    expect(end).toMatchObject({ incomplete: { read: 248, of: 250 }, watermark: { unseen: 0, refused: [] } });
  });

  it('reads only the newest posts up to a limit', async () => {
    const { ids, pages } = await readOut((await open()).readAll({ ...ALL, newest: 120 }));
    expect(ids).toEqual(idsFrom(131, 250));
    expect(pages[0]?.expected).toBe(120);
  });

  it('resumes after a page’s cursor in another process, although posts were deleted in between', async () => {
    const first = (await open()).readAll(ALL)[Symbol.asyncIterator]();
    const { value: page } = await first.next();
    await first.return?.();
    site.posts = site.posts.filter(({ id }) => id > 50);
    const rest = await readOut((await open()).readAll({ ...ALL, cursor: page.cursor }));
    expect(page.items).toHaveLength(100);
    expect(rest.ids).toEqual(idsFrom(101, 250));
    expect(rest.end.watermark).toMatchObject({ modified: '2026-01-11T10:00:00.000Z' });
  });

  it('ends when the list has become empty', async () => {
    once(99, () => {
      site.posts = [];
    });
    const { ids } = await readOut((await open(testPace(1))).readAll(ALL));
    expect(ids).toEqual(idsFrom(1, 100));
  });

  it('splits pages that are too large, down to the post that is too large', async () => {
    const large = (request: SiteRequest) => {
      const { query, route } = request;
      if (route !== 'wp/v2/posts' || query.get('_fields') === 'id') return undefined;
      const include = query.get('include')?.split(',');
      const holds = include?.includes('120') ?? query.get('offset') === '99';
      return holds ? { raw: `[${' '.repeat(MAX_BYTES)}]` } : undefined;
    };
    site.before = large;
    const { ids, faults } = await readOut((await open()).readAll(ALL));
    expect(ids.map(Number).sort((one, other) => one - other)).toEqual(
      numbers(1, 250).filter((id) => id !== 120),
    );
    expect(faults).toEqual([{ externalId: '120', code: 'too_large', message: expect.any(String) }]);
  });

  it('requests a page again when its JSON was cut off, though a part can be parsed', async () => {
    let cut = true;
    site.before = (request) => {
      if (!cut || !isPage(request)) return undefined;
      cut = false;
      return { raw: '[{"id":1,"type":"post","categories":[1,2],"meta":[{"a":1}]' };
    };
    const { ids } = await readOut((await open()).readAll(ALL));
    expect(ids).toHaveLength(250);
    expect(pace.faults).toEqual([expect.objectContaining({ code: 'cut_off', retryable: true })]);
  });

  it.each([
    ['seconds', '7', 7_000],
    ['a date', 'Mon, 01 Jun 2026 00:00:30 GMT', 30_000],
  ])('reports how long a site wants us to wait, in %s', async (_, header, wait) => {
    let busy = true;
    site.before = (request) => {
      if (!busy || !isPage(request)) return undefined;
      busy = false;
      return {
        status: 429,
        body: { code: 'slow_down', message: 'Slow.' },
        headers: { 'Retry-After': header },
      };
    };
    const { ids } = await readOut((await open()).readAll(ALL));
    expect(ids).toHaveLength(250);
    expect(pace.faults).toEqual([
      expect.objectContaining({ code: 'rate_limited', retryable: true, retryAfterMs: wait }),
    ]);
  });

  it('treats a page of HTML and an error inside the site as temporary', async () => {
    const answers = [
      { raw: '<html>Just a page</html>' },
      { status: 500, body: { code: 'db', message: 'No database.', data: { status: 500 } } },
    ];
    site.before = (request) => (isPage(request) ? answers.shift() : undefined);
    const { ids } = await readOut((await open()).readAll(ALL));
    expect(ids).toHaveLength(250);
    expect(pace.faults.map(({ retryable }) => retryable)).toEqual([true, true]);
    expect(pace.faults[1]?.message).toContain('No database.');
  });

  it('gives up on a list that differs at each request', async () => {
    site.after = (request) =>
      isPage(request) && request.query.get('offset') !== '0'
        ? {
            status: 200,
            body: [{ id: 1_000_000 }],
            headers: { 'X-WP-Total': String(Math.floor(Math.random() * 1e9)) },
          }
        : undefined;
    await expect(readOut((await open(testPace(1))).readAll(ALL))).rejects.toMatchObject({
      code: 'unexpected_answer',
    });
  });

  it('takes what can be read of a post, and refuses only a post without an id', async () => {
    const spoil = (id: number, spoilt: Record<string, unknown>) => {
      site.posts[id - 1] = fakePost(id, { spoilt });
    };
    spoil(1, { title: { raw: 'x'.repeat(10_001) } });
    spoil(2, { excerpt: { raw: 'x'.repeat(60_001) } });
    spoil(3, { slug: 'x'.repeat(201) });
    spoil(4, { content: { raw: 'nul \u0000' } });
    spoil(5, { title: { raw: 'half \ud83d' } });
    spoil(6, { meta: { a: { b: '\u0000' } } });
    spoil(7, { title: { rendered: 'no raw' } });
    spoil(8, { author: 'me' });
    spoil(9, { modified_gmt: '0000-00-00T00:00:00', date_gmt: '0000-00-00T00:00:00' });
    spoil(10, { id: undefined });
    spoil(11, { featured_media: false });
    spoil(12, { featured_media: {}, parent: 'x', meta: 'none' });
    spoil(13, { author: null, status: 7, type: [], link: false });
    spoil(14, { title: 'A title as text', excerpt: null, slug: 5 });
    spoil(15, { categories: false, content: { raw: 'Text', protected: 'no' } });
    spoil(16, { meta: { id: new ExactNumber('9007199254740993'), bad: ['\ud800'] } });
    const { ids, items, faults } = await readOut((await open()).readAll(ALL));
    expect(ids).toEqual([...idsFrom(1, 9), ...idsFrom(11, 250)]);
    expect(items[8]).toMatchObject({ externalId: '9', modifiedAt: null, metadata: { author: 5 } });
    expect(items[8]?.metadata).not.toHaveProperty('date_gmt');
    expect(faults).toEqual([{ externalId: null, code: 'no_id', message: expect.any(String) }]);
    const unread = items
      .slice(0, 16)
      .map((item) => [item.externalId, item.unread?.map(({ field }) => field)]);
    expect(unread).toEqual([
      ['1', ['title']],
      ['2', ['excerpt']],
      ['3', ['slug']],
      ['4', ['body']],
      ['5', ['title']],
      ['6', ['metadata.a']],
      ['7', ['title']],
      ['8', ['metadata.author', 'birth.author']],
      ['9', ['metadata.date_gmt', 'birth.date', 'modifiedAt']],
      ['11', ['metadata.featured_media']],
      ['12', ['metadata', 'metadata.featured_media', 'metadata.parent']],
      ['13', ['status', 'metadata.author', 'birth.author', 'contentType', 'url']],
      ['14', ['slug', 'excerpt']],
      ['15', ['terms', 'visibility']],
      ['16', ['metadata.bad']],
      ['17', undefined],
    ]);
    expect(items[0]?.unread?.[0]?.message).toBe('The title is longer than 10000 characters.');
    expect(items[11]).toMatchObject({ contentType: 'post', status: 'draft', url: null });
    expect(items[12]).toMatchObject({ title: 'A title as text', excerpt: '', slug: '' });
    // It may have a password.
    expect(items[13]).toMatchObject({ externalId: '15', visibility: 'password' });
    expect(items[14]?.metadata).toMatchObject({ id: { digits: '9007199254740993' } });
  });

  it('fails with a code when the type is missing', async () => {
    const type = { slug: 'ghost', structure: null };
    await expect(readOut((await open()).readAll({ ...ALL, type }))).rejects.toMatchObject({
      code: 'unknown_type',
    });
  });
});

describe('reading some posts through core REST', () => {
  it('reports posts that exist, are in the trash, are deleted or are forbidden', async () => {
    site.posts[1] = fakePost(2, { status: 'trash' });
    site.posts[2] = fakePost(3, { status: 'auto-draft' });
    site.hidden = new Set([4]);
    const outcome = await (await open()).read(POST, ['1', '2', '3', '4', '999', 'x']);
    expect(outcome.items.map(({ externalId, status }) => [externalId, status])).toEqual([
      ['1', 'published'],
      ['2', null],
    ]);
    expect([...outcome.gone].sort()).toEqual(['3', '999', 'x']);
    expect(outcome.faults).toEqual([{ externalId: '4', code: 'forbidden', message: expect.any(String) }]);
  });
});

describe('reading terms', () => {
  it('gives all terms with their parents, even when the parents form loops', async () => {
    site.terms.push(
      { id: 3, taxonomy: 'category', slug: 'a', name: 'A', parent: 4 },
      { id: 4, taxonomy: 'category', slug: 'b', name: 'B', parent: 3 },
      { id: 5, taxonomy: 'category', slug: 'c', name: 'C', parent: 5 },
    );
    const terms = [];
    const taxonomy = { slug: 'category', structure: null };
    for await (const page of (await open()).readTerms(taxonomy)) terms.push(...page);
    expect(terms.map(({ slug, name, parentExternalId }) => [slug, name, parentExternalId])).toEqual([
      ['news', 'News & more', null],
      ['a', 'A', '4'],
      ['b', 'B', '3'],
      ['c', 'C', null],
    ]);
  });
});

describe('opening a site', () => {
  it('finds the API once, and later reads only its root', async () => {
    await open();
    const { length } = site.asked;
    await open();
    expect(site.asked.slice(length).map(({ route }) => route)).toEqual(['']);
  });

  it('fails with a code for a wrong password at the first request', async () => {
    const wrong = { ...PASSWORD, application_password: 'wrong' };
    const session = await platform.content?.open(connectionTo(site.url, { credentials: wrong }), pace);
    await expect(session?.readAll(ALL)[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'bad_credentials',
    });
  });
});
