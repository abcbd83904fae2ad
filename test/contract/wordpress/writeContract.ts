import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ContractClient, idsOf, shifted, unique } from './contractSite.ts';

/** Writing posts: the requests that a sync sends, and what WordPress stores. */
export function describeWrites(client: () => ContractClient): void {
  describe('creating a post', () => {
    it('returns the whole post for editing, and its address', async () => {
      const title = unique('Brücke & Söhne ');
      const { status, headers, json } = await client().send('POST', '/wp/v2/posts', {
        body: { title, content: '<p>One</p>', excerpt: 'Two', status: 'publish' },
      });
      expect(status).toBe(201);
      expect(headers.get('location')).toMatch(/wp\/v2\/posts\/\d+$/);
      expect(json).toMatchObject({
        id: expect.any(Number),
        type: 'post',
        status: 'publish',
        slug: title.replace('Brücke & Söhne ', 'brucke-sohne-'),
        title: { raw: title },
        content: { raw: '<p>One</p>' },
        excerpt: { raw: 'Two' },
        author: await client().me('editor'),
        featured_media: 0,
        categories: [expect.any(Number)],
        tags: [],
      });
    });

    it('shows by `content.protected` that visitors need a password', async () => {
      const { id } = await client().createPost({ title: 'Guarded', status: 'publish', password: 'sesame' });
      const fields = 'context=edit&_fields=content.protected,content.raw,title.raw';
      const { json } = await client().get(`/wp/v2/posts/${id}`, fields);
      expect(json).toEqual({ title: { raw: 'Guarded' }, content: { raw: '', protected: true } });
      await client().changePost(id, { password: '' });
      expect((await client().get(`/wp/v2/posts/${id}`, fields)).json).toMatchObject({
        content: { protected: false },
      });
    });

    it('takes texts also as {raw}, and returns only the requested fields', async () => {
      const { status, json } = await client().send('POST', '/wp/v2/posts', {
        body: { title: { raw: 'Raw' }, content: { raw: 'Text' } },
        query: '_fields=status,title.raw,content.raw',
      });
      expect(status).toBe(201);
      expect(json).toEqual({ status: 'draft', title: { raw: 'Raw' }, content: { raw: 'Text' } });
    });

    it('makes slugs unique in the type, the trash included; a draft has a slug only when given', async () => {
      const slug = unique('slug-');
      const first = await client().createPost({ title: 'x', slug, status: 'publish' });
      const second = await client().createPost({ title: 'x', slug, status: 'publish' });
      const draft = await client().createPost({ title: slug });
      const given = await client().createPost({ title: 'x', slug, status: 'draft' });
      const careless = await client().createPost({ title: 'x', slug });
      const page = await client().createPost({ title: 'x', slug, status: 'publish' }, 'editor', 'pages');
      expect([first, second, draft, given, careless, page].map((post) => post.slug)).toEqual([
        slug,
        `${slug}-2`,
        '',
        `${slug}-3`,
        // Without a status in the request WordPress does not make the slug unique: two posts have the same.
        slug,
        slug,
      ]);
      expect((await client().changePost(draft.id, { status: 'publish' })).slug).toBe(`${slug}-4`);
    });

    it('makes the slug of the title, or of a text that is sent as the slug', async () => {
      const word = unique('w');
      const slugs = async (text: string) => {
        const titled = await client().createPost({ title: `${text} ${word}`, status: 'publish' });
        const named = await client().createPost({ title: 'x', slug: `${text} ${word}`, status: 'draft' });
        return [titled.slug, named.slug];
      };
      const twice = (slug: string) => [`${slug}-${word}`, `${slug}-${word}-2`];
      expect(await slugs('Største nyheder på Ærø')).toEqual(twice('storste-nyheder-pa-aero'));
      expect(await slugs('Привет, МИР')).toEqual(
        twice('%d0%bf%d1%80%d0%b8%d0%b2%d0%b5%d1%82-%d0%bc%d0%b8%d1%80'),
      );
      expect(await slugs('Łódź – 5 × 7/8 “já” ẞß… <b>x</b> 100% &amp; v2.0')).toEqual(
        twice('lodz-5-x-7-8-ja-%c3%9fs-x-100-v2-0'),
      );
      expect(await slugs('हिन्दी 🎉')).toEqual(
        twice('%e0%a4%b9%e0%a4%bf%e0%a4%a8%e0%a5%8d%e0%a4%a6%e0%a5%80-%f0%9f%8e%89'),
      );
    });

    it('cuts a slug at 200 bytes between letters, also to add a number', async () => {
      const title = `${unique('c')} ${'ж'.repeat(60)}`;
      const create = () => client().createPost({ title, slug: title, status: 'publish' });
      const [first, second] = [await create(), await create()];
      expect(first.slug).toMatch(/^c\w+-(%d0%b6)+$/);
      expect(first.slug.length).toBeGreaterThan(194);
      expect(second.slug).toBe(`${first.slug.slice(0, first.slug.length > 198 ? -6 : 200)}-2`);
      const found = await client().get('/wp/v2/posts', `slug=${decodeURIComponent(second.slug)}`);
      expect(idsOf(found)).toEqual([second.id]);
    });

    it('takes the id as the slug if nothing of the title is left', async () => {
      const create = (status: string, base = 'posts') =>
        client().createPost({ title: '?!', slug: '?!', status }, 'editor', base);
      const [post, draft, page] = [
        await create('publish'),
        await create('draft'),
        await create('publish', 'pages'),
      ];
      // With readable addresses, a number could also be that of a part of a list.
      expect(post.slug).toMatch(new RegExp(`^${post.id}(-2)?$`));
      expect([draft.slug, page.slug]).toEqual(['', `${page.id}-2`]);
    });

    it('makes the slug of a page unique among its siblings', async () => {
      const slug = unique('page-');
      const create = (parent: number) =>
        client().createPost({ title: 'x', slug, status: 'publish', parent }, 'editor', 'pages');
      const top = await create(0);
      const child = await create(top.id);
      const sibling = await create(top.id);
      expect([top.slug, child.slug, sibling.slug]).toEqual([slug, slug, `${slug}-2`]);
      expect(child.parent).toBe(top.id);
    });

    it('schedules a post with a future date, and publishes a post with a past date', async () => {
      const now = new Date().toISOString().slice(0, 19);
      const future = { title: 'x', status: 'publish', date_gmt: shifted(now, 3600) };
      expect((await client().createPost(future)).status).toBe('future');
      const past = { title: 'x', status: 'future', date_gmt: shifted(now, -3600) };
      expect((await client().createPost(past)).status).toBe('publish');
    });

    it('sets the modification date of a backdated post to its date', async () => {
      const post = await client().createPost({
        title: 'x',
        status: 'draft',
        date_gmt: '2020-01-02T03:04:05',
      });
      expect(post).toMatchObject({ date_gmt: '2020-01-02T03:04:05', modified_gmt: '2020-01-02T03:04:05' });
      const touched = await client().changePost(post.id, {});
      expect(touched.date_gmt).toBe('2020-01-02T03:04:05');
      expect(touched.modified_gmt > '2026').toBe(true);
    });

    it('reads `date` as local time, and respects an offset in it', async () => {
      await client().site.setGmtOffset(2);
      const create = (date: object) => client().createPost({ title: 'x', status: 'publish', ...date });
      expect(await create({ date: '2026-01-02T03:04:05' })).toMatchObject({
        date: '2026-01-02T03:04:05',
        date_gmt: '2026-01-02T01:04:05',
      });
      expect(await create({ date: '2026-01-02T03:04:05+05:00' })).toMatchObject({
        date: '2026-01-02T00:04:05',
        date_gmt: '2026-01-01T22:04:05',
      });
      expect(await create({ date_gmt: '2026-01-02T03:04:05' })).toMatchObject({
        date: '2026-01-02T05:04:05',
        date_gmt: '2026-01-02T03:04:05',
      });
    });
    afterAll(() => client().site.setGmtOffset(0));

    it.each([
      ['an empty post', {}, 'empty_content'],
      ['an unknown status', { title: 'x', status: 'nonsense' }, 'rest_invalid_param'],
      ['the trash as status', { title: 'x', status: 'trash' }, 'rest_invalid_param'],
      ['an unknown author', { title: 'x', author: 2_000_000_000 }, 'rest_invalid_author'],
      ['a malformed date', { title: 'x', date: 'soon' }, 'rest_invalid_param'],
      ['categories that are not ids', { title: 'x', categories: ['news'] }, 'rest_invalid_param'],
      ['an id', { title: 'x', id: 1 }, 'rest_post_exists'],
    ])('refuses %s', async (_, body, code) => {
      expect(await client().send('POST', '/wp/v2/posts', { body })).toMatchObject({
        status: 400,
        json: { code, data: { status: 400 } },
      });
    });

    it('refuses a parent that does not exist, and malformed JSON', async () => {
      const body = { title: 'x', parent: 2_000_000_000 };
      expect(await client().send('POST', '/wp/v2/pages', { body })).toMatchObject({
        status: 400,
        json: { code: 'rest_post_invalid_id' },
      });
      const broken = {
        body: Buffer.from('{"title":'),
        headers: { 'Content-Type': 'application/json' },
      };
      expect(await client().send('POST', '/wp/v2/posts', broken)).toMatchObject({
        status: 400,
        json: { code: 'rest_invalid_json' },
      });
    });

    it('ignores terms and featured images that do not exist', async () => {
      const body = {
        title: 'x',
        categories: [2_000_000_000],
        tags: [2_000_000_000],
        featured_media: 2_000_000_000,
      };
      expect(await client().createPost(body)).toMatchObject({ categories: [], tags: [], featured_media: 0 });
    });

    it('is refused to nobody and to subscribers; authors create their own posts, and no pages', async () => {
      const body = { title: 'x', status: 'publish' };
      for (const [as, status] of [
        ['nobody', 401],
        ['subscriber', 403],
      ] as const) {
        expect(await client().send('POST', '/wp/v2/posts', { body, as })).toMatchObject({
          status,
          json: { code: 'rest_cannot_create' },
        });
      }
      const author = await client().me('author');
      expect(await client().createPost(body, 'author')).toMatchObject({ author, status: 'publish' });
      expect(await client().send('POST', '/wp/v2/pages', { body, as: 'author' })).toMatchObject({
        status: 403,
        json: { code: 'rest_cannot_create' },
      });
      const other = { ...body, author: await client().me('editor') };
      expect(await client().send('POST', '/wp/v2/posts', { body: other, as: 'author' })).toMatchObject({
        status: 403,
        json: { code: 'rest_cannot_edit_others' },
      });
    });

    it('drops iframe and script tags when the user is not an editor', async () => {
      const content = '<p>a</p><iframe src="https://example.com/"></iframe><script>b</script>';
      const body = { title: 'c & d', content };
      expect(await client().createPost(body)).toMatchObject({
        content: { raw: content },
        title: { raw: 'c & d' },
      });
      expect(await client().createPost(body, 'author')).toMatchObject({
        content: { raw: '<p>a</p>b' },
        title: { raw: 'c &amp; d' },
      });
    });
  });

  describe('meta of a post', () => {
    const create = (meta: object) => client().createPost({ title: 'x', meta });

    it('is stored for registered keys only, and shown even when unset', async () => {
      expect((await create({})).meta).toMatchObject({ subtitle: '', rating: 0 });
      const post = await create({ subtitle: 'Deep', rating: '4', nobody_knows: 'x' });
      expect(post.meta).toMatchObject({ subtitle: 'Deep', rating: 4 });
      expect(post.meta).not.toHaveProperty('nobody_knows');
      expect((await client().changePost(post.id, { meta: { rating: null } })).meta).toMatchObject({
        subtitle: 'Deep',
        rating: 0,
      });
    });

    it('of the wrong type is refused, after the post is stored', async () => {
      const slug = unique('stored-');
      const body = { title: 'x', slug, status: 'publish', meta: { subtitle: 'first', rating: 'four' } };
      expect(await client().send('POST', '/wp/v2/posts', { body })).toMatchObject({
        status: 400,
        json: { code: 'rest_invalid_type' },
      });
      const { json } = await client().get('/wp/v2/posts', `slug=${slug}&_fields=slug,status,meta.subtitle`);
      expect(json).toEqual([{ slug, status: 'publish', meta: { subtitle: 'first' } }]);
    });
  });

  describe('changing a post', () => {
    it('keeps absent fields, by POST, PUT and PATCH', async () => {
      const post = await client().createPost({ title: 'a', content: 'b', excerpt: 'c', status: 'publish' });
      for (const method of ['POST', 'PUT', 'PATCH']) {
        const { status, json } = await client().send(method, `/wp/v2/posts/${post.id}`, {
          body: { title: method },
        });
        expect(status).toBe(200);
        expect(json).toMatchObject({
          title: { raw: method },
          content: { raw: 'b' },
          excerpt: { raw: 'c' },
          slug: post.slug,
          status: 'publish',
          date_gmt: post.date_gmt,
        });
      }
    });

    it('sets the modification date even without a change; terms and meta set by tools do not', async () => {
      const old = { title: 'x', status: 'publish', date_gmt: '2021-01-01T00:00:00' };
      const post = await client().createPost(old);
      await client().site.inAdmin.setTerms(post.id, 'category', []);
      await client().site.inAdmin.setMeta(post.id, 'subtitle', 'by a tool');
      const set = await client().readPost(post.id);
      expect(set).toMatchObject({ categories: [], modified_gmt: '2021-01-01T00:00:00' });
      expect(set.meta).toMatchObject({ subtitle: 'by a tool' });
      const touched = await client().changePost(post.id, {});
      expect(touched.modified_gmt > '2026').toBe(true);
      // WordPress gives a saved post without categories the default category.
      expect(touched.categories).toHaveLength(1);
    });

    it('gives a draft without a date the date of its last save', async () => {
      const draft = await client().createPost({ title: 'x' });
      const now = Date.now();
      expect(Math.abs(Date.parse(`${draft.date_gmt}Z`) - now)).toBeLessThan(120_000);
      const dated = await client().changePost(draft.id, { date_gmt: '2022-01-01T00:00:00' });
      expect(dated.date_gmt).toBe('2022-01-01T00:00:00');
      expect((await client().changePost(draft.id, { title: 'y' })).date_gmt).toBe('2022-01-01T00:00:00');
      const floating = await client().changePost(draft.id, { date: null });
      expect(Math.abs(Date.parse(`${floating.date_gmt}Z`) - now)).toBeLessThan(120_000);
    });

    it('changes status, slug, author and terms', async () => {
      const post = await client().createPost({ title: unique('Title '), status: 'publish' });
      const slug = unique('new-');
      const author = await client().me('author');
      expect(await client().changePost(post.id, { slug, author, status: 'private' })).toMatchObject({
        slug,
        author,
        status: 'private',
      });
      expect(await client().changePost(post.id, { status: 'draft' })).toMatchObject({
        slug,
        status: 'draft',
      });
      expect(await client().changePost(post.id, { categories: [] })).toMatchObject({ categories: [] });
    });

    it('is refused without the permission', async () => {
      const { id } = await client().createPost({ title: 'x', status: 'publish' });
      for (const [as, status] of [
        ['nobody', 401],
        ['subscriber', 403],
        ['author', 403],
      ] as const) {
        for (const [method, code] of [
          ['POST', 'rest_cannot_edit'],
          ['DELETE', 'rest_cannot_delete'],
        ] as const) {
          expect(await client().send(method, `/wp/v2/posts/${id}`, { body: {}, as })).toMatchObject({
            status,
            json: { code },
          });
        }
      }
      expect(await client().send('POST', '/wp/v2/posts/2000000000', { body: {} })).toMatchObject({
        status: 404,
        json: { code: 'rest_post_invalid_id' },
      });
    });
  });

  describe('deleting a post', () => {
    it('moves the post to the trash under another slug, and restoring brings it back unchanged', async () => {
      const slug = unique('trash-');
      const post = await client().createPost({ title: 'x', slug, status: 'private' });
      const { status, json } = await client().send('DELETE', `/wp/v2/posts/${post.id}`);
      expect(status).toBe(200);
      expect(json).toMatchObject({ id: post.id, status: 'trash', slug: `${slug}__trashed` });
      expect(await client().send('DELETE', `/wp/v2/posts/${post.id}`)).toMatchObject({
        status: 410,
        json: { code: 'rest_already_trashed' },
      });
      await client().site.inAdmin.untrash(post.id);
      expect(await client().readPost(post.id)).toMatchObject({ status: 'private', slug });
    });

    it('frees the slug, and an update takes the post out of the trash', async () => {
      const slug = unique('freed-');
      const post = await client().createPost({ title: 'x', slug, status: 'publish' });
      await client().send('DELETE', `/wp/v2/posts/${post.id}`);
      expect((await client().createPost({ title: 'x', slug, status: 'publish' })).slug).toBe(slug);
      expect(await client().changePost(post.id, { status: 'publish' })).toMatchObject({
        status: 'publish',
        slug: `${slug}-2`,
      });
    });

    it('permanently leaves nothing', async () => {
      const post = await client().createPost({ title: 'x' });
      const { status, json } = await client().send('DELETE', `/wp/v2/posts/${post.id}`, {
        query: 'force=true',
      });
      expect(status).toBe(200);
      expect(json).toMatchObject({ deleted: true, previous: { id: post.id, title: { raw: 'x' } } });
      expect(await client().get(`/wp/v2/posts/${post.id}`, 'context=edit')).toMatchObject({ status: 404 });
    });
  });

  describe('a write', () => {
    let id = 0;
    beforeAll(async () => {
      ({ id } = await client().createPost({ title: 'x' }));
    });

    it('may be signed', async () => {
      const post = await client().changePost(id, { title: 'signed' }, 'connector');
      expect(post.title.raw).toBe('signed');
    });

    it('may have its parameters in the query', async () => {
      const { json } = await client().send('POST', `/wp/v2/posts/${id}`, {
        query: 'title=query&_fields=title.raw',
      });
      expect(json).toEqual({ title: { raw: 'query' } });
    });
  });
}
