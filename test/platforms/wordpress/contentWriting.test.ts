import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContentSession } from '../../../src/platforms/contentPart.ts';
import type { ContentWrite } from '../../../src/platforms/contentWrite.ts';
import type { RemoteContent } from '../../../src/platforms/remoteContent.ts';
import { siteSlug } from '../../../src/platforms/siteSlug.ts';
import { type LoopbackServer, serveLoopback } from '../../outbound/loopbackServer.ts';
import { contentWrite, POST, testPace } from '../../support/contentCaller.ts';
import { type ContentSite, startContentSite } from './contentSite.ts';
import { fakePost } from './contentState.ts';
import { connectionTo, PASSWORD, testPlatform } from './testSite.ts';

const { platform, close } = testPlatform();
let site: ContentSite;
let session: ContentSession;

beforeEach(async () => {
  site = await startContentSite(0);
  // The site's clock and ours differ by hours.
  site.clock = () => Date.now() - 9 * 3_600_000;
  session = await open();
});
afterEach(() => site.stop());
afterAll(close);

async function open(): Promise<ContentSession> {
  const opened = await platform.content?.open(connectionTo(site.url, { credentials: PASSWORD }), testPace());
  if (opened === undefined) throw new Error('WordPress has no content part.');
  return opened;
}

const write = (...writes: ContentWrite[]) => session.write(POST, writes);
const asked = (route: string, method = 'POST') =>
  site.asked.filter((request) => request.route === route && request.method === method);

async function onSite(id: number): Promise<RemoteContent> {
  const [item] = (await session.read(POST, [String(id)])).items;
  if (item === undefined) throw new Error(`There is no post ${id}.`);
  return item;
}

/** An update of a post. Without `changes` it changes nothing. */
async function updateOf(id: number, changes: Partial<ContentWrite> = {}): Promise<ContentWrite> {
  const { externalId, title, slug, body, excerpt, terms, metadata, ...rest } = await onSite(id);
  const same = { externalId, title, slug, body, excerpt, terms, metadata, status: null };
  return contentWrite(id, {
    ...same,
    onSite: { externalId, title, slug, body, excerpt, terms, metadata, ...rest },
    ...changes,
  });
}

describe('creating by core REST', () => {
  it('sends 25 posts in one request, and lets the site make their slugs', async () => {
    const outcomes = await write(
      ...Array.from({ length: 23 }, (_, index) => contentWrite(index + 1)),
      contentWrite(24, { slug: 'own', title: 'Grüße, Welt!', status: 'draft' }),
      contentWrite(25, { title: 'Привет, мир — på Ærø' }),
    );
    expect(asked('batch/v1')).toHaveLength(1);
    expect(outcomes.map(({ result }) => result)).toEqual(Array(25).fill('written'));
    expect(outcomes[0]).toMatchObject({
      created: true,
      notes: [],
      remote: { externalId: '1', slug: 'written-1', status: 'published', body: '<p>Body 1</p>' },
    });
    expect(site.posts.slice(23).map(({ slug, status }) => [slug, status])).toEqual([
      ['own', 'draft'],
      ['%d0%bf%d1%80%d0%b8%d0%b2%d0%b5%d1%82-%d0%bc%d0%b8%d1%80-pa-aero', 'publish'],
    ]);
  });

  it('writes posts one by one when a site has no batch route', async () => {
    site.hasBatch = false;
    await write(contentWrite(1), contentWrite(2));
    await write(contentWrite(3), contentWrite(4));
    expect(site.posts).toHaveLength(4);
    expect(asked('batch/v1')).toHaveLength(1);
  });

  it('splits batches that are too large for a web server', async () => {
    const body = 'x'.repeat(400_000);
    const outcomes = await write(...[1, 2, 3].map((id) => contentWrite(id, { body })));
    expect(outcomes.map(({ result }) => result)).toEqual(['written', 'written', 'written']);
    expect(site.asked.every(({ bytes }) => bytes.length < 1024 * 1024)).toBe(true);
  });

  it('reports the outcome of each post', async () => {
    site.after = ({ route, body }) => {
      if (route !== 'batch/v1') return undefined;
      const parts = Array.isArray(body.requests) ? body.requests.length : 0;
      const refusals = [
        { status: 403, body: { code: 'rest_cannot_publish', message: 'Not <b>you</b> sbk_abcdefgh1234.' } },
        { status: 500, body: { code: 'rest_db', message: 'No database.' } },
      ];
      return parts === 2 ? { status: 207, body: { responses: refusals } } : undefined;
    };
    expect(await write(contentWrite(1), contentWrite(2))).toEqual([
      {
        result: 'failed',
        retryable: false,
        fault: { externalId: null, code: 'rest_cannot_publish', message: 'Not you sbk_[redacted].' },
      },
      {
        result: 'failed',
        retryable: true,
        fault: { externalId: null, code: 'rest_db', message: 'No database.' },
      },
    ]);
  });

  it('throws when a create’s outcome is unknown, and finds the post the next time', async () => {
    const begunAt = new Date().toISOString();
    site.posts = [
      fakePost(1, { slug: 'written-7', title: 'Another' }),
      fakePost(2, { slug: 'written-7-2', title: 'Written 7' }),
    ];
    site.after = ({ route }) => (route === 'wp/v2/posts' ? { status: 500, body: 'oops' } : undefined);
    await expect(write(contentWrite(7))).rejects.toMatchObject({ retryable: true });
    expect(site.posts).toHaveLength(3);
    site.after = () => undefined;
    session = await open();
    const sentAs = [contentWrite(7)];
    const [outcome] = await write(contentWrite(7, { mayExist: true, begunAt, sentAs, excerpt: 'New' }));
    expect(outcome).toMatchObject({ result: 'written', remote: { externalId: '3', excerpt: 'New' } });
    expect(site.posts).toHaveLength(3);
  });

  it('finds the post of a lost create once more when its update failed, too', async () => {
    const begunAt = new Date().toISOString();
    site.posts = [fakePost(1, { slug: 'written-7', title: 'Written 7', content: '<p>Body 7</p>' })];
    const again = () =>
      contentWrite(7, { mayExist: true, begunAt, sentAs: [contentWrite(7)], excerpt: 'New' });
    site.after = ({ method }) => (method === 'POST' ? { status: 500, body: 'oops' } : undefined);
    await expect(write(again())).rejects.toMatchObject({ retryable: true });
    site.after = () => undefined;
    const [outcome] = await write(again());
    expect(outcome).toMatchObject({ result: 'written', remote: { externalId: '1', excerpt: 'New' } });
    expect(site.posts).toHaveLength(1);
  });

  it('does not take another content’s post, an old post, or another user’s post', async () => {
    const begunAt = new Date().toISOString();
    site.posts = [
      fakePost(1, { slug: 'same', title: 'Same' }),
      fakePost(2, { slug: 'same-2', title: 'Same', author: 66, modified_gmt: '2099-01-01T00:00:00' }),
    ];
    const again = (contentId: number) =>
      contentWrite(contentId, { title: 'Same', slug: 'same', mayExist: true, begunAt });
    const [one] = await write(again(1));
    const [other] = await write(again(2));
    expect([one, other]).toEqual([
      expect.objectContaining({ created: true, remote: expect.objectContaining({ externalId: '3' }) }),
      expect.objectContaining({ created: true, remote: expect.objectContaining({ externalId: '4' }) }),
    ]);
  });

  it('finds a create whose slug has the content’s number, as before keys', async () => {
    const title = '你好';
    site.posts = [fakePost(1, { slug: 'content-7', title, content: '<p>Body 7</p>' })];
    const begunAt = new Date().toISOString();
    const [outcome] = await write(contentWrite(7, { title, mayExist: true, begunAt }));
    expect(outcome).toMatchObject({ result: 'written', remote: { externalId: '1' } });
    expect(site.posts).toHaveLength(1);
  });

  it.each([
    ['other letters', (text: string) => siteSlug(text, 'da_DK')],
    ['a plugin’s letters', () => 'nyheder'],
    ['nothing', () => ''],
  ])('finds a create of whose title the site made %s', async (_name, makesSlug) => {
    site.makesSlug = makesSlug;
    const begunAt = new Date().toISOString();
    const earlier = contentWrite(7, { title: 'Største nyheder på Ærø' });
    const [made] = await write(earlier);
    site.posts[0] = { ...fakePost(1, site.posts[0]), title: 'Edited since', status: 'draft' };
    site.posts.push(
      fakePost(2, { title: 'Største nyheder', content: '<p>Body 7</p>' }),
      fakePost(3, { title: earlier.title, author: 66, date_gmt: '2099-01-01T00:00:00' }),
    );
    session = await open();
    const [outcome] = await write({ ...earlier, mayExist: true, begunAt, sentAs: [earlier] });
    expect(made).toMatchObject({ result: 'written', remote: { externalId: '1' } });
    expect(outcome).toMatchObject({ result: 'conflict', remote: { externalId: '1' } });
    expect(site.posts).toHaveLength(3);
  });

  it('finds a create whose slug was cut to make room for a number', async () => {
    const title = 'Объект культурного наследия '.repeat(4);
    site.posts = [fakePost(1, { title, slug: siteSlug(title) })];
    const begunAt = new Date().toISOString();
    await write(contentWrite(7, { title }));
    session = await open();
    Object.assign(site.posts[1] ?? {}, { title: 'Edited since' });
    const sentAs = [contentWrite(7, { title })];
    const [outcome] = await write(contentWrite(7, { title, mayExist: true, begunAt, sentAs }));
    expect(outcome).toMatchObject({ result: 'conflict', remote: { externalId: '2' } });
  });

  it('finds a create of an untitled post by the id in its slug', async () => {
    const begunAt = new Date().toISOString();
    const earlier = contentWrite(7, { title: '' });
    await write(earlier);
    Object.assign(site.posts[0] ?? {}, { slug: '1', title: 'Titled since', content: 'Written since' });
    session = await open();
    const [outcome] = await write({ ...earlier, mayExist: true, begunAt, sentAs: [earlier] });
    expect(outcome).toMatchObject({ result: 'conflict', remote: { externalId: '1' } });
  });

  it('finds a create of a backdated post', async () => {
    site.posts = [
      fakePost(1, { slug: 'written-1', title: 'Written 1', modified_gmt: '2020-02-02T02:02:02' }),
    ];
    const [outcome] = await write(
      contentWrite(1, {
        mayExist: true,
        begunAt: new Date().toISOString(),
        metadata: { date_gmt: '2020-02-02T02:02:02.000Z' },
      }),
    );
    expect(outcome).toMatchObject({ remote: { externalId: '1' } });
    expect(site.posts).toHaveLength(1);
  });
});

describe('the search for posts of contents to create', () => {
  const find = async (...writes: ContentWrite[]) => {
    const found = await session.findExisting?.(POST, writes);
    if (found === undefined) throw new Error('Core REST has no search for posts.');
    return [...found].map(([key, items]) => [key, ...items.map(({ externalId }) => externalId)]);
  };

  it('takes one request for a hundred contents', async () => {
    site.posts = [fakePost(7, { title: 'Written 70', slug: 'written-70-2' })];
    const found = await find(...Array.from({ length: 100 }, (_, index) => contentWrite(index + 1)));
    expect(found).toEqual([[contentWrite(70).contentKey, '7']]);
    expect(asked('wp/v2/posts', 'GET')).toHaveLength(1);
  });

  it('finds a title of another script by its title if a plugin makes other slugs', async () => {
    site.posts = [
      fakePost(7, { title: 'Привет', slug: 'privet' }),
      fakePost(8, { title: 'Ærø', slug: 'aeroe' }),
      fakePost(9, { title: 'Мир', slug: 'content-00000003' }),
    ];
    const titled = (id: number, title: string) => contentWrite(id, { title });
    const found = await find(titled(1, 'Привет'), titled(2, 'Ærø'), titled(3, 'Мир'), titled(4, 'Нет'));
    expect(found.map(([, id]) => id)).toEqual(['8', '9', '7']);
  });

  it('recognises posts by key if the site registers it as meta, otherwise by slug and title', async () => {
    site.registeredMeta.push('sitebridge_key');
    await write(contentWrite(1), contentWrite(2));
    expect(site.posts.map(({ meta }) => meta.sitebridge_key)).toEqual([
      contentWrite(1).contentKey,
      contentWrite(2).contentKey,
    ]);
    expect(await onSite(1)).toMatchObject({ contentKey: contentWrite(1).contentKey, metadata: {} });
    Object.assign(site.posts[0] ?? {}, { title: 'Retitled since' });
    // The post belongs to another content, although it has the slug and the title of the third.
    Object.assign(site.posts[1] ?? {}, { title: 'Written 3', slug: 'written-3' });
    expect(await find(contentWrite(1), contentWrite(3))).toEqual([[contentWrite(1).contentKey, '1']]);
  });

  it('takes the older of two posts with one key, as plugins copy posts with their meta', async () => {
    const meta = { sitebridge_key: contentWrite(1).contentKey };
    const born = (date_gmt: string) => ({ title: 'Written 1', date_gmt, meta });
    site.posts = [
      fakePost(8, { ...born('2026-03-02T00:00:00'), slug: 'written-1' }),
      fakePost(9, { ...born('2026-03-01T00:00:00'), slug: 'written-1-2' }),
    ];
    expect(await find(contentWrite(1))).toEqual([[contentWrite(1).contentKey, '9']]);
  });
});

describe('updating by core REST', () => {
  beforeEach(() => {
    site.posts = [fakePost(1), fakePost(2, { status: 'private', meta: { colour: 'red' } })];
  });

  it('sends only fields that differ, so that an undated draft stays undated', async () => {
    await write(await updateOf(2, { title: 'New', status: 'published' }));
    expect(asked('wp/v2/posts/2').map(({ body }) => body)).toEqual([{ title: 'New' }]);
    expect(site.posts[1]).toMatchObject({ title: 'New', status: 'private' });
  });

  it('sends nothing when no field differs', async () => {
    const [outcome] = await write(await updateOf(1));
    expect(outcome).toMatchObject({ result: 'written', created: false, remote: { externalId: '1' } });
    expect(site.asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('sends fields and meta from the metadata, and reports refused values', async () => {
    const update = await updateOf(2, {
      metadata: {
        colour: 'blue',
        shape: 'round',
        author: '9',
        parent: null,
        date_gmt: '2020-01-01T00:00:00.000Z',
      },
    });
    const [outcome] = await write({ ...update, metadata: { ...update.metadata, featured_media: 'x' } });
    expect(asked('wp/v2/posts/2').map(({ body }) => body)).toEqual([
      { author: 9, date_gmt: '2020-01-01T00:00:00', meta: { colour: 'blue', shape: 'round' } },
    ]);
    expect(outcome).toMatchObject({ remote: { metadata: { colour: 'blue', author: 9 } } });
    expect(outcome?.result === 'written' && outcome.notes.map(({ code }) => code)).toEqual([
      'bad_metadata',
      'unknown_meta',
    ]);
  });

  it('is a conflict when the post is deleted', async () => {
    const update = await updateOf(1, { title: 'New' });
    site.posts = [];
    expect(await write(update)).toEqual([{ result: 'conflict', remote: null }]);
  });
});

describe('terms', () => {
  const category = (slug: string, name = slug) => ({ taxonomy: 'category', slug, name });

  it('are found by slug, and created with their parents when missing', async () => {
    site.terms.push({ id: 3, taxonomy: 'category', slug: 'europe', name: 'Europe', parent: 0 });
    const [outcome] = await write(
      contentWrite(1, {
        terms: [
          category('news'),
          category('europe/france/paris', 'Paris'),
          { taxonomy: 'post_tag', slug: 'new', name: 'New' },
          { taxonomy: 'colour', slug: 'red', name: 'Red' },
        ],
      }),
    );
    expect(site.terms.slice(3).map(({ slug, name, parent }) => [slug, name, parent])).toEqual([
      ['france', 'france', 3],
      ['paris', 'Paris', 4],
      ['new', 'New', 0],
    ]);
    expect(outcome).toMatchObject({
      remote: {
        terms: [
          { taxonomy: 'category', slug: 'news', name: 'News & more' },
          { taxonomy: 'category', slug: 'paris', name: 'Paris' },
          { taxonomy: 'post_tag', slug: 'new', name: 'New' },
        ],
      },
      notes: [expect.objectContaining({ code: 'unknown_taxonomy' })],
    });
  });

  it('are not created twice when WordPress changed the slug, or someone created them first', async () => {
    site.terms.push(
      { id: 3, taxonomy: 'category', slug: 'europe', name: 'Europe', parent: 0 },
      { id: 4, taxonomy: 'category', slug: 'asia', name: 'Asia', parent: 0 },
      { id: 5, taxonomy: 'category', slug: 'east', name: 'east', parent: 3 },
      { id: 6, taxonomy: 'category', slug: 'east-asia', name: 'east', parent: 4 },
      { id: 7, taxonomy: 'category', slug: 'other-slug', name: 'Taken', parent: 0 },
    );
    const terms = [category('asia/east'), category('taken', 'Taken')];
    await write(contentWrite(1, { terms }));
    expect(site.terms).toHaveLength(7);
    expect(site.posts[0]?.categories).toEqual([6, 7]);
  });

  it.each([
    ['by default', (text: string) => siteSlug(text)],
    ['in German', (text: string) => siteSlug(text, 'de')],
    ['by a plugin', (text: string) => siteSlug(text).replace(siteSlug('погода'), 'pogoda')],
  ])('are known by their slugs as the site writes them %s', async (_way, makesSlug) => {
    site.makesSlug = makesSlug;
    const [news, weather, offer] = [makesSlug('Größe'), makesSlug('погода'), 'offer'];
    site.terms = [
      { id: 1, taxonomy: 'category', slug: news, name: 'A', parent: 0 },
      { id: 2, taxonomy: 'category', slug: weather, name: 'B', parent: 1 },
      { id: 3, taxonomy: 'category', slug: offer, name: 'C', parent: 0 },
      { id: 4, taxonomy: 'post_tag', slug: weather, name: 'D', parent: 0 },
      { id: 5, taxonomy: 'post_tag', slug: 'top-10-news', name: 'E', parent: 0 },
    ];
    const tag = (slug: string, name: string) => ({ taxonomy: 'post_tag', slug, name });
    const terms = [
      category('Größe', 'Other'),
      category('Größe/Погода', 'Other weather'),
      category('Offer', 'The offer'),
      category('offer'),
      tag('погода', 'Weather'),
      tag('Top 10, news', 'Top'),
    ];
    const [outcome] = await write(contentWrite(1, { terms }));
    expect(site.terms).toHaveLength(5);
    expect([site.posts[0]?.categories, site.posts[0]?.tags]).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(outcome).toMatchObject({ result: 'written', notes: [] });
  });

  it('are looked up only once', async () => {
    await write(
      contentWrite(1, { terms: [category('news')] }),
      contentWrite(2, { terms: [category('news')] }),
    );
    await write(contentWrite(3, { terms: [category('news')] }));
    expect(asked('wp/v2/categories', 'GET')).toHaveLength(1);
  });

  it('are looked up by requests of limited length, even with long slugs', async () => {
    const terms = Array.from({ length: 30 }, (_, index) =>
      category(`${index}${'ж'.repeat(198)}`, `Term ${index}`),
    );
    const [outcome] = await write(contentWrite(1, { terms }));
    expect(outcome).toMatchObject({ result: 'written', notes: [] });
    expect(site.posts[0]?.categories).toHaveLength(30);
    const lengths = asked('wp/v2/categories', 'GET').map(({ query }) => query.toString().length);
    expect(Math.max(...lengths)).toBeLessThan(8_000);
  });

  it('are cleared when the content has none any more, and kept when unchanged', async () => {
    site.posts = [fakePost(3)];
    const update = await updateOf(3, { terms: [category('news')] });
    await write(update);
    expect(asked('wp/v2/posts/3').map(({ body }) => body)).toEqual([{ tags: [] }]);
  });

  it('that the site refuses to create are reported, and the post is saved', async () => {
    site.before = ({ route, method }) =>
      method === 'POST' && route === 'wp/v2/tags'
        ? { status: 403, body: { code: 'rest_cannot_create', message: 'No.', data: { status: 403 } } }
        : undefined;
    const [outcome] = await write(
      contentWrite(1, { terms: [{ taxonomy: 'post_tag', slug: 'new', name: 'New' }] }),
    );
    expect(outcome).toMatchObject({ result: 'written', notes: [{ code: 'term_refused' }] });
  });
});

describe('a featured image', () => {
  let images: LoopbackServer;
  beforeEach(async () => {
    images = await serveLoopback((request, response) => {
      const type = request.url === '/page' ? 'text/html' : 'image/png';
      response.writeHead(request.url === '/none' ? 404 : 200, { 'Content-Type': type }).end('image');
    });
  });
  afterEach(() => images.stop());

  const withImage = (id: number, path: string) =>
    contentWrite(id, { metadata: { featured_image_url: images.url + path, featured_image_alt: 'Blue' } });

  it('is uploaded once, even under a different address', async () => {
    const [outcome] = await write(withImage(1, '/a.png'));
    session = await open();
    await write(withImage(2, '/b.png'), withImage(3, '/a.png'));
    expect(site.media).toEqual([
      { id: 900, slug: expect.stringMatching(/^sitebridge-[0-9a-f]{32}$/), bytes: 5 },
    ]);
    expect(site.posts.map((post) => post.featured_media)).toEqual([900, 900, 900]);
    expect(outcome).toMatchObject({ remote: { metadata: { featured_media: 900 } }, notes: [] });
    const [upload] = asked('wp/v2/media');
    expect(upload?.headers['content-disposition']).toMatch(
      /^attachment; filename="sitebridge-[0-9a-f]{32}\.png"$/,
    );
  });

  it('is found after an upload with a lost response', async () => {
    let lost = false;
    site.after = ({ route, method }) => {
      if (lost || route !== 'wp/v2/media' || method !== 'POST') return undefined;
      lost = true;
      return 'break off';
    };
    await write(withImage(1, '/a.png'));
    expect(site.media).toHaveLength(1);
    expect(site.posts[0]?.featured_media).toBe(900);
  });

  it.each(['/none', '/page'])(
    'that cannot be downloaded (%s) is reported, and the post is saved',
    async (path) => {
      const [outcome] = await write(withImage(1, path));
      expect(outcome).toMatchObject({ result: 'written', notes: [{ code: 'featured_image' }] });
      expect(JSON.stringify(outcome)).not.toContain('127.0.0.1');
    },
  );

  it('that the site refuses is reported', async () => {
    site.after = ({ route, method }) =>
      route === 'wp/v2/posts' && method === 'POST'
        ? {
            status: 201,
            body: { ...fakePost(1), title: { raw: 'T' }, content: { raw: '' }, excerpt: { raw: '' } },
          }
        : undefined;
    const [outcome] = await write(withImage(1, '/a.png'));
    expect(outcome).toMatchObject({ result: 'written', notes: [{ code: 'featured_image' }] });
  });
});
