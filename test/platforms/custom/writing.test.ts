import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/platforms/connection.ts';
import type { ContentSession } from '../../../src/platforms/contentPart.ts';
import { textsOf } from '../../../src/platforms/contentTexts.ts';
import type { ContentWrite, WriteOutcome } from '../../../src/platforms/contentWrite.ts';
import { describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import type { ApiFault } from '../../../src/simulation/custom/faults.ts';
import { type SimulatedApi, startSimulatedApi } from '../../../src/simulation/custom/simulatedApi.ts';
import { closedPort, serveLoopback } from '../../outbound/loopbackServer.ts';
import { contentWrite, testPace, typeOf } from '../../support/contentCaller.ts';
import { contentKey } from '../../support/identity.ts';
import { connectionTo, testPlatform } from './testApi.ts';

const { platform, close } = testPlatform();
const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(close);

const ARTICLES = typeOf('article');
/** The content that is written by default. */
const WRITTEN: Partial<ContentWrite> = {
  begunAt: '2026-06-01T00:00:00.000Z',
  title: 'A title',
  slug: 'a-title',
  body: '<p>A body</p>',
  excerpt: 'An excerpt',
};

async function start(items = 3): Promise<SimulatedApi> {
  const api = await startSimulatedApi({ items, paging: 'cursor' });
  cleanups.push(api.stop);
  return api;
}

/** Opens a session. `change` replaces parts of the description's content; a part that is null is left out. */
async function open(
  api: SimulatedApi,
  change: JsonObject = {},
  config: JsonObject = {},
): Promise<ContentSession> {
  const content = Object.fromEntries(
    Object.entries<JsonObject[string]>({ ...describeApi(api).content, ...change }).filter(
      ([, value]) => value !== null,
    ),
  );
  if (platform.content === undefined) throw new Error('The custom platform has no content part.');
  return platform.content.open(connectionTo(api, { content, ...config }), testPace(2));
}

async function write(session: ContentSession, changes: Partial<ContentWrite> = {}): Promise<WriteOutcome> {
  const [outcome] = await session.write(ARTICLES, [contentWrite(41, { ...WRITTEN, ...changes })]);
  if (outcome === undefined) throw new Error('There is no outcome.');
  return outcome;
}

/** The map of an API that does not keep our keys. */
function mapWithoutKey(api: SimulatedApi): JsonObject {
  const { content_key: _, ...map } = Object(describeApi(api).content.map);
  return map;
}

const createWithoutFind = { path: '/articles', at: '/data' };
const posts = (api: SimulatedApi) => api.requests.filter((request) => request.method === 'POST');

describe('a create', () => {
  it('sends the mapped fields, and returns the item that the API then holds', async () => {
    const api = await start();
    const outcome = await write(await open(api), {
      title: '  A title ',
      terms: [{ taxonomy: 'tag', slug: 'x', name: 'X' }],
    });
    expect(outcome).toMatchObject({
      result: 'written',
      created: true,
      remote: {
        externalId: '4',
        title: 'A title',
        slug: 'a-title',
        status: 'published',
        contentKey: contentKey(41),
      },
    });
    expect(posts(api)).toMatchObject([
      {
        target: '/v1/articles',
        headers: {
          'content-type': 'application/json',
          'idempotency-key': `"sitebridge-${contentKey(41)}-2026-06-01T00:00:00.000Z"`,
        },
      },
    ]);
    // Terms and metadata are written only when the description lists them.
    expect(posts(api)[0]?.body).toEqual({
      attributes: {
        title: '  A title ',
        slug: 'a-title',
        text: '<p>A body</p>',
        summary: 'An excerpt',
        state: 'live',
      },
      ref: contentKey(41),
    });
  });

  it('sends terms and metadata when the description lists them, and the API’s word for a draft', async () => {
    const api = await start();
    const session = await open(api, { write: ['title', 'status', 'terms', 'metadata'] });
    await write(session, {
      status: 'draft',
      terms: [
        { taxonomy: 'tag', slug: 'x', name: 'X' },
        { taxonomy: 'category', slug: 'y', name: 'Y' },
      ],
      metadata: { author: 'Grace', other: 1 },
    });
    expect(posts(api)[0]?.body).toEqual({
      attributes: { title: 'A title', state: 'in_work', tags: [{ key: 'x', label: 'X' }], author: 'Grace' },
    });
  });

  it.each<[ApiFault, string]>([
    ['create_fails_after_success', 'server_error'],
    ['create_cut_after_success', 'unreachable'],
  ])('with a lost response (%s) is sent once, and its item is found the next time', async (fault, code) => {
    const api = await start();
    const session = await open(api);
    api.setFault(fault);
    await expect(write(session)).rejects.toMatchObject({ code, retryable: true, hint: expect.any(String) });
    api.clearFaults();
    expect(posts(api)).toHaveLength(1);
    const again = await write(session, { mayExist: true, title: 'A newer title' });
    expect(again).toMatchObject({
      result: 'written',
      created: true,
      remote: { externalId: '4', title: 'A newer title', contentKey: contentKey(41) },
    });
    expect(posts(api)).toHaveLength(1);
    expect(api.items).toHaveLength(4);
  });

  it('that may have been done is sent when no item is found', async () => {
    const api = await start();
    expect(await write(await open(api), { mayExist: true })).toMatchObject({
      result: 'written',
      created: true,
    });
    expect(api.items).toHaveLength(4);
  });

  it('ignores the list of an API that does not know the search parameter', async () => {
    const api = await start();
    api.setFault('filters_ignored');
    expect(await write(await open(api), { mayExist: true })).toMatchObject({ remote: { externalId: '4' } });
    expect(await write(await open(api), { mayExist: true })).toMatchObject({ remote: { externalId: '4' } });
    expect(api.items).toHaveLength(4);
  });

  it('finds its item by the slug, unless the item differs', async () => {
    const api = await start();
    const session = await open(api, {
      create: { ...createWithoutFind, find: { param: 'slug', by: 'slug' } },
    });
    const mine = await write(session, { mayExist: true, slug: 'article-2', title: 'Article 2', body: 'new' });
    expect(mine).toMatchObject({ result: 'written', remote: { externalId: '2', body: 'new' } });
    const another = { contentKey: contentKey(42), slug: 'article-3', title: 'Mine' };
    const other = await write(session, { mayExist: true, ...another });
    expect(other).toMatchObject({ result: 'failed', retryable: false, fault: { code: 'slug_taken' } });
    expect(api.items.find((item) => item.id === 3)?.attributes.title).toBe('Article 3');
    expect(posts(api)).toHaveLength(0);
  });

  it('that is lost and cannot be searched for is reported, and not sent again', async () => {
    const api = await start();
    const session = await open(api, { create: createWithoutFind, map: mapWithoutKey(api) });
    api.setFault('create_cut_after_success');
    const lost = { result: 'failed', retryable: false, fault: { code: 'create_lost' } };
    expect(await write(session)).toMatchObject(lost);
    api.clearFaults();
    expect(await write(session, { mayExist: true })).toMatchObject(lost);
    expect(posts(api)).toHaveLength(1);
    expect(api.items).toHaveLength(4);
  });

  it.each<[string, JsonObject, { slug?: string }, { slug?: string }]>([
    ['no search', {}, {}, {}],
    ['a search by slug, after another slug', { find: { param: 'slug', by: 'slug' } }, { slug: 'other' }, {}],
    ['a search by slug, without a slug', { find: { param: 'slug', by: 'slug' } }, {}, { slug: '' }],
  ])('that is lost finds its item by the key in the list: %s', async (_name, create, changes, texts) => {
    const api = await start();
    const session = await open(api, { create: { ...createWithoutFind, ...create } });
    api.setFault('create_cut_after_success');
    await write(session, texts).catch(() => undefined);
    api.clearFaults();
    api.edit(4, changes);
    expect(await write(session, { ...texts, mayExist: true })).toMatchObject({
      result: 'written',
      remote: { externalId: '4', contentKey: contentKey(41) },
    });
    expect(api.items).toHaveLength(4);
  });

  it('never takes the item of another content with its slug and title', async () => {
    const api = await start();
    const session = await open(api, {
      create: { ...createWithoutFind, find: { param: 'slug', by: 'slug' } },
    });
    Object.assign(api.items[1] ?? {}, { ref: contentKey(40) });
    const texts = { slug: 'article-2', title: 'Article 2', body: 'new' };
    expect(await write(session, { ...texts, mayExist: true })).toMatchObject({
      result: 'written',
      created: true,
      remote: { externalId: '4' },
    });
  });

  it('that is refused is reported, and not sent again', async () => {
    const api = await start();
    api.setFault('create_refused');
    expect(await write(await open(api))).toMatchObject({
      result: 'failed',
      retryable: false,
      fault: { code: 'unexpected_status', message: expect.stringContaining('422') },
    });
    expect(posts(api)).toHaveLength(1);
  });

  it('that the API refused because of load is sent again', async () => {
    const api = await start();
    api.setFault('throttled_once');
    expect(await write(await open(api))).toMatchObject({ result: 'written' });
    expect(posts(api)).toHaveLength(2);
    expect(api.items).toHaveLength(4);
  });

  it('that is redirected is not followed', async () => {
    const api = await start();
    const moved = await serveLoopback((request, response) => {
      response.writeHead(302, { Location: `/v2${request.url}` }).end();
    });
    cleanups.push(moved.stop);
    const session = await open(api, {}, { base_url: moved.url });
    expect(await write(session)).toMatchObject({ result: 'failed', fault: { code: 'redirect' } });
    expect(moved.seen.map(({ method }) => method)).toEqual(['POST']);
  });

  it('that cannot reach the API has not been done', async () => {
    const api = await start();
    const session = await open(api, {}, { base_url: `http://127.0.0.1:${await closedPort()}` });
    expect(await write(session)).toMatchObject({
      result: 'failed',
      retryable: true,
      fault: { code: 'unreachable' },
    });
  });

  it('with an empty response is read back, through the search that the API supports', async () => {
    const api = await start();
    api.setFault('empty_answers');
    expect(await write(await open(api))).toMatchObject({
      result: 'written',
      remote: { externalId: '4', contentKey: contentKey(41) },
    });
    expect(
      await write(await open(api, { create: createWithoutFind, map: mapWithoutKey(api) })),
    ).toMatchObject({
      result: 'failed',
      fault: { code: 'create_lost' },
    });
  });

  it('without a description is not supported', async () => {
    const api = await start();
    expect(await write(await open(api, { create: null }))).toMatchObject({
      result: 'failed',
      fault: { code: 'not_supported' },
    });
    expect(api.requests).toEqual([]);
  });
});

describe('the search for items of contents to create', () => {
  const find = async (session: ContentSession, ...ids: number[]) => {
    const found = await session.findExisting?.(
      ARTICLES,
      ids.map((id) => contentWrite(id, { slug: `written-${id}` })),
    );
    if (found === undefined) throw new Error('The custom platform has no search for items.');
    return [...found].map(([key, items]) => [key, ...items.map(({ externalId }) => externalId)]);
  };
  const lists = (api: SimulatedApi) => api.requests.filter(({ method }) => method === 'GET');

  it('follows the description, and recognises items by their key', async () => {
    const api = await start();
    api.edit(2, { title: 'Retitled since' });
    Object.assign(api.items[1] ?? {}, { ref: contentKey(41) });
    expect(await find(await open(api), 41, 42)).toEqual([[contentKey(41), '2']]);
    expect(lists(api).map(({ target }) => new URL(target, api.url).searchParams.get('ref'))).toEqual([
      contentKey(41),
      contentKey(42),
    ]);
  });

  it.each(['slug', 'content_id'])('recognises an item by its key, too, with a search by %s', async (by) => {
    const api = await start();
    Object.assign(api.items[1] ?? {}, { ref: contentKey(41) });
    const { list, map } = describeApi(api).content;
    const search = { param: by === 'slug' ? 'slug' : 'number', by };
    const session = await open(api, {
      list: { ...list, since_param: 'changed_since' },
      map: { ...map, ...(by === 'slug' ? {} : { content_id: '/number' }) },
      create: { ...createWithoutFind, find: search },
    });
    expect(await find(session, 41, 42)).toEqual([[contentKey(41), '2']]);
  });

  it('looks for keys only among the items that changed since the contents were made', async () => {
    const api = await start();
    const session = await open(api, {
      list: { ...describeApi(api).content.list, since_param: 'changed_since' },
      create: { ...createWithoutFind, find: { param: 'slug', by: 'slug' } },
    });
    expect(await find(session, 41)).toEqual([]);
    const since = lists(api).map(({ target }) => new URL(target, api.url).searchParams.get('changed_since'));
    expect(since[0]).toBeNull();
    expect(Date.parse(since[1] ?? '')).not.toBeNaN();
  });

  it('reads no whole list for one content that has a search', async () => {
    const api = await start();
    const session = await open(api, {
      create: { ...createWithoutFind, find: { param: 'slug', by: 'slug' } },
    });
    expect(await find(session, 41)).toEqual([]);
    const slugs = lists(api).map(({ target }) => new URL(target, api.url).searchParams.get('slug'));
    expect(slugs).toEqual(['written-41']);
  });

  it('reads the list once for a hundred contents', async () => {
    const api = await start();
    api.edit(3, { title: 'Written 70', slug: 'written-70' });
    const session = await open(api);
    expect(await find(session, ...Array.from({ length: 100 }, (_, index) => index + 1))).toEqual([
      [contentKey(70), '3'],
    ]);
    expect(lists(api)).toHaveLength(2);
  });

  it('takes the older of two items with one key', async () => {
    const api = await start(10);
    for (const item of api.items) Object.assign(item, { ref: contentKey(41) });
    // The list of this API has the newest first.
    api.items.splice(0, 8);
    api.items.reverse();
    expect(await find(await open(api), 41)).toEqual([[contentKey(41), '9']]);
  });

  it('does not recognise items by number, which a restored database assigns again', async () => {
    const api = await start();
    const byNumber = {
      map: { ...mapWithoutKey(api), content_id: '/ref' },
      create: { ...createWithoutFind, find: { param: 'ref', by: 'content_id' } },
    };
    Object.assign(api.items[0] ?? {}, { ref: 41 });
    expect(await find(await open(api, byNumber), 41)).toEqual([]);
    const made = await write(await open(api, byNumber), { mayExist: true });
    expect(made).toMatchObject({ result: 'written', created: true, remote: { externalId: '4' } });
    expect(api.items[0]?.attributes.title).toBe('Article 1');
  });
});

describe('an update', () => {
  const onSite = async (session: ContentSession, id: string) => {
    const [item] = (await session.read(ARTICLES, [id])).items;
    if (item === undefined) throw new Error(`There is no item ${id}.`);
    return item;
  };

  it('sends only the fields that differ', async () => {
    const api = await start();
    const session = await open(api);
    const before = await onSite(session, '2');
    const { externalId, terms, metadata } = before;
    const same = { ...textsOf(before), externalId, terms, metadata, onSite: before, status: null };
    const outcome = await write(session, { ...same, title: 'New' });
    expect(outcome).toMatchObject({
      result: 'written',
      created: false,
      remote: { externalId: '2', title: 'New' },
    });
    expect(api.requests.at(-1)).toMatchObject({
      method: 'PATCH',
      target: '/v1/articles/2',
      body: { attributes: { title: 'New' }, ref: contentKey(41) },
    });
    const count = api.requests.length;
    const now = await onSite(session, '2');
    expect(await write(session, { ...same, onSite: now, title: 'New' })).toMatchObject({
      result: 'written',
      remote: now,
    });
    expect(api.requests.length).toBe(count + 1);
  });

  it('sends all fields with a PUT, and keeps the site’s status', async () => {
    const api = await start();
    const session = await open(api, { update: { method: 'PUT', path: '/articles/{id}', at: '/data' } });
    const before = await onSite(session, '3');
    await write(session, { externalId: '3', onSite: before, status: null });
    expect(api.requests.at(-1)).toMatchObject({
      method: 'PUT',
      body: {
        attributes: { title: 'A title', text: '<p>A body</p>', state: 'in_work' },
        ref: contentKey(41),
      },
    });
  });

  it('of a deleted item is a conflict', async () => {
    const api = await start();
    expect(await write(await open(api), { externalId: '77' })).toEqual({ result: 'conflict', remote: null });
  });

  it('with an empty response is read back', async () => {
    const api = await start();
    api.setFault('empty_answers');
    for (const change of [{}, { item: null }]) {
      const session = await open(api, change);
      expect(await write(session, { externalId: '2', title: 'Read back' })).toMatchObject({
        result: 'written',
        remote: { externalId: '2', title: 'Read back' },
      });
    }
  });

  it('answered with another item is refused', async () => {
    const api = await start();
    api.setFault('other_item');
    expect(await write(await open(api), { externalId: '2' })).toMatchObject({
      result: 'failed',
      fault: { externalId: '2', code: 'other_item' },
    });
  });

  it('that fails throws, as it may have been done', async () => {
    const api = await start();
    const session = await open(api);
    api.setFault('failing');
    await expect(write(session, { externalId: '2' })).rejects.toMatchObject({ code: 'server_error' });
  });

  it('without a description is not supported', async () => {
    const api = await start();
    expect(await write(await open(api, { update: null }), { externalId: '2' })).toMatchObject({
      result: 'failed',
      fault: { code: 'not_supported' },
    });
  });
});
