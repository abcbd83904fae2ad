import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { type ContractClient, unique, type Who } from './contractSite.ts';

const responses = z.object({
  responses: z.array(z.object({ status: z.int(), body: z.unknown(), headers: z.unknown() })),
});

/** `batch/v1`: several writes in one request. */
export function describeBatches(client: () => ContractClient): void {
  describe('a batch', () => {
    const send = (requests: unknown, as: Who = 'editor') =>
      client().send('POST', '/batch/v1', { body: { requests }, as });
    async function answered(requests: object[], as: Who = 'editor') {
      const { status, json } = await send(requests, as);
      expect(status).toBe(207);
      return responses.parse(json).responses;
    }

    it.each(['editor', 'connector'] as const)('answers each write on its own (%s)', async (as) => {
      const { id } = await client().createPost({ title: 'before' });
      const name = unique('batched-');
      const [created, changed, missing, term, gone] = await answered(
        [
          { path: '/wp/v2/posts?_fields=status,title.raw', body: { title: 'one', status: 'publish' } },
          { method: 'PUT', path: `/wp/v2/posts/${id}?_fields=id,title.raw`, body: { title: 'after' } },
          { method: 'PUT', path: '/wp/v2/posts/2000000000', body: { title: 'x' } },
          { method: 'POST', path: '/wp/v2/tags?_fields=name', body: { name } },
          { method: 'DELETE', path: `/wp/v2/posts/${id}?force=true&_fields=deleted` },
        ],
        as,
      );
      expect(created).toMatchObject({ status: 201, body: { status: 'publish', title: { raw: 'one' } } });
      expect(created?.headers).toMatchObject({ Location: expect.stringMatching(/\/wp\/v2\/posts\/\d+$/) });
      expect(changed).toMatchObject({ status: 200, body: { id, title: { raw: 'after' } } });
      expect(missing).toMatchObject({
        status: 404,
        body: { code: 'rest_post_invalid_id', data: { status: 404 } },
      });
      expect(term).toMatchObject({ status: 201, body: { name } });
      expect(gone).toMatchObject(
        // The connector opens only routes that the server needs.
        as === 'connector'
          ? { status: 403, body: { code: 'sitebridge_route_refused' } }
          : { status: 200, body: { deleted: true } },
      );
    });

    it('takes only writes to known routes, and no media', async () => {
      const answers = await answered([
        { path: '/wp/v2/media', body: { title: 'x' } },
        { path: '/no/such/route' },
        { path: '/wp/v2/posts', body: { title: 'x', status: 'nonsense' } },
      ]);
      expect(answers).toMatchObject([
        { status: 400, body: { code: 'rest_batch_not_allowed' } },
        { status: 404, body: { code: 'rest_no_route' } },
        { status: 400, body: { code: 'rest_invalid_param' } },
      ]);
      expect(await send([{ method: 'GET', path: '/wp/v2/posts' }])).toMatchObject({
        status: 400,
        json: { code: 'rest_invalid_param' },
      });
    });

    it('holds at most 25 requests', async () => {
      const many = (count: number) => Array.from({ length: count }, () => ({ path: '/no/such/route' }));
      expect(await answered(many(25))).toHaveLength(25);
      expect(await send(many(26))).toMatchObject({ status: 400, json: { code: 'rest_invalid_param' } });
    });

    it('checks the permission of each write when nobody is signed in', async () => {
      expect(await answered([{ path: '/wp/v2/posts', body: { title: 'x' } }], 'nobody')).toMatchObject([
        { status: 401, body: { code: 'rest_cannot_create' } },
      ]);
    });
  });
}
