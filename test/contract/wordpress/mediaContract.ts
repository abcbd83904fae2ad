import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { type ContractClient, idsOf, unique } from './contractSite.ts';

/** The smallest PNG: one pixel. */
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

const shownMedia = z.object({ id: z.int(), slug: z.string() });

/** Uploading images. */
export function describeMedia(client: () => ContractClient): void {
  describe('media', () => {
    const upload = (
      name: string,
      options: { query?: string; as?: 'author' | 'subscriber'; body?: Buffer } = {},
    ) =>
      client().send('POST', '/wp/v2/media', {
        body: PIXEL,
        headers: { 'Content-Type': 'image/png', 'Content-Disposition': `attachment; filename="${name}"` },
        ...options,
      });

    it('are uploaded as the body, and found by their slug', async () => {
      const word = unique('pixel');
      const { status, json } = await upload(`${word}.png`, { query: 'alt_text=A%20pixel' });
      expect(status).toBe(201);
      expect(json).toMatchObject({
        type: 'attachment',
        status: 'inherit',
        slug: word,
        title: { raw: word },
        alt_text: 'A pixel',
        media_type: 'image',
        mime_type: 'image/png',
        source_url: expect.stringMatching(new RegExp(`/wp-content/uploads/.*${word}\\.png$`)),
      });
      const { id } = shownMedia.parse(json);
      expect(idsOf(await client().get('/wp/v2/media', `slug=${word}&_fields=id`))).toEqual([id]);
      expect(await client().get(`/wp/v2/media/${id}`, 'context=edit')).toMatchObject({
        status: 200,
        json: { id, alt_text: 'A pixel' },
      });
      expect(
        await client().send('POST', `/wp/v2/media/${id}`, { body: { alt_text: 'Other' } }),
      ).toMatchObject({
        status: 200,
        json: { id, alt_text: 'Other' },
      });
    });

    it('get unique slugs, so two uploads of the same name make two files', async () => {
      const word = unique('twice');
      const slugs: unknown[] = [];
      for (const _ of [1, 2]) slugs.push(shownMedia.parse((await upload(`${word}.png`)).json).slug);
      expect(slugs).toEqual([word, `${word}-1`]);
      const named = await upload(`${word}.png`, { query: `slug=${word}-named&title=T` });
      expect(named.json).toMatchObject({ slug: `${word}-named`, title: { raw: 'T' } });
    });

    it('can be the featured image of a post', async () => {
      const { id } = shownMedia.parse((await upload(`${unique('f')}.png`)).json);
      const post = await client().createPost({ title: 'x', featured_media: id });
      expect(post.featured_media).toBe(id);
      expect((await client().changePost(post.id, { featured_media: 0 })).featured_media).toBe(0);
    });

    it('are refused without a file, a name or the permission', async () => {
      const refused = async (headers: Record<string, string>, body?: Buffer) =>
        await client().send('POST', '/wp/v2/media', { headers, ...(body === undefined ? {} : { body }) });
      expect(await refused({})).toMatchObject({ status: 400, json: { code: 'rest_upload_no_data' } });
      expect(await refused({ 'Content-Type': 'image/png' }, PIXEL)).toMatchObject({
        status: 400,
        json: { code: 'rest_upload_no_content_disposition' },
      });
      expect(await upload('x.exe')).toMatchObject({
        status: 500,
        json: { code: 'rest_upload_sideload_error' },
      });
      expect(await upload('x.png', { as: 'subscriber' })).toMatchObject({
        json: { code: 'rest_cannot_create' },
      });
      expect(await upload(`${unique('author')}.png`, { as: 'author' })).toMatchObject({ status: 201 });
    });

    it('are deleted permanently, without a trash', async () => {
      const { id } = shownMedia.parse((await upload(`${unique('gone')}.png`)).json);
      expect(await client().send('DELETE', `/wp/v2/media/${id}`)).toMatchObject({
        status: 501,
        json: { code: 'rest_trash_not_supported' },
      });
      expect(await client().send('DELETE', `/wp/v2/media/${id}`, { query: 'force=true' })).toMatchObject({
        status: 200,
        json: { deleted: true },
      });
    });
  });
}
