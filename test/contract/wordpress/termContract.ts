import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { siteWebhook, termsWebhook } from '../../../src/platforms/wordpress/webhooks/bodies.ts';
import { type ContractClient, idsOf, unique } from './contractSite.ts';

const shownTerm = z.object({
  id: z.int(),
  name: z.string(),
  slug: z.string(),
  taxonomy: z.string(),
  count: z.int(),
  parent: z.int().optional(),
});

/** Terms of every taxonomy. */
export function describeTerms(client: () => ContractClient): void {
  describe('terms', () => {
    const word = unique('giraffe');

    async function create(body: object, base = 'categories') {
      const { status, json } = await client().send('POST', `/wp/v2/${base}`, { body });
      if (status !== 201) throw new Error(`HTTP ${status}: ${JSON.stringify(json)}`);
      return shownTerm.parse(json);
    }

    it('get a slug from their name, and keep their name as HTML', async () => {
      expect(await create({ name: `${word} Salt & <Pepper` })).toMatchObject({
        name: `${word} Salt &amp; &lt;Pepper`,
        slug: `${word}-salt-pepper`,
        taxonomy: 'category',
        count: 0,
        parent: 0,
      });
      const tag = await create({ name: `${word} Ünï`, description: 'd' }, 'tags');
      expect(tag).toMatchObject({ slug: `${word}-uni`, taxonomy: 'post_tag' });
      expect(tag).not.toHaveProperty('parent');
    });

    it('are found by a text in other letters than those of their slug', async () => {
      const made = await create({ name: `${word} Погода`, slug: `${word}-погода` });
      expect(made.slug).toBe(`${word}-%d0%bf%d0%be%d0%b3%d0%be%d0%b4%d0%b0`);
      for (const text of [`${word.toUpperCase()}-Погода`, made.slug]) {
        const found = await client().get('/wp/v2/categories', `slug=${encodeURIComponent(text)}`);
        expect(idsOf(found)).toEqual([made.id]);
      }
      const other = await create({ name: `${word} another`, slug: `${word}-Погода` });
      expect(other.slug).toBe(`${made.slug}-2`);
    });

    it('exist once on each level; the error names the existing term', async () => {
      const name = unique('Twin ');
      const top = await create({ name });
      expect(await client().send('POST', '/wp/v2/categories', { body: { name } })).toMatchObject({
        status: 400,
        json: { code: 'term_exists', data: { status: 400, term_id: top.id } },
      });
      const child = await create({ name, parent: top.id });
      expect(child).toMatchObject({ parent: top.id, slug: `${top.slug}-${top.slug}` });
      // A term with another name but a taken slug gets a numbered slug.
      expect(await create({ name: `${name} b`, slug: top.slug })).toMatchObject({ slug: `${top.slug}-2` });
      expect(await create({ name, slug: unique('other-') })).toMatchObject({ name });
      const tag = await create({ name }, 'tags');
      expect(tag.slug).toBe(top.slug);
      expect(await client().send('POST', '/wp/v2/tags', { body: { name } })).toMatchObject({
        status: 400,
        json: { code: 'term_exists', data: { term_id: tag.id } },
      });
    });

    it.each([
      ['categories', {}, 'rest_missing_callback_param'],
      ['categories', { name: 'x', parent: 2_000_000_000 }, 'rest_term_invalid'],
      ['tags', { name: 'x', parent: 1 }, 'rest_taxonomy_not_hierarchical'],
    ])('in %s refuse %j', async (base, body, code) => {
      expect(await client().send('POST', `/wp/v2/${base}`, { body })).toMatchObject({
        status: 400,
        json: { code },
      });
    });

    it('are in webhooks as in the REST API, and the server accepts these webhooks', async () => {
      const parent = await create({ name: `${unique('Salt ')} & pepper` });
      const child = await create({ name: unique('Below '), parent: parent.id });
      const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const ofParent: unknown = JSON.parse(await client().site.termMessage('category', parent.id, ''));
      expect(ofParent).toEqual({
        taxonomy: 'category',
        external_id: String(parent.id),
        slug: parent.slug,
        name: parent.name.replace('&amp;', '&'),
        at: time,
      });
      const ofChild: unknown = JSON.parse(await client().site.termMessage('category', child.id, 'before'));
      expect(ofChild).toEqual({
        taxonomy: 'category',
        external_id: String(child.id),
        slug: child.slug,
        name: child.name,
        parent_external_id: String(parent.id),
        was: { slug: 'before' },
        at: time,
      });
      const ofSite: unknown = JSON.parse(await client().site.siteMessage());
      expect(ofSite).toEqual({
        home: client().site.url,
        site_url: client().site.url,
        name: expect.any(String),
        permalink_structure: expect.any(String),
        time_zone: expect.stringMatching(/^[+-]\d\d:\d\d$/),
        at: time,
      });
      for (const message of [ofParent, ofChild])
        expect(termsWebhook.safeParse(message)).toMatchObject({ success: true });
      expect(siteWebhook.safeParse(ofSite)).toMatchObject({ success: true });
    });

    it('can be created by authors only in flat taxonomies', async () => {
      const send = (base: string, as: 'author' | 'subscriber') =>
        client().send('POST', `/wp/v2/${base}`, { body: { name: unique('a-') }, as });
      expect(await send('tags', 'author')).toMatchObject({ status: 201 });
      for (const answer of [await send('categories', 'author'), await send('tags', 'subscriber')]) {
        expect(answer).toMatchObject({ status: 403, json: { code: 'rest_cannot_create' } });
      }
    });

    it('can change, but get no taken slug and no loop of parents', async () => {
      const parent = await create({ name: unique('p-') });
      const child = await create({ name: unique('c-'), parent: parent.id });
      const change = (id: number, body: object) => client().send('POST', `/wp/v2/categories/${id}`, { body });
      const name = unique('renamed-');
      expect(await change(child.id, { name })).toMatchObject({
        status: 200,
        json: { name, slug: child.slug, parent: parent.id },
      });
      expect(await change(parent.id, { slug: child.slug })).toMatchObject({
        status: 500,
        json: { code: 'duplicate_term_slug' },
      });
      expect(await change(parent.id, { parent: child.id })).toMatchObject({
        status: 200,
        json: { parent: 0 },
      });
      expect(await change(2_000_000_000, { name })).toMatchObject({
        status: 404,
        json: { code: 'rest_term_invalid' },
      });
    });

    it('are deleted permanently: children move up, posts lose the term', async () => {
      const top = await create({ name: unique('t-') });
      const middle = await create({ name: unique('m-'), parent: top.id });
      const bottom = await create({ name: unique('b-'), parent: middle.id });
      const post = await client().createPost({ title: 'x', status: 'publish', categories: [middle.id] });
      const path = `/wp/v2/categories/${middle.id}`;
      expect(await client().send('DELETE', path)).toMatchObject({
        status: 501,
        json: { code: 'rest_trash_not_supported' },
      });
      expect(await client().send('DELETE', path, { query: 'force=true' })).toMatchObject({
        status: 200,
        json: { deleted: true, previous: { id: middle.id, count: 1 } },
      });
      expect(await client().get(path)).toMatchObject({ status: 404, json: { code: 'rest_term_invalid' } });
      expect(await client().get(`/wp/v2/categories/${bottom.id}`)).toMatchObject({
        json: { parent: top.id },
      });
      expect((await client().readPost(post.id)).categories).toEqual([1]);
      expect(await client().send('DELETE', '/wp/v2/categories/1', { query: 'force=true' })).toMatchObject({
        status: 403,
        json: { code: 'rest_cannot_delete' },
      });
    });
  });

  describe('lists of terms', () => {
    const word = unique('lion');
    let ids: number[] = [];
    beforeAll(async () => {
      for (const [name, parentAt] of [
        ['b', null],
        ['a', null],
        ['c', 0],
      ] as const) {
        const parent = parentAt === null ? {} : { parent: ids[parentAt] };
        const { json } = await client().send('POST', '/wp/v2/categories', {
          body: { name: `${word} ${name}`, ...parent },
        });
        ids = [...ids, shownTerm.parse(json).id];
      }
      await client().createPost({ title: 'x', status: 'publish', categories: [ids[0]] });
      await client().createPost({ title: 'x', status: 'draft', categories: [ids[1]] });
    });

    const list = (query: string) => client().get('/wp/v2/categories', `search=${word}&${query}`);
    const at = (...places: number[]) => places.map((place) => ids[place]);

    it('are ordered by name, or as the request asks', async () => {
      expect(idsOf(await list(''))).toEqual(at(1, 0, 2));
      expect(idsOf(await list('orderby=id&order=asc'))).toEqual(ids);
      expect(idsOf(await list('orderby=id&order=desc'))).toEqual(at(2, 1, 0));
    });

    it('come in pages; past the end they are empty', async () => {
      const second = await list('orderby=id&per_page=2&page=2');
      expect(idsOf(second)).toEqual(at(2));
      expect([second.headers.get('x-wp-total'), second.headers.get('x-wp-totalpages')]).toEqual(['3', '2']);
      expect(await list('per_page=2&page=3')).toMatchObject({ status: 200, json: [] });
      // Only flat taxonomies support an offset.
      expect(idsOf(await list('orderby=id&per_page=2&offset=1'))).toEqual(at(0, 1));
      const tags = async (query: string) => idsOf(await client().get('/wp/v2/tags', `orderby=id&${query}`));
      const [first, fromSecond] = [await tags('per_page=2'), await tags('per_page=1&offset=1')];
      expect(fromSecond).toEqual(first.slice(1));
      expect(await list('per_page=101')).toMatchObject({ status: 400, json: { code: 'rest_invalid_param' } });
    });

    it('filter by slug, parent and use, and count only published posts', async () => {
      expect(idsOf(await list(`slug=${word}-c`))).toEqual(at(2));
      expect(idsOf(await list(`parent=${ids[0]}`))).toEqual(at(2));
      expect(idsOf(await list('parent=0'))).toEqual(at(1, 0));
      expect(idsOf(await list('hide_empty=true'))).toEqual(at(0));
      expect((await list('orderby=id&_fields=id,count')).json).toEqual([
        { id: ids[0], count: 1 },
        { id: ids[1], count: 0 },
        { id: ids[2], count: 0 },
      ]);
    });
  });
}
