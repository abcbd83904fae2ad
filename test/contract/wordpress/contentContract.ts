import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { type ContractClient, idsOf, type ShownPost, shifted, unique } from './contractSite.ts';

/** Lists of posts, as a sync reads them. */
export function describeLists(client: () => ContractClient): void {
  describe('lists of posts', () => {
    const word = unique('zebra');
    const posts: ShownPost[] = [];
    let ids: number[] = [];

    beforeAll(async () => {
      const written = [
        { title: `${word} c`, status: 'publish', date_gmt: '2026-02-01T10:00:00', content: 'striped' },
        { title: `${word} a`, status: 'draft', date_gmt: '2026-02-01T10:00:01', slug: `${word}-draft` },
        { title: `${word} b`, status: 'private', date_gmt: '2026-02-01T10:00:02' },
        { title: `${word} d`, status: 'pending', date_gmt: '2026-02-01T10:00:03' },
        { title: `${word} e`, status: 'publish', date_gmt: '2026-02-01T10:00:04' },
      ];
      for (const post of written) posts.push(await client().createPost(post));
      ids = posts.map(({ id }) => id);
    });

    const list = (query: string, as?: 'editor' | 'author' | 'subscriber' | 'connector') =>
      client().get('/wp/v2/posts', `context=edit&search=${word}&_fields=id&${query}`, as);
    const at = (...places: number[]) => places.map((place) => ids[place]);

    it('show published posts by default; `any` means every status but the trash', async () => {
      expect(idsOf(await list('orderby=id&order=asc'))).toEqual(at(0, 4));
      expect(idsOf(await list('orderby=id&order=asc&status=any'))).toEqual(ids);
      expect(idsOf(await list('orderby=id&order=asc&status=draft,private'))).toEqual(at(1, 2));
      const trashed = await client().createPost({ title: `${word} trash` });
      await client().send('DELETE', `/wp/v2/posts/${trashed.id}`);
      expect(idsOf(await list('orderby=id&order=asc&status=any'))).toEqual(ids);
      expect(idsOf(await list('status=trash'))).toEqual([trashed.id]);
      expect(await list('status=nonsense')).toMatchObject({
        status: 400,
        json: { code: 'rest_invalid_param' },
      });
    });

    it('leave out statuses that are excluded from search, unless the request names them', async () => {
      const { id } = await client().createPost({ title: `${word} shelf` });
      await client().site.inAdmin.setStatus(id, 'shelved');
      expect(idsOf(await list('orderby=id&order=asc&status=any'))).toEqual(ids);
      expect(idsOf(await list('orderby=id&order=asc&status=any,shelved'))).toEqual([...ids, id]);
      await client().send('DELETE', `/wp/v2/posts/${id}`, { query: 'force=true' });
    });

    it('are in the namespace of their type, and terms in the namespace of their taxonomy', async () => {
      const mood = await client().send('POST', '/cinema/v1/moods', { body: { name: word } });
      expect(mood).toMatchObject({ status: 201, json: { taxonomy: 'mood' } });
      const moods = [z.object({ id: z.int() }).parse(mood.json).id];
      const batch = await client().send('POST', '/batch/v1', {
        body: {
          requests: [{ method: 'POST', path: '/cinema/v1/films', body: { title: `${word} film`, moods } }],
        },
      });
      expect(batch).toMatchObject({ status: 207, json: { responses: [{ status: 201 }] } });
      const found = await client().get('/cinema/v1/films', `context=edit&status=any&search=${word}`);
      expect(found.json).toMatchObject([{ type: 'film', title: { raw: `${word} film` }, moods }]);
      expect(await client().get('/wp/v2/films')).toMatchObject({
        status: 404,
        json: { code: 'rest_no_route' },
      });
    });

    it.each([
      ['orderby=id&order=desc', [4, 3, 2, 1, 0]],
      ['orderby=date&order=asc', [0, 1, 2, 3, 4]],
      ['', [4, 3, 2, 1, 0]],
      ['orderby=modified&order=asc', [0, 1, 2, 3, 4]],
      ['orderby=title&order=asc', [1, 2, 0, 3, 4]],
    ])('have the order of the request: %s', async (order, places) => {
      expect(idsOf(await list(`status=any&${order}`))).toEqual(at(...places));
    });

    it('come in pages, with the total count', async () => {
      const second = await list('status=any&orderby=id&order=asc&per_page=2&page=2');
      expect(idsOf(second)).toEqual(at(2, 3));
      expect(second.headers.get('x-wp-total')).toBe('5');
      expect(second.headers.get('x-wp-totalpages')).toBe('3');
      expect(idsOf(await list('status=any&orderby=id&order=asc&per_page=2&offset=1'))).toEqual(at(1, 2));
      expect(idsOf(await list('status=any&orderby=id&order=asc&per_page=2&offset=9'))).toEqual([]);
    });

    it('answer an error for a page past the end, but an empty list without posts', async () => {
      expect(await list('status=any&per_page=2&page=4')).toMatchObject({
        status: 400,
        json: { code: 'rest_post_invalid_page_number', data: { status: 400 } },
      });
      const none = await client().get('/wp/v2/posts', `search=${unique('none')}&page=4`);
      expect([none.status, none.json]).toEqual([200, []]);
    });

    it.each([
      'per_page=101',
      'per_page=0',
      'page=0',
      'order=sideways',
      'orderby=nonsense',
      'include=a',
      'modified_after=soon',
    ])('refuse %s', async (query) => {
      expect(await list(query)).toMatchObject({ status: 400, json: { code: 'rest_invalid_param' } });
    });

    it('include and exclude ids, in the order of `include` on request', async () => {
      const [a, b, c] = ids;
      expect(idsOf(await list(`status=any&include=${c},${a}&orderby=include&order=asc`))).toEqual([c, a]);
      expect(idsOf(await list(`status=any&orderby=id&order=asc&exclude=${a},${b}`))).toEqual(at(2, 3, 4));
      expect(await list('orderby=include')).toMatchObject({
        status: 400,
        json: { code: 'rest_orderby_include_missing_include' },
      });
    });

    it('find a slug in every status', async () => {
      const slugs = `${word}-draft,${posts[4]?.slug}`;
      expect(idsOf(await list(`status=any&orderby=id&order=asc&slug=${slugs}`))).toEqual(at(1, 4));
      expect(idsOf(await list(`slug=${slugs}`))).toEqual(at(4));
    });

    it('find posts that have all search words in title or content', async () => {
      expect(idsOf(await client().get('/wp/v2/posts', `search=striped%20${word}&_fields=id`))).toEqual(at(0));
    });

    it.each([0, 5.5, -8])('compare dates strictly, to the second, in local time (UTC%d)', async (hours) => {
      await client().site.setGmtOffset(hours);
      const [, , third] = posts;
      if (third === undefined) throw new Error('The third post is missing.');
      // A post stored before the time zone changed keeps its old local time, which was UTC.
      const offset = '%2B00:00';
      const local = shifted(third.modified_gmt, -hours * 3600);
      const since = async (query: string) => idsOf(await list(`status=any&orderby=id&order=asc&${query}`));
      expect(await since(`modified_after=${third.modified_gmt}`)).toEqual(at(3, 4));
      expect(await since(`modified_after=${local}${offset}`)).toEqual(at(3, 4));
      expect(await since(`modified_after=${shifted(third.modified_gmt, -1)}`)).toEqual(at(2, 3, 4));
      expect(await since(`modified_before=${third.modified_gmt}`)).toEqual(at(0, 1));
      expect(await since(`after=${third.date_gmt}&before=${shifted(third.date_gmt, 2)}`)).toEqual(at(3));
    });
    afterAll(() => client().site.setGmtOffset(0));

    it('give only the requested fields and parts of fields, with embedded terms', async () => {
      const query =
        'per_page=1&_embed=wp:term&_fields=id,title.raw,categories,_links.wp:term,_embedded.wp:term';
      const { json } = await client().get('/wp/v2/posts', `context=edit&search=${word}&${query}`);
      expect(json).toEqual([
        {
          id: ids[4],
          title: { raw: `${word} e` },
          categories: [expect.any(Number)],
          _links: { 'wp:term': expect.any(Array) },
          _embedded: {
            'wp:term': [[expect.objectContaining({ taxonomy: 'category', slug: 'uncategorized' })], []],
          },
        },
      ]);
    });

    it('have raw texts only for editing', async () => {
      const [shown] = [(await client().get('/wp/v2/posts', `search=${word}&_fields=title`)).json].flat();
      expect(shown).toEqual({ title: { rendered: `${word} e` } });
    });

    it('count posts that the user may not edit, but leave them out', async () => {
      const own = await client().createPost({ title: `${word} own`, status: 'publish' }, 'author');
      const seen = await list('status=any&orderby=id&order=asc', 'author');
      expect(idsOf(seen)).toEqual([own.id]);
      expect(seen.headers.get('x-wp-total')).toBe('6');
      expect(await list('status=any', 'subscriber')).toMatchObject({ status: 400 });
    });

    it('work with signed requests', async () => {
      expect(idsOf(await list('status=private', 'connector'))).toEqual(at(2));
    });
  });
}
