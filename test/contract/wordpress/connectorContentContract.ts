import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { contentKey } from '../../support/identity.ts';
import { type ContractClient, type ShownPost, unique, type Who } from './contractSite.ts';

const HASH = /^[0-9a-f]{16}$/;
const item = z
  .object({
    id: z.int(),
    status: z.string(),
    hash: z.string(),
    content_key: z.uuid().nullable(),
    content_id: z.int().nullable(),
  })
  .loose();
const page = z.object({
  items: z.array(item),
  forbidden: z.array(z.int()),
  next_after_id: z.int().nullable(),
  total: z.int(),
});
const given = z.object({ items: z.array(item), forbidden: z.array(z.int()), gone: z.array(z.int()) });
const ranges = z.object({
  size: z.int(),
  total: z.int(),
  ranges: z.array(z.tuple([z.int(), z.int(), z.string()])),
});
const inRanges = z.object({ size: z.int(), items: z.array(z.tuple([z.int(), z.string()])) });
const put = z.object({
  created: z.boolean(),
  item,
  notes: z.array(z.object({ code: z.string(), message: z.string() })),
});

/** The last content id that a test used. Starting from the time keeps ids of earlier runs apart. */
let lastContentId = Math.floor(Date.now() / 1000);
const newContentId = () => ++lastContentId;

/** The connector's own content routes. Since version 0.4.0 the connector identifies contents by key. */
export function describeConnectorContent(client: () => ContractClient): void {
  const get = (route: string, query: string, as: Who = 'connector') =>
    client().get(`/sitebridge/v1/${route}`, query, as);
  const write = (contentId: number, body: object, as: Who = 'connector') =>
    client().send('POST', `/sitebridge/v1/items/${contentKey(contentId)}`, {
      body: { type: 'post', op_id: randomUUID(), id: null, expected_hash: null, ...body },
      as,
    });
  const texts = { title: 'T', slug: '', content: '<p>C</p>', excerpt: 'E', terms: [] };

  async function written(contentId: number, body: object, status: number) {
    const answer = await write(contentId, { ...texts, ...body });
    if (answer.status !== status) throw new Error(`HTTP ${answer.status}: ${JSON.stringify(answer.json)}`);
    return put.parse(answer.json);
  }
  async function itemOf(id: number, type = 'post') {
    return given.parse((await get('items', `type=${type}&include=${id}`)).json).items[0];
  }

  describe('the connector’s items', () => {
    let posts: ShownPost[] = [];
    beforeAll(async () => {
      for (const status of ['publish', 'draft', 'private']) {
        const body = { title: `A & b ${status}`, excerpt: 'e', status, meta: { subtitle: 's' } };
        posts = [...posts, await client().createPost(body)];
      }
    });

    it('have the raw values that core REST shows', async () => {
      for (const post of posts) {
        const shown = await itemOf(post.id);
        expect(shown).toEqual({
          id: post.id,
          type: 'post',
          status: post.status,
          slug: post.slug,
          link: post.link,
          title: post.title.raw,
          content: post.content.raw,
          excerpt: post.excerpt.raw,
          protected: false,
          author: post.author,
          date_gmt: post.date_gmt,
          modified_gmt: post.modified_gmt,
          parent: 0,
          featured_media: 0,
          terms: [{ taxonomy: 'category', slug: 'uncategorized', name: 'Uncategorized' }],
          meta: expect.objectContaining({ subtitle: 's', rating: 0 }),
          built_with: null,
          content_key: null,
          content_id: null,
          hash: expect.stringMatching(HASH),
        });
      }
    });

    it('say whether a post has a password, which changes its hash and no other', async () => {
      const { id } = await client().createPost({ title: 'Guarded', status: 'publish' });
      const open = await itemOf(id);
      await client().changePost(id, { password: 'sesame' });
      const guarded = await itemOf(id);
      expect(guarded).toMatchObject({ status: 'publish', protected: true });
      expect(JSON.stringify(guarded)).not.toContain('sesame');
      expect(guarded?.hash).not.toBe(open?.hash);
      await client().changePost(id, { password: '' });
      expect(await itemOf(id)).toMatchObject({ protected: false });
    });

    it('come in pages by id, complete and in the order of ids', async () => {
      const seen: number[] = [];
      let after: number | null = 0;
      let total = -1;
      while (after !== null) {
        const answer = page.parse((await get('items', `type=post&after_id=${after}&limit=3`)).json);
        expect(answer.items.length).toBeLessThanOrEqual(3);
        seen.push(...answer.items.map(({ id }) => id));
        after = answer.next_after_id;
        total = answer.total;
      }
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      expect(seen).toHaveLength(total);
      expect(seen).toEqual(expect.arrayContaining(posts.map(({ id }) => id)));
      const any = await client().get('/wp/v2/posts', 'context=edit&status=any&per_page=1&_fields=id');
      expect(any.headers.get('x-wp-total')).toBe(String(total));
    });

    it('are only the newest when the request asks for the newest', async () => {
      const newest = page.parse((await get('items', 'type=post&after_id=0&limit=500&newest=2')).json);
      expect(newest.total).toBe(2);
      const all = page.parse((await get('items', 'type=post&after_id=0&limit=500')).json);
      expect(newest.items.map(({ id }) => id)).toEqual(all.items.slice(-2).map(({ id }) => id));
      expect(newest.next_after_id).toBeNull();
    });

    it('include posts in the trash when asked for by id, and report missing ids as gone', async () => {
      const trashed = await client().createPost({ title: 'x' });
      await client().send('DELETE', `/wp/v2/posts/${trashed.id}`);
      const other = await client().createPost({ title: 'x' }, 'editor', 'pages');
      const answer = given.parse(
        (await get('items', `type=post&include=${trashed.id},${other.id},2000000000`)).json,
      );
      expect(answer.items).toMatchObject([{ id: trashed.id, status: 'trash' }]);
      expect(answer.gone).toEqual([other.id, 2_000_000_000]);
      const listed = page.parse((await get('items', `type=post&after_id=${trashed.id - 1}`)).json);
      expect(listed.items.map(({ id }) => id)).not.toContain(trashed.id);
    });

    it('get another hash with every change, also of terms and meta', async () => {
      const { id } = await client().createPost({
        title: 'x',
        status: 'publish',
        date_gmt: '2021-01-01T00:00:00',
      });
      const seen = [(await itemOf(id))?.hash];
      await client().site.inAdmin.setMeta(id, 'subtitle', 'other');
      seen.push((await itemOf(id))?.hash);
      await client().site.inAdmin.setTerms(id, 'category', []);
      seen.push((await itemOf(id))?.hash);
      await client().changePost(id, {});
      seen.push((await itemOf(id))?.hash);
      expect(new Set(seen).size).toBe(4);
      expect((await itemOf(id))?.hash).toBe(seen[3]);
    });

    it.each([
      ['items', 'type=nonsense', 404, 'sitebridge_unknown_type'],
      ['inventory', 'type=nonsense', 404, 'sitebridge_unknown_type'],
      ['items', 'type=post&limit=501', 400, 'rest_invalid_param'],
      ['items', 'type=post&limit=0', 400, 'rest_invalid_param'],
      ['items', 'after_id=0', 400, 'rest_missing_callback_param'],
    ])('refuse %s?%s', async (route, query, status, code) => {
      expect(await get(route, query)).toMatchObject({ status, json: { code } });
    });

    it('are closed to unsigned requests', async () => {
      for (const as of ['nobody', 'editor'] as const) {
        expect(await get('items', 'type=post', as)).toMatchObject({
          status: 401,
          json: { code: 'sitebridge_signature_missing' },
        });
      }
    });
  });

  describe('the connector’s inventory', () => {
    it('gives the count of each range and the XOR of its items’ hashes', async () => {
      const all = page.parse((await get('items', 'type=post&limit=500')).json).items;
      const size = 4;
      const expected = new Map<number, { count: number; xor: bigint }>();
      for (const { id, hash } of all) {
        const number = Math.floor(id / size);
        const { count, xor } = expected.get(number) ?? { count: 0, xor: 0n };
        expected.set(number, { count: count + 1, xor: xor ^ BigInt(`0x${hash}`) });
      }
      const answer = ranges.parse((await get('inventory', `type=post&size=${size}`)).json);
      expect(answer).toEqual({
        size,
        total: all.length,
        ranges: [...expected].map(([number, { count, xor }]) => [
          number,
          count,
          xor.toString(16).padStart(16, '0'),
        ]),
      });
      const numbers = answer.ranges.slice(0, 3).map(([number]) => number);
      const some = inRanges.parse(
        (await get('inventory', `type=post&size=${size}&in=${numbers.join(',')}`)).json,
      );
      expect(some.items).toEqual(
        all.filter(({ id }) => numbers.includes(Math.floor(id / size))).map(({ id, hash }) => [id, hash]),
      );
    });

    it('takes at most 20 ranges per request', async () => {
      const numbers = Array.from({ length: 21 }, (_, index) => index).join(',');
      expect(await get('inventory', `type=post&size=10&in=${numbers}`)).toMatchObject({
        status: 400,
        json: { code: 'rest_invalid_param' },
      });
    });
  });

  describe('writing an item', () => {
    it('creates one post for each content, however often the create is sent', async () => {
      const contentId = newContentId();
      const slug = unique('item-');
      const first = await written(contentId, { slug, status: 'publish' }, 201);
      expect(first).toMatchObject({
        created: true,
        item: {
          content_key: contentKey(contentId),
          content_id: null,
          slug,
          status: 'publish',
          title: 'T',
          content: '<p>C</p>',
          excerpt: 'E',
        },
        notes: [],
      });
      const { id, hash } = first.item;
      const change = { slug, status: 'publish', title: 'T2' };
      // A create never overwrites a post, not even the content's own post.
      expect(await write(contentId, { ...texts, ...change })).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_already_there', data: { item: first.item } },
      });
      const again = await written(contentId, { ...change, id, expected_hash: hash }, 200);
      expect(again).toMatchObject({ created: false, item: { id: first.item.id, slug, title: 'T2' } });
      expect(await itemOf(first.item.id)).toEqual(again.item);
    });

    it('creates one post when the same create arrives twice at once', async () => {
      const contentId = newContentId();
      const answers = await Promise.all(
        [1, 2, 3].map(() => write(contentId, { ...texts, status: 'publish' })),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
      const made = answers.find(({ status }) => status === 201)?.json;
      const { item: only } = put.parse(made);
      for (const { json } of answers.filter(({ status }) => status === 409)) {
        expect(json).toMatchObject({ code: 'sitebridge_already_there', data: { item: { id: only.id } } });
      }
    });

    it('takes over an existing post that has the expected hash', async () => {
      const { id } = await client().createPost({ title: 'theirs', status: 'draft' });
      const contentId = newContentId();
      const hash = (await itemOf(id))?.hash;
      const { item: taken } = await written(contentId, { id, expected_hash: hash, title: 'ours' }, 200);
      expect(taken).toMatchObject({
        id,
        content_key: contentKey(contentId),
        title: 'ours',
        status: 'draft',
      });
      const refused = await write(contentId, { ...texts, id, expected_hash: hash, title: 'late' });
      expect(refused).toMatchObject({
        status: 409,
        json: {
          code: 'sitebridge_conflict',
          data: { status: 409, item: { id, title: 'ours', hash: taken.hash } },
        },
      });
      expect((await client().readPost(id)).title.raw).toBe('ours');
    });

    it('changes the post once when a retry repeats the operation with the old hash', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, {}, 201);
      const change = { op_id: randomUUID(), id: made.id, expected_hash: made.hash, title: 'once' };
      const first = await written(contentId, change, 200);
      const again = await written(contentId, change, 200);
      expect(again).toMatchObject({ created: false, item: { title: 'once', hash: first.item.hash } });
      await client().changePost(made.id, { title: 'by a person' });
      expect(await write(contentId, { ...texts, ...change })).toMatchObject({ status: 409 });
    });

    it('is a conflict when a create is retried after someone has edited the post', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, {}, 201);
      await client().changePost(made.id, { title: 'by a person' });
      expect(await write(contentId, { ...texts, id: null })).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_already_there', data: { item: { id: made.id, title: 'by a person' } } },
      });
      expect((await client().readPost(made.id)).title.raw).toBe('by a person');
    });

    it('leaves its post in the trash when the create is sent again', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, { status: 'publish' }, 201);
      await client().send('DELETE', `/wp/v2/posts/${made.id}`);
      expect(await write(contentId, { ...texts, title: 'back' })).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_already_there', data: { item: { id: made.id, status: 'trash' } } },
      });
    });

    it('notes the values that WordPress refuses, and saves the rest', async () => {
      const body = { meta: { rating: 'four', subtitle: 'S' }, featured_media: 2_000_000_000, title: 'rest' };
      const { item: made, notes } = await written(newContentId(), body, 201);
      expect(made).toMatchObject({ title: 'rest', featured_media: 0, meta: { subtitle: 'S', rating: 0 } });
      expect(notes.map(({ code }) => code).sort()).toEqual(['featured_media_refused', 'meta_refused']);
    });

    it('is a conflict when the post is deleted or in the trash', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, {}, 201);
      await client().send('DELETE', `/wp/v2/posts/${made.id}`);
      const change = { ...texts, id: made.id, expected_hash: made.hash };
      expect(await write(contentId, change)).toMatchObject({
        status: 409,
        json: { data: { item: { id: made.id, status: 'trash' } } },
      });
      await client().send('DELETE', `/wp/v2/posts/${made.id}`, { query: 'force=true' });
      expect(await write(contentId, change)).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_conflict', data: { item: null } },
      });
    });

    it('replaces all terms, finds terms by path, and creates missing terms', async () => {
      const contentId = newContentId();
      const [top, child, tag] = [unique('top-'), unique('child-'), unique('tag-')];
      const terms = [
        { taxonomy: 'category', slug: `${top}/${child}`, name: 'A & B' },
        { taxonomy: 'post_tag', slug: tag, name: 'Tag' },
        { taxonomy: 'nonsense', slug: 'x', name: 'X' },
      ];
      const { item: made, notes } = await written(contentId, { terms }, 201);
      expect(made.terms).toEqual([
        { taxonomy: 'category', slug: child, name: 'A & B' },
        { taxonomy: 'post_tag', slug: tag, name: 'Tag' },
      ]);
      expect(notes).toMatchObject([{ code: 'unknown_taxonomy' }]);
      const parents = await client().get(
        '/wp/v2/categories',
        `slug=${top},${child}&orderby=id&_fields=id,slug,parent`,
      );
      expect(parents.json).toEqual([
        { id: expect.any(Number), slug: top, parent: 0 },
        {
          id: expect.any(Number),
          slug: child,
          parent: z.array(z.object({ id: z.int() })).parse(parents.json)[0]?.id,
        },
      ]);
      const { item: changed } = await written(
        contentId,
        { terms: terms.slice(0, 1), id: made.id, expected_hash: made.hash },
        200,
      );
      expect(changed.terms).toEqual([{ taxonomy: 'category', slug: child, name: 'A & B' }]);
    });

    it('finds terms by slugs in other letters, and makes the slug of a new post of what is sent', async () => {
      const contentId = newContentId();
      const word = unique('w');
      const term = (taxonomy: string, slug: string, name: string) => ({ taxonomy, slug, name });
      const terms = [
        term('category', `${word}-Погода`, 'Погода'),
        term('category', `${word} Top/Погода`, 'Погода'),
        term('post_tag', `${word}-Offer`, 'Offer'),
      ];
      const slug = `Ærø ${word}`;
      const { item: first } = await written(contentId, { terms, slug, status: 'draft' }, 201);
      const again = terms.map((each) => ({ ...each, name: `${each.name} again` }));
      const { item: second } = await written(newContentId(), { terms: again.slice(0, 1), slug }, 201);
      const { item: third } = await written(newContentId(), { terms: again.slice(2), slug }, 201);
      const { item: fourth } = await written(newContentId(), { terms: terms.slice(1, 2), slug }, 201);
      expect(first.slug).toBe(`aero-${word}`);
      expect(first.terms).toHaveLength(3);
      const slugsOf = ({ terms: found }: typeof first) =>
        z
          .array(z.object({ slug: z.string() }))
          .parse(found)
          .map((each) => each.slug);
      const others = [second, third, fourth].flatMap(slugsOf).filter((each) => each !== 'uncategorized');
      expect(others.sort()).toEqual(slugsOf(first).sort());
    });

    it('sets registered meta, date, author and parent, and keeps absent fields', async () => {
      const contentId = newContentId();
      const author = await client().me('author');
      const { item: made, notes } = await written(
        contentId,
        { meta: { subtitle: 'S', nobody_knows: 1 }, date_gmt: '2022-02-02T02:02:02', author },
        201,
      );
      expect(made).toMatchObject({
        meta: { subtitle: 'S' },
        date_gmt: '2022-02-02T02:02:02',
        author,
        status: 'draft',
      });
      expect(notes).toMatchObject([{ code: 'unknown_meta' }]);
      const answer = await write(contentId, {
        title: 'only this',
        id: made.id,
        expected_hash: made.hash,
      });
      expect(answer).toMatchObject({
        status: 200,
        json: {
          item: {
            title: 'only this',
            content: '<p>C</p>',
            excerpt: 'E',
            author,
            date_gmt: '2022-02-02T02:02:02',
            meta: { subtitle: 'S' },
          },
        },
      });
      const page = await client().createPost({ title: 'x', status: 'publish' }, 'editor', 'pages');
      const child = await write(newContentId(), { ...texts, type: 'page', parent: page.id });
      expect(child).toMatchObject({
        status: 201,
        json: { item: { type: 'page', parent: page.id, terms: [] } },
      });
    });

    it('is refused when the request is malformed', async () => {
      const contentId = newContentId();
      expect(await write(contentId, { ...texts, type: 'nonsense' })).toMatchObject({
        status: 404,
        json: { code: 'sitebridge_unknown_type' },
      });
      for (const wrong of [
        { terms: 'news' },
        { status: 'trash' },
        { op_id: 'op-1' },
        { expected_hash: 'x' },
      ]) {
        expect(await write(contentId, { ...texts, ...wrong })).toMatchObject({
          status: 400,
          json: { code: 'rest_invalid_param' },
        });
      }
      expect(await write(contentId, texts, 'editor')).toMatchObject({ status: 401 });
    });

    it('works in batches', async () => {
      const [first, second] = [newContentId(), newContentId()];
      const requests = [first, second, first].map((contentId) => ({
        method: 'POST',
        path: `/sitebridge/v1/items/${contentKey(contentId)}`,
        body: { type: 'post', op_id: randomUUID(), id: null, expected_hash: null, ...texts },
      }));
      const { status, json } = await client().send('POST', '/batch/v1', {
        body: { requests },
        as: 'connector',
      });
      expect(status).toBe(207);
      expect(json).toMatchObject({
        responses: [
          { status: 201, body: { created: true, item: { content_key: contentKey(first) } } },
          { status: 201, body: { created: true, item: { content_key: contentKey(second) } } },
          { status: 409, body: { code: 'sitebridge_already_there' } },
        ],
      });
    });

    it('is refused when the post belongs to another content', async () => {
      const [own, other] = [newContentId(), newContentId()];
      const { item: first } = await written(own, { title: 'first' }, 201);
      const { item: second } = await written(other, { title: 'second' }, 201);
      const stolen = { ...texts, id: first.id, expected_hash: first.hash };
      expect(await write(other, stolen)).toMatchObject({
        status: 409,
        json: {
          code: 'sitebridge_link_mismatch',
          data: { post_id: first.id, key: contentKey(own), other_post_id: second.id, item: first },
        },
      });
      expect(await itemOf(first.id)).toEqual(first);
      expect(await itemOf(second.id)).toEqual(second);
    });

    it('needs the expected hash when it names a post', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, {}, 201);
      expect(await write(contentId, { ...texts, id: made.id })).toMatchObject({
        status: 400,
        json: { code: 'sitebridge_expected_hash_missing' },
      });
    });

    it('is reported as the last operation of its server', async () => {
      const operation = randomUUID();
      await written(newContentId(), { op_id: operation }, 201);
      const ping = await get('ping', '');
      expect(ping.json).toMatchObject({ links: 'key', last_operation: operation });
      for (const query of ['type=post', 'type=post&in=0'])
        expect((await get('inventory', query)).json).toMatchObject({ last_operation: operation });
      for (const query of ['type=post&limit=1', 'type=post&include=1'])
        expect((await get('items', query)).json).toMatchObject({ last_operation: operation });
    });

    it('treats a key in capital letters as the same key', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, {}, 201);
      const answer = await client().send(
        'POST',
        `/sitebridge/v1/items/${contentKey(contentId).toUpperCase()}`,
        { body: { type: 'post', op_id: randomUUID(), ...texts }, as: 'connector' },
      );
      expect(answer).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_already_there', data: { item: { id: made.id } } },
      });
    });

    it('by number overwrites a post with a key only when the request has its current hash', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, { title: 'keyed' }, 201);
      const put = (body: object) =>
        client().send('PUT', `/sitebridge/v1/items/${newContentId()}`, {
          body: { type: 'post', op_id: unique('op-'), ...texts, id: made.id, ...body },
          as: 'connector',
        });
      expect(await put({ expected_hash: null })).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_conflict', data: { item: { id: made.id, title: 'keyed' } } },
      });
      expect(await put({ expected_hash: made.hash })).toMatchObject({
        status: 200,
        json: { item: { id: made.id, title: 'T' } },
      });
    });

    it('by number, as from older servers, creates the post and overwrites no other', async () => {
      const number = newContentId();
      const put = (body: object) =>
        client().send('PUT', `/sitebridge/v1/items/${number}`, {
          body: { type: 'post', op_id: unique('op-'), id: null, expected_hash: null, ...texts, ...body },
          as: 'connector',
        });
      const made = await put({ title: 'by number' });
      expect(made).toMatchObject({ status: 201, json: { item: { content_id: number } } });
      const { id, hash } = z.object({ item }).parse(made.json).item;
      // A new database at the same address may assign the number to another content.
      expect(await put({ title: 'another content' })).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_conflict', data: { item: { id, title: 'by number' } } },
      });
      expect(await put({ id, expected_hash: hash, title: 'edited' })).toMatchObject({
        status: 200,
        json: { created: false, item: { id, title: 'edited', content_id: number, content_key: null } },
      });
      // A server that uses keys finds the post of an earlier create whose response was lost.
      const key = newContentId();
      expect(await write(key, { ...texts, legacy_id: number })).toMatchObject({
        status: 409,
        json: { code: 'sitebridge_already_there', data: { item: { id, content_id: number } } },
      });
    });

    it('makes the webhook of the post carry the content’s key', async () => {
      const contentId = newContentId();
      const { item: made } = await written(contentId, { status: 'publish' }, 201);
      const message: unknown = JSON.parse(await client().site.postMessage('status', made.id));
      expect(message).toMatchObject({
        external_id: String(made.id),
        content_key: contentKey(contentId),
        status: 'publish',
      });
    });
  });
}
