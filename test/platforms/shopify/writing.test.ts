import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContentWrite, WriteOutcome } from '../../../src/platforms/contentWrite.ts';
import type { RemoteContent } from '../../../src/platforms/remoteContent.ts';
import type { SimulatedItem } from '../../../src/simulation/shopify/state.ts';
import { contentWrite, typeOf } from '../../support/contentCaller.ts';
import { contentKey } from '../../support/identity.ts';
import { type TestShop, testShop } from './testShop.ts';

let shop: TestShop;
beforeEach(async () => {
  shop = await testShop();
});
afterEach(() => shop.stop());

type Slug = 'article' | 'page' | 'product' | 'collection';
const KINDS: readonly Slug[] = ['article', 'page', 'product', 'collection'];

/** A content to create, with as few fields as possible. */
function draft(contentId: number, changes: Partial<ContentWrite> = {}): ContentWrite {
  return contentWrite(contentId, { body: '<p>Text</p>', status: 'draft', ...changes });
}

async function write(slug: Slug, changes: Partial<ContentWrite> = {}, contentId = 42): Promise<WriteOutcome> {
  const session = await shop.open();
  const [outcome] = await session.write(typeOf(slug), [draft(contentId, changes)]);
  if (!outcome) throw new Error('There is no outcome.');
  return outcome;
}

async function written(slug: Slug, changes: Partial<ContentWrite> = {}) {
  const outcome = await write(slug, changes);
  if (outcome.result !== 'written') throw new Error(`Not written: ${JSON.stringify(outcome)}`);
  return outcome;
}

function itemOf(externalId: string): SimulatedItem {
  const item = shop.shopify.state.items.find((each) => String(each.id) === externalId);
  if (!item) throw new Error(`There is no item ${externalId}.`);
  return item;
}

function count(kind: Slug): number {
  return shop.shopify.state.items.filter((item) => item.kind === kind).length;
}

/** An edit of an item that was just read. */
function edit(onSite: RemoteContent, changes: Partial<ContentWrite> = {}): Partial<ContentWrite> {
  const { externalId, title, slug, body, excerpt, status, terms, metadata } = onSite;
  return { externalId, onSite, title, slug, body, excerpt, status, terms, metadata, ...changes };
}

async function read(slug: Slug, externalId: string): Promise<RemoteContent> {
  const { items } = await (await shop.open()).read(typeOf(slug), [externalId]);
  const [item] = items;
  if (!item) throw new Error(`There is no ${slug} ${externalId}.`);
  return item;
}

/** The variables of the last mutation. */
function sentInput(): Record<string, unknown> {
  const { body = '{}' } =
    shop.shopify.state.requests.findLast((request) => request.operation === 'Write') ?? {};
  return JSON.parse(body).variables.input;
}

describe('a create', () => {
  it.each(KINDS)('creates a %s with the sent fields and the content’s key', async (slug) => {
    const { remote, created, notes } = await written(slug, { title: 'Grüße', slug: 'gruss' });
    expect(created).toBe(true);
    expect(notes).toEqual([]);
    expect(remote).toMatchObject({
      contentType: slug,
      title: 'Grüße',
      slug: 'gruss',
      body: '<p>Text</p>',
      status: 'draft',
      contentKey: contentKey(42),
    });
    expect(await read(slug, remote.externalId)).toEqual(remote);
  });

  it.each(['article', 'page', 'collection'] as const)('publishes a %s', async (slug) => {
    const { remote } = await written(slug, { status: 'published' });
    expect(remote.status).toBe('published');
    const item = itemOf(remote.externalId);
    if (slug === 'collection') expect(item.publications).toEqual([21]);
    else expect(item.isPublished).toBe(true);
  });

  it.each(['published', 'draft', null] as const)(
    'makes a product with the status %s a draft, as it has no price',
    async (status) => {
      const { remote, notes } = await written('product', { status });
      expect(remote).toMatchObject({ status: 'draft', externalStatus: 'DRAFT' });
      expect(itemOf(remote.externalId)).toMatchObject({ status: 'DRAFT', publications: [] });
      expect(notes.map(({ code }) => code)).toEqual(status === 'published' ? ['no_price'] : []);
    },
  );

  it('does not publish a product either when it finds what an earlier try has created', async () => {
    const { remote } = await written('product', { status: 'published' });
    const again = await written('product', { status: 'published', mayExist: true });
    expect(again).toMatchObject({
      created: false,
      remote: { externalId: remote.externalId, externalStatus: 'DRAFT' },
      notes: [{ code: 'no_price' }],
    });
  });

  it('adds an article to its blog, with summary, tags, author and image', async () => {
    const image = 'https://example.com/soup.jpg';
    const { remote, notes } = await written('article', {
      excerpt: 'In short',
      terms: [
        { taxonomy: 'blog', slug: 'recipes', name: 'Recipes' },
        { taxonomy: 'article_tag', slug: 'hot-food', name: 'Hot food' },
      ],
      metadata: { author: 'Ada', featured_image_url: image },
    });
    expect(notes).toEqual([]);
    expect(remote).toMatchObject({
      excerpt: 'In short',
      terms: [
        { taxonomy: 'blog', slug: 'recipes' },
        { taxonomy: 'article_tag', slug: 'hot-food', name: 'Hot food' },
      ],
      metadata: {
        author: 'Ada',
        featured_image_url: image,
        image_url: expect.stringContaining('cdn.shopify.com'),
      },
    });
    expect(remote.url).toContain('/blogs/recipes/');
  });

  it('adds a product to its collections, with type and tags, but not to those of rules', async () => {
    const term = (taxonomy: string, slug: string, name: string) => ({ taxonomy, slug, name });
    const terms = [
      term('product_type', 'headwear', 'Headwear'),
      term('product_tag', 'warm', 'warm'),
      term('collection', 'summer', 'Summer'),
    ];
    const { remote, notes } = await written('product', { terms, metadata: { vendor: 'Wool & Co' } });
    expect(remote.terms).toEqual(terms);
    expect(remote.metadata.vendor).toBe('Wool & Co');
    expect(notes).toEqual([]);

    const ruled = await write(
      'product',
      { terms: [...terms, term('collection', 'all-wool', 'All wool')] },
      43,
    );
    expect(ruled).toMatchObject({ result: 'written', notes: [{ code: 'collection_by_rule' }] });
    const unknown = await write('product', { terms: [term('collection', 'winter', 'Winter')] }, 44);
    expect(unknown).toMatchObject({ result: 'written', notes: [{ code: 'collection_unknown' }] });
  });

  it('puts a number behind a handle that another item has, as Shopify does, and reports it', async () => {
    for (const slug of ['article', 'page', 'product', 'collection'] as const) {
      const title = `Taken ${slug}`;
      shop.shopify.add(slug, { title });
      const { remote, notes } = await written(slug, { title, slug: `taken-${slug}` });
      expect(remote.slug).toBe(`taken-${slug}-1`);
      expect(notes).toMatchObject([{ code: 'slug_changed' }]);
      const next = await written(slug, { title, slug: `taken-${slug}`, contentKey: contentKey(43) });
      expect(next.remote.slug).toBe(`taken-${slug}-2`);
    }
  });

  it('lets Shopify choose the handle when a hundred numbers are taken', async () => {
    for (let number = 0; number <= 100; number += 1) shop.shopify.add('page', { title: 'Shirt' });
    const { remote } = await written('page', { title: 'Shirt' });
    expect(remote.slug).toBe('shirt-101');
    expect(await write('page', { title: 'Other', slug: 'shirt' }, 43)).toMatchObject({
      result: 'failed',
      fault: { code: 'taken' },
    });
  });

  it('reports the fields that a page cannot have', async () => {
    const { notes } = await written('page', {
      excerpt: 'Short',
      terms: [{ taxonomy: 'category', slug: 'a', name: 'A' }],
      metadata: { featured_image_url: 'https://example.com/a.jpg' },
    });
    expect(notes.map((note) => note.code).toSorted()).toEqual([
      'excerpt_not_kept',
      'image_not_kept',
      'unknown_taxonomy',
    ]);
  });

  it('requires a blog for an article', async () => {
    shop.shopify.state.blogs.length = 0;
    expect(await write('article')).toMatchObject({
      result: 'failed',
      fault: { code: 'no_blog' },
      retryable: false,
    });
  });

  it('reports a user error of Shopify for its item, and writes the others', async () => {
    const session = await shop.open();
    const outcomes = await session.write(typeOf('article'), [
      draft(1),
      draft(2, { title: 'x'.repeat(300) }),
      draft(3),
    ]);
    expect(outcomes.map((outcome) => outcome.result)).toEqual(['written', 'failed', 'written']);
    expect(outcomes[1]).toMatchObject({
      fault: { code: 'too_long', message: expect.stringContaining('too long') },
      retryable: false,
    });
    const untitled = await write('product', { title: '' });
    // User errors of products have no codes.
    expect(untitled).toMatchObject({
      result: 'failed',
      fault: { code: 'refused', message: expect.stringContaining('blank') },
    });
  });
});

describe('a create that began in an earlier run', () => {
  const begun = { mayExist: true, begunAt: '2026-11-24T12:00:00.000Z' };

  it.each(KINDS)('never creates a second %s after a lost response', async (slug) => {
    const before = count(slug);
    const session = await shop.open();
    shop.shopify.setFault('lost_answer', 1);
    const [lost] = await session.write(typeOf(slug), [draft(42, { title: 'Once' })]);
    expect(lost).toMatchObject({ result: 'failed', fault: { code: 'unreachable' }, retryable: true });
    expect(count(slug)).toBe(before + 1);

    const found = await write(slug, { title: 'Once', ...begun });
    expect(found).toMatchObject({
      result: 'written',
      created: false,
      remote: { contentKey: contentKey(42) },
    });
    expect(count(slug)).toBe(before + 1);
  });

  it('finds its item though someone has changed the handle', async () => {
    const { remote } = await written('product', { title: 'Once' });
    shop.time.pass(60_000);
    for (let number = 0; number < 60; number += 1) shop.shopify.add('product');
    shop.shopify.change(Number(remote.externalId), { handle: 'renamed' });
    const found = await write('product', { title: 'Once', ...begun });
    expect(found).toMatchObject({ result: 'written', remote: { externalId: remote.externalId } });
  });

  it('finds its item by the number from before keys, together with the title', async () => {
    const byNumber = new Map([['sitebridge.content_id', { type: 'number_integer', value: '42' }]]);
    const { id } = shop.shopify.add('page', { title: 'Once', handle: 'once', metafields: byNumber });
    shop.shopify.add('page', { title: 'Another', handle: 'another', metafields: byNumber });
    const found = await write('page', { title: 'Once', ...begun });
    expect(found).toMatchObject({
      result: 'written',
      created: false,
      remote: { externalId: String(id), contentKey: contentKey(42) },
    });
    // The number alone may be another content's, from before a restore of the database.
    expect(await write('page', { title: 'Else', slug: 'another', ...begun }, 43)).toMatchObject({
      result: 'written',
      created: true,
    });
  });

  it('does not take another item with the same handle', async () => {
    shop.shopify.add('page', { title: 'Once' });
    const { remote, created } = await written('page', { title: 'Once', slug: 'once', ...begun });
    expect(created).toBe(true);
    expect(remote.slug).toBe('once-1');
  });

  it.each(['once-1', `once-${contentKey(42).slice(0, 8)}`])(
    'finds its item under the handle %s beside another with the wanted handle',
    async (handle) => {
      shop.shopify.add('page', { title: 'Once' });
      const { remote } = await written('page', { title: 'Once' });
      shop.shopify.change(Number(remote.externalId), { handle });
      // By its changes it would not be found.
      shop.time.pass(3_600_000);
      const begunAt = new Date(shop.time.now).toISOString();
      const found = await written('page', { title: 'Once', mayExist: true, begunAt });
      expect(found).toMatchObject({ created: false, remote: { externalId: remote.externalId } });
    },
  );
});

describe('the search for items of contents to create', () => {
  const find = async (slug: Slug, ...writes: ContentWrite[]) => {
    const found = await (await shop.open()).findExisting?.(typeOf(slug), writes);
    if (found === undefined) throw new Error('Shopify has no search for items.');
    return [...found].map(([key, items]) => [key, ...items.map(({ externalId }) => externalId)]);
  };

  it.each(KINDS)('recognises items by their key: %s', async (slug) => {
    const { remote } = await written(slug, { title: 'Once' });
    shop.shopify.change(Number(remote.externalId), { title: 'Retitled since' });
    expect(await find(slug, draft(42, { title: 'Once' }), draft(43, { title: 'Once' }))).toEqual([
      [contentKey(42), remote.externalId],
    ]);
  });

  it.each(KINDS)('finds an item by its key when it was made with another title: %s', async (slug) => {
    const { remote } = await written(slug, { title: 'Before' });
    for (let number = 0; number < 60; number += 1) shop.shopify.add(slug);
    expect(await find(slug, draft(42, { title: 'After' }), draft(43, { title: 'After' }))).toEqual([
      [contentKey(42), remote.externalId],
    ]);
  });

  it('looks for keys only among the items that changed since the content was made', async () => {
    await written('page', { title: 'Before' });
    shop.time.pass(3_600_000);
    const madeAt = new Date(shop.time.now).toISOString();
    expect(await find('page', draft(42, { title: 'After', madeAt }))).toEqual([]);
  });

  it('takes one request for the handles of a hundred contents and one for the newest items', async () => {
    const { id } = shop.shopify.add('page', { title: 'Title 70', handle: 'title-70' });
    const writes = Array.from({ length: 100 }, (_, index) => draft(index, { title: `Title ${index}` }));
    expect(await find('page', ...writes)).toEqual([[contentKey(70), String(id)]]);
    expect(shop.shopify.state.requests.filter(({ operation }) => operation === 'List')).toHaveLength(2);
  });

  it('takes the older of two items with one key, as a copied product has the key too', async () => {
    const { remote } = await written('product', { title: 'Once' });
    const { metafields } = itemOf(remote.externalId);
    const handle = `once-${contentKey(42).slice(0, 8)}`;
    shop.shopify.add('product', { title: 'Once', handle, metafields: new Map(metafields) });
    shop.time.pass(60_000);
    shop.shopify.change(Number(remote.externalId), { body: 'Edited after it was copied' });
    expect(await find('product', draft(42, { title: 'Once' }))).toEqual([
      [contentKey(42), remote.externalId],
    ]);
  });
});

describe('an update', () => {
  it.each(KINDS)('sends only the fields of a %s that differ', async (slug) => {
    const { remote } = await written(slug, { title: 'Before' });
    const after = await written(slug, edit(remote, { title: 'After' }));
    expect(after).toMatchObject({ created: false, remote: { title: 'After', slug: remote.slug } });
    const { id: _, ...sent } = sentInput();
    expect(sent).toEqual({ title: 'After' });
  });

  it('sends nothing when no field differs', async () => {
    const { remote } = await written('product', { title: 'Same', metadata: { vendor: 'A' } });
    shop.shopify.state.requests.length = 0;
    const again = await written('product', edit(remote));
    expect(again.remote).toEqual(remote);
    expect(shop.shopify.state.requests.some((request) => request.operation === 'Write')).toBe(false);
  });

  it('changes the status, and keeps the shop’s finer statuses', async () => {
    const hidden = await read('article', '1004');
    expect((await written('article', edit(hidden, { status: 'published' }))).remote.status).toBe('published');
    const archived = await read('product', '1009');
    await written('product', edit(archived, { title: 'Very old coat' }));
    expect(itemOf('1009').status).toBe('ARCHIVED');
    await written('product', edit(archived, { status: 'published' }));
    expect(itemOf('1009')).toMatchObject({ status: 'ACTIVE', publications: [21] });
    const hat = await read('product', '1007');
    await written('product', edit(hat, { status: 'draft' }));
    expect(itemOf('1007').status).toBe('DRAFT');
  });

  it.each([null, 'known'])('publishes a product once it has a price (stored state: %s)', async (state) => {
    const { remote } = await written('product', { status: 'published' });
    const { externalId } = remote;
    const onSite = state === null ? null : remote;
    const early = await written('product', edit(remote, { status: 'published', title: 'Early', onSite }));
    expect(early).toMatchObject({
      remote: { title: 'Early', externalStatus: 'DRAFT' },
      notes: [{ code: 'no_price' }],
    });
    shop.shopify.change(Number(externalId), { price: '5.00' });
    const priced = await written('product', edit(early.remote, { status: 'published', onSite }));
    expect(priced).toMatchObject({ remote: { status: 'published', externalStatus: 'ACTIVE' }, notes: [] });
    expect(itemOf(externalId).publications).toEqual([21]);
  });

  it('leaves a product online that the shop gives away, and asks for no price', async () => {
    const free = shop.shopify.add('product', { price: '0.00' });
    const onSite = await read('product', String(free.id));
    const { remote, notes } = await written('product', edit(onSite, { title: 'Free', status: 'published' }));
    expect(remote).toMatchObject({ title: 'Free', externalStatus: 'ACTIVE' });
    expect(notes).toEqual([]);
    const operations = shop.shopify.state.requests.map(({ operation }) => operation);
    expect(operations).not.toContain('PriceOfProduct');
  });

  it('publishes a collection in the Online Store, and removes it', async () => {
    const summer = await read('collection', '1001');
    const out = await written('collection', edit(summer, { status: 'draft' }));
    expect(out.remote).toMatchObject({ status: 'draft', externalStatus: 'unpublished' });
    expect(itemOf('1001').publications).toEqual([]);
    const back = await written('collection', edit(out.remote, { status: 'published' }));
    expect(back.remote.status).toBe('published');
  });

  it('reports that the app may not change publications in the Online Store', async () => {
    shop.shopify.state.app.scopes = ['write_content', 'write_products'];
    const { notes } = await written('collection', { status: 'draft' });
    expect(notes).toMatchObject([{ code: 'not_published' }]);
    shop.shopify.state.app.scopes.push('read_publications');
    const second = await written('collection', { title: 'Second', status: 'published' });
    expect(second.notes).toMatchObject([{ code: 'not_published' }]);
  });

  it('moves an article to another blog, and a product to other collections', async () => {
    const soup = await read('article', '1004');
    const moved = await written(
      'article',
      edit(soup, { terms: [{ taxonomy: 'blog', slug: 'news', name: 'News' }] }),
    );
    expect(moved.remote.terms).toEqual([{ taxonomy: 'blog', slug: 'news', name: 'News' }]);
    const hat = await read('product', '1007');
    const bare = await written('product', edit(hat, { terms: [] }));
    expect(bare.remote.terms).toEqual([]);
    expect(itemOf('1007')).toMatchObject({ tags: [], productType: '', collections: [] });
  });

  it('keeps the other SEO field', async () => {
    const { remote } = await written('product', { metadata: { seo_title: 'T', seo_description: 'D' } });
    const after = await written('product', edit(remote, { metadata: { seo_title: 'New' } }));
    expect(after.remote.metadata).toMatchObject({ seo_title: 'New', seo_description: 'D' });
    expect(sentInput().seo).toEqual({ title: 'New', description: 'D' });
  });

  it('uploads an image once', async () => {
    const metadata = { featured_image_url: 'https://example.com/a.jpg' };
    const { remote } = await written('product', { metadata });
    await written('product', edit(remote, { title: 'Other', metadata }));
    const uploads = shop.shopify.state.requests.filter(({ body }) => body.includes('"originalSource":'));
    expect(uploads).toHaveLength(1);
  });

  it.each(KINDS)('of a deleted %s is a conflict without an item', async (slug) => {
    const outcome = await write(slug, { externalId: '999999', title: 'Gone' });
    expect(outcome).toEqual({ result: 'conflict', remote: null });
  });

  it('works without the item’s stored state', async () => {
    const { remote } = await written('page', { externalId: '1005', title: 'New', slug: 'about-us' });
    expect(remote).toMatchObject({ externalId: '1005', title: 'New', contentKey: contentKey(42) });
  });
});

describe('a fault of the whole shop', () => {
  it.each([
    ['shop_frozen', 'shop_frozen'],
    ['tokens_refused', 'bad_credentials'],
  ] as const)('stops the push: %s', async (fault, code) => {
    const session = await shop.open();
    shop.shopify.setFault(fault);
    await expect(session.write(typeOf('page'), [draft(1), draft(2)])).rejects.toMatchObject({ code });
  });

  it('names the missing scope for writing', async () => {
    shop.shopify.state.app.scopes = ['read_content', 'read_products'];
    const session = await shop.open();
    await expect(session.write(typeOf('page'), [draft(1)])).rejects.toMatchObject({
      code: 'missing_scopes',
      message: expect.stringContaining('write_content'),
    });
  });
});
