import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RemoteTerm } from '../../../src/platforms/remoteContent.ts';
import { typeOf } from '../../support/contentCaller.ts';
import { type TestShop, testShop } from './testShop.ts';

let shop: TestShop;
beforeEach(async () => {
  shop = await testShop();
});
afterEach(() => shop.stop());

function structure() {
  const { readStructure } = shop.platform;
  if (!readStructure) throw new Error('The platform reads no structure.');
  return readStructure(shop.connection());
}

async function terms(slug: string): Promise<RemoteTerm[]> {
  const found: RemoteTerm[] = [];
  for await (const page of (await shop.open()).readTerms(typeOf(slug))) found.push(...page);
  return found;
}

describe('the structure', () => {
  it('has all types, with counts of every status', async () => {
    expect(await structure()).toEqual({
      post_types: {
        article: { label: 'Articles', count: 2, hierarchical: false, taxonomies: ['blog', 'article_tag'] },
        page: { label: 'Pages', count: 2, hierarchical: false, taxonomies: [] },
        product: {
          label: 'Products',
          count: 3,
          hierarchical: false,
          taxonomies: ['product_type', 'product_tag', 'collection'],
        },
        collection: { label: 'Collections', count: 2, hierarchical: false, taxonomies: [] },
      },
      taxonomies: expect.objectContaining({
        blog: { label: 'Blogs', count: 2, hierarchical: false, post_types: ['article'] },
        article_tag: { label: 'Article tags', count: 2, hierarchical: false, post_types: ['article'] },
        product_type: { label: 'Product types', count: 2, hierarchical: false, post_types: ['product'] },
        product_tag: { label: 'Product tags', count: 1, hierarchical: false, post_types: ['product'] },
        collection: { label: 'Collections', count: 2, hierarchical: false, post_types: ['product'] },
        publication: expect.objectContaining({ label: 'Publications', count: 2 }),
        product_metafield: expect.objectContaining({ count: 1, post_types: ['product'] }),
      }),
      plugin_connection_enabled: true,
      two_way_sync_enabled: true,
      timestamp: '2026-11-24T12:00:00.000Z',
    });
  });

  it('leaves out types that the app may not see, and reports that the app cannot write', async () => {
    shop.shopify.state.app.scopes = ['read_content', 'read_products'];
    const read = await structure();
    expect(Object.keys(read.taxonomies)).not.toContain('publication');
    expect(read.two_way_sync_enabled).toBe(false);
  });

  it('names the scopes that it needs', async () => {
    shop.shopify.state.app.scopes = ['read_products'];
    await expect(structure()).rejects.toMatchObject({ code: 'missing_scopes', detail: 'read_content' });
  });
});

describe('terms', () => {
  it('have ids, slugs, names, and counts if Shopify counts them', async () => {
    const base = { parentExternalId: null };
    expect(await terms('blog')).toEqual([
      { ...base, externalId: '11', slug: 'news', name: 'News', count: 1 },
      { ...base, externalId: '12', slug: 'recipes', name: 'Recipes', count: 1 },
    ]);
    expect(await terms('article_tag')).toEqual([
      { ...base, externalId: 'Shop', slug: 'shop', name: 'Shop', count: 0 },
      { ...base, externalId: 'good news', slug: 'good-news', name: 'good news', count: 0 },
    ]);
    expect(await terms('collection')).toEqual([
      { ...base, externalId: '1001', slug: 'summer', name: 'Summer', count: 1 },
      { ...base, externalId: '1002', slug: 'all-wool', name: 'All wool', count: 0 },
    ]);
    expect(await terms('product_metafield')).toEqual([
      { ...base, externalId: '31', slug: 'custom.material', name: 'Material', count: 0 },
    ]);
    expect((await terms('publication')).map((term) => term.slug)).toEqual(['online-store', 'point-of-sale']);
  });

  it('come in pages, without a gap', async () => {
    for (let number = 0; number < 600; number += 1)
      shop.shopify.add('product', { tags: [`tag ${number}`], productType: `type ${number}` });
    expect(await terms('product_tag')).toHaveLength(601);
    expect(await terms('product_type')).toHaveLength(602);
  });

  it('beyond the most that one request gives are told to be missing', async () => {
    for (let number = 0; number < 997; number += 1) shop.shopify.add('article', { tags: [`tag ${number}`] });
    expect(await terms('article_tag')).toHaveLength(999);
    shop.shopify.add('article', { tags: ['one more'] });
    const limit = { code: 'incomplete_list', message: expect.stringContaining('read 1000 of 1000 or more') };
    await expect(terms('article_tag')).rejects.toMatchObject(limit);
    expect((await structure()).taxonomies.article_tag).toMatchObject({ count: 1_000 });
  });

  it.each(['blog', 'collection'])('of %s that a list lacks are told to be missing', async (taxonomy) => {
    shop.shopify.setFault('items_left_out');
    const lacking = { code: 'incomplete_list', message: expect.stringContaining('read 1 of 2') };
    await expect(terms(taxonomy)).rejects.toMatchObject(lacking);
  });

  it('without a usable id are told to be missing, and a title that is no text is noted', async () => {
    shop.shopify.setFault('bare_null');
    const lacking = { code: 'incomplete_list', message: expect.stringContaining('read 1 of 2') };
    await expect(terms('collection')).rejects.toMatchObject(lacking);
    shop.shopify.clearFaults();
    shop.shopify.setFault('strange_node');
    const [first] = await terms('collection');
    expect(first).toMatchObject({
      externalId: '1001',
      slug: 'summer',
      name: 'summer',
      unread: [{ field: 'name', message: 'The title is not a text.' }],
    });
  });

  it('of an unknown taxonomy are an empty list', async () => {
    expect(await terms('category')).toEqual([]);
  });
});
