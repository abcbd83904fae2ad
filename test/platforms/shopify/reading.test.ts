import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReadAllRequest, ReadChangesRequest } from '../../../src/platforms/contentPart.ts';
import { Known, readOut, testPace, typeOf } from '../../support/contentCaller.ts';
import { contentKey } from '../../support/identity.ts';
import { type TestShop, testShop } from './testShop.ts';

let shop: TestShop;
beforeEach(async () => {
  shop = await testShop();
});
afterEach(() => shop.stop());

const all = { newest: null, cursor: null };
const watermark = { at: '2026-11-24T13:00:00.000Z' };

function idsOf(kind: string): string[] {
  return shop.shopify.state.items.filter((item) => item.kind === kind).map((item) => String(item.id));
}

/** Reads all items of a type, or those that `request` asks for. */
async function readAll(slug: string, request: Partial<ReadAllRequest> = {}) {
  return readOut((await shop.open()).readAll({ type: typeOf(slug), ...all, ...request }));
}

/** Reads the changes since `watermark`, when the items `ids` are stored. */
async function readChanges(slug: string, ids: readonly string[], request: Partial<ReadChangesRequest> = {}) {
  const known = Known.ofIds(ids);
  return readOut(
    (await shop.open()).readChanges({ type: typeOf(slug), newest: null, watermark, known, ...request }),
  );
}

function addMany(kind: 'article' | 'page' | 'product' | 'collection', count: number): void {
  for (let number = 0; number < count; number += 1)
    shop.shopify.add(kind, { title: `${kind} no. ${number}` });
}

describe('a full reading', () => {
  it.each(['article', 'page', 'product', 'collection'] as const)(
    'reads every %s, in every status',
    async (kind) => {
      addMany(kind, 130);
      const { ids, faults, pages, end } = await readAll(kind);
      expect(ids).toEqual(idsOf(kind));
      expect(faults).toEqual([]);
      expect(pages[0]?.expected).toBe(idsOf(kind).length);
      expect(end).toEqual({ watermark: { at: '2026-11-24T12:00:00.000Z' }, missing: [] });
    },
  );

  it('gives an article with all editable fields', async () => {
    shop.shopify.change(1003, { imageUrl: 'https://cdn.shopify.com/a.jpg', summary: '<b>S</b>' });
    const [article] = (await readAll('article')).items;
    expect(article).toEqual({
      externalId: '1003',
      contentType: 'article',
      title: 'We are open',
      slug: 'we-are-open',
      body: '<p>We are open</p>',
      excerpt: '<b>S</b>',
      externalStatus: 'published',
      status: 'published',
      visibility: 'public',
      url: 'https://demo-shop.myshopify.com/blogs/news/we-are-open',
      modifiedAt: '2026-11-24T12:00:00.000Z',
      terms: [
        { taxonomy: 'blog', slug: 'news', name: 'News' },
        { taxonomy: 'article_tag', slug: 'shop', name: 'Shop' },
        { taxonomy: 'article_tag', slug: 'good-news', name: 'good news' },
      ],
      metadata: { author: 'Brücke & Söhne', image_url: 'https://cdn.shopify.com/a.jpg' },
      tag: null,
      contentKey: null,
      legacyContentId: null,
      birth: null,
    });
  });

  it('gives a product with its type, tags and collections, and our metafields', async () => {
    shop.shopify.change(1007, {
      metafields: new Map([
        ['sitebridge.content_key', { type: 'single_line_text_field', value: contentKey(42) }],
        ['sitebridge.content_id', { type: 'number_integer', value: '42' }],
      ]),
      seo: { title: 'Hats', description: null },
    });
    const { items } = await readAll('product');
    expect(items[0]).toMatchObject({
      title: 'Hat',
      status: 'published',
      contentKey: contentKey(42),
      legacyContentId: 42,
      terms: [
        { taxonomy: 'product_type', slug: 'headwear', name: 'Headwear' },
        { taxonomy: 'product_tag', slug: 'wool', name: 'wool' },
        { taxonomy: 'collection', slug: 'summer', name: 'Summer' },
      ],
      metadata: { vendor: 'Brücke', seo_title: 'Hats' },
    });
    expect(items.map(({ externalStatus, status }) => [externalStatus, status])).toEqual([
      ['ACTIVE', 'published'],
      ['DRAFT', 'draft'],
      ['ARCHIVED', 'draft'],
    ]);
  });

  it('tells a scheduled article from a hidden one', async () => {
    shop.shopify.change(1003, { isPublished: false, publishedAt: '2027-01-01T00:00:00Z' });
    const { items } = await readAll('article');
    expect(items.map(({ externalStatus, status }) => [externalStatus, status])).toEqual([
      ['scheduled', 'draft'],
      ['unpublished', 'draft'],
    ]);
  });

  it('tells whether a collection is in the Online Store, if the app may see it', async () => {
    const statuses = async () => (await readAll('collection')).items.map((item) => item.externalStatus);
    expect(await statuses()).toEqual(['published', 'unpublished']);
    shop.shopify.state.app.scopes = ['write_content', 'write_products'];
    expect(await statuses()).toEqual(['unknown', 'unknown']);
  });

  it('reads all collections of a product that is in many', async () => {
    addMany('collection', 130);
    const ids = idsOf('collection');
    shop.shopify.change(1007, { collections: ids.map(Number) });
    const [hat] = (await readAll('product')).items;
    expect(hat?.terms.filter((term) => term.taxonomy === 'collection')).toHaveLength(ids.length);
  });

  it('reads the newest items up to the limit', async () => {
    addMany('page', 120);
    const { ids, pages } = await readAll('page', { newest: 60 });
    expect(ids).toEqual(idsOf('page').toReversed().slice(0, 60));
    expect(pages[0]?.expected).toBe(60);
  });

  it('resumes after a cursor, with the watermark of the start', async () => {
    addMany('page', 120);
    const session = await shop.open();
    const first: string[] = [];
    let cursor = null;
    for await (const page of session.readAll({ type: typeOf('page'), ...all })) {
      first.push(...page.items.map((item) => item.externalId));
      cursor = JSON.parse(JSON.stringify(page.cursor));
      break;
    }
    shop.time.pass(3_600_000);
    const rest = await readAll('page', { cursor });
    expect([...first, ...rest.ids]).toEqual(idsOf('page'));
    expect(rest.pages[0]?.expected).toBe(idsOf('page').length - first.length);
    expect(rest.end.watermark).toEqual({ at: '2026-11-24T12:00:00.000Z' });
  });

  it.each([null, 200])('resumes by ids when Shopify rejects the cursor (newest: %p)', async (newest) => {
    addMany('page', 120);
    shop.shopify.setFault('stale_cursor', 1);
    const { ids } = await readAll('page', { newest });
    expect(ids).toEqual(newest === null ? idsOf('page') : idsOf('page').toReversed());
  });

  it('fetches no page ahead when only one request at once is allowed', async () => {
    addMany('page', 120);
    const session = await shop.open(1);
    for await (const _ of session.readAll({ type: typeOf('page'), ...all })) break;
    expect(shop.shopify.state.requests.filter((request) => request.operation === 'List')).toHaveLength(1);
  });
});

describe('a faulty response', () => {
  it.each([
    ['null_node', null, 'unreadable'],
    ['bare_null', null, 'no_id'],
  ] as const)('with a %s is reported, and the other items are read', async (fault, externalId, code) => {
    shop.shopify.setFault(fault);
    const { ids, faults } = await readAll('article');
    expect(ids).toEqual(['1004']);
    expect(faults).toEqual([{ externalId, code, message: expect.stringMatching(/.{10}/) }]);
  });

  it.each([
    ['spoiled_field', 'metadata.image_url', 'Image service is away.'],
    ['strange_node', 'title', 'The title of the article cannot be read.'],
  ] as const)('with a %s spares the item', async (fault, field, message) => {
    shop.shopify.setFault(fault);
    const { items, faults } = await readAll('article');
    expect(items.map((item) => [item.externalId, item.unread])).toEqual([
      ['1003', [{ field, message }]],
      ['1004', undefined],
    ]);
    expect(faults).toEqual([]);
  });

  it('with endless paging is given up', async () => {
    addMany('page', 120);
    shop.shopify.setFault('endless');
    const reading = readAll('page');
    await expect(reading).rejects.toMatchObject({ code: 'unexpected_answer' });
  });

  it('about the cost of a page leads to smaller pages', async () => {
    const small = await testShop({ maxCost: 130 });
    try {
      for (let number = 0; number < 60; number += 1) small.shopify.add('product');
      const session = await small.open();
      const read = (await readOut(session.readAll({ type: typeOf('product'), ...all }))).items;
      expect(read).toHaveLength(63);
      const ids = read.map((item) => item.externalId);
      expect((await session.read(typeOf('product'), ids)).items).toHaveLength(63);
    } finally {
      await small.stop();
    }
  });

  it('with an error of Shopify leads to a retry', async () => {
    shop.shopify.setFault('errors_only', 1);
    const session = await shop.open();
    shop.shopify.setFault('server_error', 1);
    expect((await readOut(session.readAll({ type: typeOf('page'), ...all }))).items).toHaveLength(2);
  });

  it('about missing scopes is reported with the scopes', async () => {
    shop.shopify.state.app.scopes = ['read_products'];
    const reading = readAll('article');
    await expect(reading).rejects.toMatchObject({
      code: 'missing_scopes',
      message: expect.stringContaining('read_content'),
    });
  });

  it('does not come for an unknown type, which is refused', async () => {
    const reading = readAll('post');
    await expect(reading).rejects.toMatchObject({ code: 'unknown_type' });
  });

  it.each([
    ['gzip_unmarked', 'bad_encoding', false],
    ['gzip_false', 'bad_encoding', false],
    ['body_cut_off', 'cut_off', true],
  ] as const)('with a body that something spoils (%s) is the fault %s', async (spoilt, code, retryable) => {
    const session = await shop.open();
    shop.shopify.setFault(spoilt);
    const reading = readOut(session.readAll({ type: typeOf('page'), newest: null, cursor: null }));
    await expect(reading).rejects.toMatchObject({ code, retryable });
  });
});

describe('a reading of changes', () => {
  it('gives only the items that changed', async () => {
    addMany('product', 60);
    const known = idsOf('product');
    shop.time.pass(2 * 3_600_000);
    shop.shopify.change(1008, { title: 'Shawl' });
    const added = shop.shopify.add('product', { title: 'Gloves', status: 'DRAFT' });
    const { items, end } = await readChanges('product', known);
    expect(items.map((item) => item.title)).toEqual(['Shawl', 'Gloves']);
    expect(end).toEqual({ watermark: { at: '2026-11-24T14:00:00.000Z' }, missing: [] });
    expect(shop.shopify.state.items).toContain(added);
    // The count of known and new items matches, so no item is missing and the ids are not read.
    const lists = shop.shopify.state.requests.filter(({ body }) => body.includes('{ id }'));
    expect(lists).toHaveLength(0);
  });

  it('overlaps, because Shopify’s search finds new items late', async () => {
    shop.time.pass(60_000);
    const { items } = await readChanges('page', idsOf('page'), {
      watermark: { at: '2026-11-24T12:01:00.000Z' },
    });
    expect(items).toHaveLength(2);
  });

  it('reports missing items last, and reads items that are not stored', async () => {
    addMany('article', 600);
    const ids = idsOf('article');
    const gone = [ids[0], ids[300], ids.at(-1)].map(String);
    for (const id of gone) shop.shopify.remove(Number(id));
    // All items are stored except two, which have an old date.
    const known = ids.filter((id) => id !== ids[5] && id !== ids[400]);
    shop.time.pass(2 * 3_600_000);
    const read = await readChanges('article', known);
    expect(read.ids).toEqual([ids[5], ids[400]]);
    expect(read.end.missing).toEqual(gone);
  });

  it('is limited to the newest items', async () => {
    addMany('page', 10);
    const ids = idsOf('page');
    const newest = ids.slice(-5);
    shop.time.pass(2 * 3_600_000);
    shop.shopify.change(Number(ids[0]), { title: 'Too old to be fetched' });
    shop.shopify.change(Number(newest[0]), { title: 'Changed' });
    shop.shopify.remove(Number(newest[2]));
    const read = await readChanges('page', [...newest, String(ids[1])], { newest: 5 });
    // One item was deleted, so the sixth newest is now among the newest five.
    expect(read.ids).toEqual([newest[0], ids.at(-6)]);
    expect(read.end.missing).toEqual([newest[2]]);
  });

  it('reads every item when the watermark is invalid', async () => {
    const { items } = await readChanges('page', [], { watermark: {} });
    expect(items).toHaveLength(2);
  });
});

describe('a reading by ids', () => {
  it('tells existing items from missing ones', async () => {
    const session = await shop.open();
    const outcome = await session.read(typeOf('page'), ['1005', '999', '1003', 'none', '1006']);
    expect(outcome.items.map((item) => item.externalId)).toEqual(['1005', '1006']);
    // 1003 is an article, so there is no page 1003.
    expect(outcome.gone.toSorted()).toEqual(['1003', '999', 'none']);
    expect(outcome.faults).toEqual([]);
  });

  it('does not report items as missing that the app may not see', async () => {
    shop.shopify.setFault('null_node');
    const outcome = await (await shop.open()).read(typeOf('page'), ['1005', '1006']);
    expect(outcome.items.map((item) => item.externalId)).toEqual(['1006']);
    expect(outcome.gone).toEqual([]);
    expect(outcome.faults).toMatchObject([{ externalId: '1005', code: 'unreadable' }]);
  });

  it('reports that the app may not see the items', async () => {
    shop.shopify.state.app.scopes = ['read_products'];
    const reading = (await shop.open()).read(typeOf('page'), ['1005']).then((outcome) => outcome.gone);
    await expect(reading).rejects.toMatchObject({ code: 'missing_scopes' });
  });

  it('stops when the signal aborts', async () => {
    const given = new AbortController();
    const session = await shop.content.open(shop.connection(), testPace(4, given.signal));
    given.abort();
    await expect(session.read(typeOf('page'), ['1005'])).rejects.toThrow();
  });
});
