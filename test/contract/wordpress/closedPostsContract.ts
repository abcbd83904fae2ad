import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { contentKey } from '../../support/identity.ts';
import { type ContractClient, unique } from './contractSite.ts';

const items = z.object({
  items: z.array(z.object({ id: z.int(), hash: z.string(), built_with: z.string().nullable() }).loose()),
});

/** Builders, each with the marks of a post that it shows, and with marks that look like it and mean nothing. */
const MARKS = [
  { builder: 'elementor', on: { _elementor_edit_mode: 'builder' }, off: { _elementor_edit_mode: '' } },
  { builder: 'divi', on: { _et_pb_use_builder: 'on' }, off: { _et_pb_use_builder: 'off' } },
  { builder: 'beaver_builder', on: { _fl_builder_enabled: '1' }, off: { _fl_builder_enabled: '' } },
  { builder: 'bricks', on: { _bricks_editor_mode: 'bricks' }, off: { _bricks_editor_mode: 'wordpress' } },
  { builder: 'oxygen', on: { ct_builder_json: '{"id":0}' }, off: { ct_builder_json: '' } },
  { builder: 'oxygen', on: { _ct_builder_json: '{"id":0}' }, off: { _ct_builder_json: '' } },
  { builder: 'oxygen', on: { ct_builder_shortcodes: '[ct_section]' }, off: { ct_builder_shortcodes: '' } },
  { builder: 'oxygen', on: { _ct_builder_shortcodes: '[ct_section]' }, off: { _ct_builder_shortcodes: '0' } },
  {
    builder: 'oxygen',
    on: { _oxygen_data: '{"tree_json_string":"{}"}' },
    off: { _oxygen_data: '{"tree_json_string":""}' },
  },
  {
    builder: 'breakdance',
    on: { _breakdance_data: '{"tree_json_string":"{}"}' },
    off: { _breakdance_data: '{"tree_json_string":""}' },
  },
];

/** The number of the content of the next write. Starting from the time keeps the numbers of earlier runs apart. */
let lastContentId = Math.floor(Date.now() / 1000) + 50_000_000;

/** Posts whose body a page builder shows, and posts that a person edits: what a write may change of them. */
export function describeClosedPosts(client: () => ContractClient): void {
  async function itemOf(id: number) {
    const answer = await client().get('/sitebridge/v1/items', `type=post&include=${id}`, 'connector');
    const [item] = items.parse(answer.json).items;
    if (item === undefined) throw new Error(`There is no item ${id}.`);
    return item;
  }
  async function setMeta(id: number, meta: Record<string, string>) {
    for (const [key, value] of Object.entries(meta))
      await client().site.inAdmin.setProtectedMeta(id, key, value);
  }
  /** Writes to the post as it is now, as a content of its own. */
  async function write(id: number, body: object, contentId = ++lastContentId) {
    const { hash } = await itemOf(id);
    return client().send('POST', `/sitebridge/v1/items/${contentKey(contentId)}`, {
      body: { type: 'post', op_id: randomUUID(), id, expected_hash: hash, ...body },
      as: 'connector',
    });
  }
  const newPost = () =>
    client().createPost({ title: unique('Closed '), content: '<p>Text</p>', status: 'publish' });

  describe('a post that a page builder shows', () => {
    it('names its builder, which changes its hash', async () => {
      for (const { builder, on, off } of MARKS) {
        const { id } = await newPost();
        const plain = await itemOf(id);
        expect(plain.built_with).toBeNull();
        await setMeta(id, on);
        const built = await itemOf(id);
        expect([on, built.built_with, built.hash === plain.hash]).toEqual([on, builder, false]);
        await setMeta(id, off);
        expect([off, (await itemOf(id)).built_with]).toEqual([off, null]);
      }
    });

    it('keeps its content in a write, and takes everything else', async () => {
      const { id } = await newPost();
      await setMeta(id, { _elementor_edit_mode: 'builder' });
      const title = unique('Written ');
      const contentId = ++lastContentId;
      const answer = await write(id, { title, content: '<p>New</p>', terms: [], excerpt: 'New' }, contentId);
      expect(answer).toMatchObject({
        status: 200,
        json: {
          created: false,
          item: { title, content: '<p>Text</p>', excerpt: 'New', built_with: 'elementor' },
          notes: [{ code: 'built_with_elementor' }],
        },
      });
      const same = await write(id, { title: `${title}!`, content: '<p>Text</p>' }, contentId);
      expect(same).toMatchObject({ status: 200, json: { item: { title: `${title}!` }, notes: [] } });
    });

    it('is rendered as the builder shows it, and the builder names itself in the root of the API', async () => {
      const { id } = await newPost();
      await setMeta(id, { _elementor_edit_mode: 'builder' });
      const answer = await client().get(`/wp/v2/posts/${id}`, 'context=edit&_fields=id,content');
      expect(answer.json).toMatchObject({
        content: {
          raw: '<p>Text</p>',
          rendered: expect.stringContaining(`data-elementor-id="${id}"`),
        },
      });
      const root = await client().get('/', '_fields=namespaces', 'nobody');
      expect(root.json).toMatchObject({ namespaces: expect.arrayContaining(['elementor/v1']) });
    });
  });

  describe('a post that a person edits', () => {
    const now = () => Math.floor(Date.now() / 1000);

    it('refuses a write and names the person, for as long as the lock is renewed', async () => {
      const { id } = await newPost();
      const author = await client().me('author');
      await setMeta(id, { _edit_lock: `${now()}:${author}` });
      const before = await itemOf(id);
      expect(await write(id, { title: 'Not written' })).toMatchObject({
        status: 423,
        json: {
          code: 'sitebridge_being_edited',
          message: 'author is editing this post.',
          data: { status: 423, user: 'author' },
        },
      });
      expect(await itemOf(id)).toEqual(before);
      await setMeta(id, { _edit_lock: `${now() - 151}:${author}` });
      expect(await write(id, { title: 'Written' })).toMatchObject({ status: 200 });
    });

    it('takes the write of a server that has waited for long enough', async () => {
      const { id } = await newPost();
      await setMeta(id, { _edit_lock: `${now()}:${await client().me('author')}` });
      const answer = await write(id, { title: 'Written', despite_editor: true });
      expect(answer).toMatchObject({ status: 200, json: { item: { title: 'Written' } } });
    });

    it('refuses a write while the user that requests act as has it open in an editor', async () => {
      const { id } = await newPost();
      await setMeta(id, { _edit_lock: `${now()}:${await client().me('editor')}` });
      expect(await write(id, { title: 'Not written' })).toMatchObject({
        status: 423,
        json: { code: 'sitebridge_being_edited' },
      });
    });

    it('has the same hash, and core REST does not show the lock', async () => {
      const { id } = await newPost();
      const { hash } = await itemOf(id);
      await setMeta(id, { _edit_lock: `${now()}:${await client().me('author')}` });
      expect((await itemOf(id)).hash).toBe(hash);
      const answer = await client().get(`/wp/v2/posts/${id}`, 'context=edit');
      expect(JSON.stringify(answer.json)).not.toContain('_edit_lock');
    });
  });
}
