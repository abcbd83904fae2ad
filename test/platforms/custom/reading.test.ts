import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/platforms/connection.ts';
import type { ContentPage, ContentSession } from '../../../src/platforms/contentPart.ts';
import { readJson } from '../../../src/platforms/custom/apiClient.ts';
import { describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import type { ApiFault } from '../../../src/simulation/custom/faults.ts';
import { makeItem } from '../../../src/simulation/custom/items.ts';
import {
  API_SECRET,
  type SimulatedApi,
  type SimulatedApiOptions,
  startSimulatedApi,
} from '../../../src/simulation/custom/simulatedApi.ts';
import { readOut, testPace, typeOf } from '../../support/contentCaller.ts';
import { connectionTo, testPlatform } from './testApi.ts';

const { platform, close } = testPlatform();
const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});
afterAll(close);

async function start(options: SimulatedApiOptions = {}): Promise<SimulatedApi> {
  const api = await startSimulatedApi(options);
  cleanups.push(api.stop);
  return api;
}

/** Opens a session with an API. `change` replaces parts of its description's content. */
async function open(api: SimulatedApi, change: JsonObject = {}): Promise<ContentSession> {
  const content: JsonObject = { ...describeApi(api).content, ...change };
  if (platform.content === undefined) throw new Error('The custom platform has no content part.');
  return platform.content.open(connectionTo(api, { content }), testPace(2));
}

async function* nothing(): AsyncGenerator<ContentPage> {}

const ARTICLES = typeOf('article');
const NOT_MEASURED = { dns_ms: null, tcp_ms: null, tls_ms: null };
const ALL = { type: ARTICLES, newest: null, cursor: null };

describe.each(['page', 'offset', 'cursor', 'link'] as const)('a list with paging %s', (paging) => {
  it('is read to its end, with all fields of each item', async () => {
    const api = await start({ paging });
    const read = await readOut((await open(api)).readAll(ALL));
    expect(read.ids).toEqual(['1', '2', '3', '4', '5']);
    expect(read.faults).toEqual([]);
    expect(read.pages[0]?.expected).toBe(5);
    expect(read.pages.length).toBeGreaterThanOrEqual(3);
    expect(read.end).toEqual({ watermark: { newest: makeItem(5).updated_at }, missing: [] });
    expect(read.items[2]).toEqual({
      externalId: '3',
      contentType: 'article',
      title: 'Article 3',
      slug: 'article-3',
      body: '<p>Text 3 – “quoted” & 日本語</p>',
      excerpt: 'Summary 3',
      externalStatus: 'in_work',
      status: 'draft',
      visibility: 'public',
      url: 'https://www.example.com/articles/3',
      modifiedAt: '2026-01-01T00:03:00.000Z',
      terms: [{ taxonomy: 'tag', slug: 'news', name: 'News' }],
      metadata: { author: 'Ada' },
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
      contentKey: null,
      legacyContentId: null,
      birth: { date: null, author: null },
    });
  });

  it('can be resumed after any page', async () => {
    const api = await start({ paging });
    const session = await open(api);
    const whole = await readOut(session.readAll(ALL));
    for (const [index, page] of whole.pages.entries()) {
      const cursor = JSON.parse(JSON.stringify(page.cursor));
      const rest = await readOut(session.readAll({ ...ALL, cursor }));
      const before = whole.pages
        .slice(0, index + 1)
        .flatMap(({ items }) => items.map((item) => item.externalId));
      expect([...before, ...rest.ids]).toEqual(whole.ids);
      expect(rest.end).toEqual(whole.end);
    }
  });

  it('may be empty', async () => {
    const read = await readOut((await open(await start({ paging, items: 0 }))).readAll(ALL));
    expect(read).toMatchObject({ ids: [], faults: [], end: { watermark: { newest: null }, missing: [] } });
  });

  it.each<[ApiFault, RegExp]>([
    ['same_page', /same (next )?page/],
    ['new_pages', /more than 20 pages/],
    ...(paging === 'cursor' || paging === 'link'
      ? [['repeated_next', /named twice|came twice/] as [ApiFault, RegExp]]
      : []),
  ])('that never ends (%s) is stopped and reported', async (fault, message) => {
    const api = await start({ paging });
    api.setFault(fault);
    const described = describeApi(api).content;
    const session = await open(api, { paging: { ...described.paging, max_pages: 20 } });
    await expect(readOut(session.readAll(ALL))).rejects.toMatchObject({
      code: 'endless_paging',
      message: expect.stringMatching(message),
      hint: expect.stringContaining('paging'),
    });
    expect(api.requests.length).toBeLessThanOrEqual(22);
  });
});

describe.each(['page', 'offset'] as const)('the end of a list with paging %s', (paging) => {
  const uncounted = { total: null };
  const listOf = (api: SimulatedApi, change: JsonObject) =>
    Object.fromEntries(
      Object.entries({ ...describeApi(api).content.list, ...change }).filter(([, value]) => value !== null),
    );

  it.each<[ApiFault, number, JsonObject]>([
    ['last_page_again', 5, {}],
    ['last_page_again', 4, {}],
    ['last_page_again', 5, uncounted],
    ['last_page_again', 6, uncounted],
    ['refused_behind_end', 5, {}],
    ['refused_behind_end', 4, uncounted],
    ['uncounted', 5, uncounted],
  ])('is found if the API has %s, with %i items and %j', async (fault, items, change) => {
    const api = await start({ paging, items });
    api.setFault(fault);
    const session = await open(api, { list: listOf(api, change) });
    const { ids, end, faults } = await readOut(session.readAll(ALL));
    expect(ids).toEqual(Array.from({ length: items }, (_, index) => String(index + 1)));
    expect([faults, end.incomplete]).toEqual([[], undefined]);
    expect(api.requests.length).toBeLessThanOrEqual(Math.ceil(items / 2) + 3);
  });

  it.each<[ApiFault, number]>([
    ['unprocessable_behind_end', 5],
    ['unprocessable_behind_end', 4],
    ['forbidden_behind_end', 4],
    ['failing_behind_end', 5],
    ['failing_behind_end', 4],
  ])('is found by the count if the API has %s, with %i items, also by a later run', async (fault, items) => {
    const api = await start({ paging, items });
    api.setFault(fault);
    const whole = await readOut((await open(api)).readAll(ALL));
    expect(whole.ids).toHaveLength(items);
    expect([whole.faults, whole.end.incomplete]).toEqual([[], undefined]);
    expect(api.requests.length).toBeLessThanOrEqual(Math.ceil(items / 2) + 1);
    const { cursor } = whole.pages.at(-2) ?? {};
    if (cursor === undefined) throw new Error('The reading has one page.');
    const rest = await readOut((await open(api)).readAll({ ...ALL, cursor }));
    expect(rest.end).toEqual(whole.end);
  });

  it.each<ApiFault>(['unprocessable_behind_end', 'forbidden_behind_end', 'failing_behind_end'])(
    'is not taken from %s without a count',
    async (fault) => {
      const api = await start({ paging, items: 4 });
      api.setFault(fault);
      const session = await open(api, { list: listOf(api, uncounted) });
      const read = readOut(session.readAll(ALL)).then(({ faults }) => {
        if (faults.length > 0) throw faults[0];
      });
      await expect(read).rejects.toMatchObject({
        code: expect.stringMatching(/^(unexpected_status|forbidden|server_error|item_fails)$/),
      });
    },
  );

  it('is not before the count of the API: a page that comes again earlier is a fault with its number', async () => {
    const api = await start({ paging, items: 9 });
    api.setFault('same_page');
    await expect(readOut((await open(api)).readAll(ALL))).rejects.toMatchObject({
      code: 'endless_paging',
      message: expect.stringContaining('the same page came twice, as page 2 after 2 of 9 items'),
    });
  });

  it('cannot be told from a wrong parameter, if the only page comes again and is not counted', async () => {
    const api = await start({ paging, items: 1 });
    api.setFault('last_page_again');
    const session = await open(api, { list: listOf(api, uncounted) });
    await expect(readOut(session.readAll(ALL))).rejects.toMatchObject({
      code: 'endless_paging',
      hint: expect.stringContaining('list.total'),
    });
  });

  it('that comes before the count of the API leaves the reading incomplete, and asks for everything next', async () => {
    const api = await start({ paging, items: 9 });
    api.setFault('items_left_out');
    const session = await open(api);
    const { ids, end } = await readOut(session.readAll(ALL));
    expect(ids).toHaveLength(8);
    expect(end).toEqual({ watermark: { newest: null }, missing: [], incomplete: { read: 8, of: 9 } });
  });
});

describe('a list', () => {
  it('with shorter pages than were asked for is read by pages of that size', async () => {
    const api = await start({ items: 9 });
    api.setFault('lists_shortened');
    const { ids, end } = await readOut((await open(api)).readAll(ALL));
    expect(ids).toHaveLength(9);
    expect(end.incomplete).toBeUndefined();
  });

  it('that gives fewer items than it counts proves no item gone', async () => {
    const api = await start();
    const { item: _, ...content } = describeApi(api).content;
    api.setFault('items_left_out');
    const session = await platform.content?.open(connectionTo(api, { content }), testPace(2));
    expect(await session?.read(ARTICLES, ['1', '2'])).toMatchObject({
      items: [{ externalId: '1' }],
      gone: [],
      faults: [{ externalId: '2', code: 'incomplete_list' }],
    });
  });

  it('with links in the response is read like a list with links in the header', async () => {
    const session = await open(await start({ paging: 'link' }), {
      paging: { type: 'link', next: '/paging/next_url' },
    });
    expect((await readOut(session.readAll(ALL))).ids).toEqual(['1', '2', '3', '4', '5']);
  });

  it('does not follow a link to another server', async () => {
    const api = await start({ paging: 'link' });
    api.setFault('foreign_next');
    await expect(readOut((await open(api)).readAll(ALL))).rejects.toMatchObject({ code: 'foreign_link' });
  });

  it('keeps the secret of the query out of its cursor, even when the API repeats the secret', async () => {
    const api = await start({ paging: 'link', auth: 'query' });
    const read = await readOut((await open(api)).readAll(ALL));
    expect(read.ids).toEqual(['1', '2', '3', '4', '5']);
    expect(api.requests.every((request) => request.target.includes(`api_key=${API_SECRET}`))).toBe(true);
    expect(JSON.stringify(read.pages)).toContain('cursor=');
    expect(JSON.stringify(read.pages)).not.toContain(API_SECRET);
  });

  it('is read one page ahead while a page is stored, and no further', async () => {
    const api = await start({ items: 10 });
    const reading = (await open(api)).readAll(ALL)[Symbol.asyncIterator]();
    await reading.next();
    const two = () => api.requests.length === 2;
    for (let tries = 0; !two() && tries < 1_000; tries += 1) await new Promise(setImmediate);
    expect(two()).toBe(true);
    await reading.next();
    expect(api.requests.length).toBeLessThanOrEqual(3);
    await reading.return?.(undefined);
  });

  it('waits as long as the API asks', async () => {
    const api = await start();
    api.setFault('throttled_once');
    expect((await readOut((await open(api)).readAll(ALL))).ids).toHaveLength(5);
  });

  it.each<[ApiFault, string, boolean]>([
    ['html', 'not_json', false],
    ['no_list', 'not_a_list', false],
    ['failing', 'server_error', true],
    ['gzip_unmarked', 'bad_encoding', false],
    ['gzip_false', 'bad_encoding', false],
    ['body_cut_off', 'cut_off', true],
  ])('that fails by %s is the fault %s (retryable: %s)', async (fault, code, retryable) => {
    const api = await start({ paging: 'cursor' });
    api.setFault(fault);
    await expect(readOut((await open(api)).readAll(ALL))).rejects.toMatchObject({ code, retryable });
  });

  it.each([
    ['{"data":[1,2', 'cut_off'],
    ['{"data":[1,2]', 'cut_off'],
    ['{"data":["a te', 'cut_off'],
    ['{"data":tru', 'cut_off'],
    ['{"data":[1,\n<html>504', 'cut_off'],
    [`{"data":[${'"long",'.repeat(100_000)}`, 'cut_off'],
    ['{"data":[1,2]}}', 'not_json'],
    ['{"data":[1,2]}<script>', 'not_json'],
    ["{\n'data': [1,\n2]}", 'not_json'],
    ['tru', 'not_json'],
  ])('%.20j is %s', async (text, code) => {
    const page = { method: 'GET', path: '/' };
    const response = { status: 200, headers: {}, url: '', redirects: 0, ms: 0, connect: NOT_MEASURED };
    await expect(readJson(page, { ...response, body: Buffer.from(text) })).rejects.toMatchObject({ code });
  });

  it('with line breaks and tabs as they are in its texts is read, and says so', async () => {
    const api = await start();
    api.edit(2, { title: 'A\ttab', text: 'Two\r\nlines, and a \\n' });
    const clean = await open(api);
    const before = await readOut(clean.readAll(ALL));
    expect(clean.finding?.()).toBeNull();
    api.setFault('raw_controls');
    const session = await open(api);
    expect((await readOut(session.readAll(ALL))).items).toEqual(before.items);
    expect(session.finding?.()).toMatchObject({
      code: 'dirty_json',
      message: expect.stringContaining('GET /articles'),
    });
  });

  it('with a wrong secret names the secret as the cause', async () => {
    const api = await start();
    const connection = connectionTo(api, {}, { token: 'wrong' });
    const session = await platform.content?.open(connection, testPace(2));
    await expect(readOut(session?.readAll(ALL) ?? nothing())).rejects.toMatchObject({
      code: 'bad_credentials',
    });
  });

  it('gives only the newest items up to the limit', async () => {
    const api = await start({ items: 7 });
    api.edit(2, { title: 'Edited' });
    const read = await readOut((await open(api)).readAll({ ...ALL, newest: 3 }));
    expect(read.ids).toEqual(['2', '7', '6']);
  });

  it('leaves out deleted items', async () => {
    const api = await start();
    api.edit(2, { state: 'removed' });
    expect((await readOut((await open(api)).readAll(ALL))).ids).toEqual(['1', '3', '4', '5']);
  });

  it('of another type than the described one is a fault', async () => {
    const session = await open(await start());
    const other = typeOf('page');
    await expect(readOut(session.readAll({ ...ALL, type: other }))).rejects.toMatchObject({
      code: 'unknown_type',
    });
  });
});

describe('an item that cannot be read is reported, and the other items are read', () => {
  it.each<[ApiFault, string | null, string, RegExp, string[]]>([
    ['no_id', null, 'no_id', /\/id/, ['1', '3', '4', '5']],
    ['null_item', null, 'no_id', /\/id/, ['1', '3', '4', '5']],
    ['same_id', '1', 'same_id', /id/, ['1', '3', '4', '5']],
  ])('%s', async (fault, externalId, code, message, ids) => {
    const api = await start();
    api.setFault(fault);
    const read = await readOut((await open(api)).readAll(ALL));
    expect(read.ids).toEqual(ids);
    expect(read.faults).toEqual([{ externalId, code, message: expect.stringMatching(message) }]);
  });

  it.each<[ApiFault, string, RegExp]>([
    ['no_title', 'title', /\/attributes\/title/],
    ['unknown_state', 'status', /\/attributes\/state/],
    ['nul_in_title', 'title', /NUL/],
  ])('%s spares the item', async (fault, field, message) => {
    const api = await start();
    api.setFault(fault);
    const read = await readOut((await open(api)).readAll(ALL));
    expect(read.ids).toEqual(['1', '2', '3', '4', '5']);
    expect(read.faults).toEqual([]);
    expect(read.items[1]?.unread).toEqual([
      expect.objectContaining({ field, message: expect.stringMatching(message) }),
    ]);
    expect(read.items[1]).toMatchObject({ slug: 'article-2', [field]: field === 'status' ? 'draft' : '' });
  });

  it('an item without its optional fields has them empty', async () => {
    const api = await start({ items: 1 });
    const map = {
      external_id: '/id',
      title: '/attributes/title',
      excerpt: '/nowhere',
      slug: '/nowhere',
      url: '/nowhere',
      modified_at: '/attributes/title',
      metadata: { views: '/nowhere' },
      terms: { at: '/nowhere', taxonomy: 'tag', slug: '' },
    };
    const { create: _create, update: _update, ...readOnly } = describeApi(api).content;
    const config = { content: { ...readOnly, map } };
    const session = await platform.content?.open(connectionTo(api, config), testPace(2));
    const { items } = await readOut(session?.readAll(ALL) ?? nothing());
    expect(items).toMatchObject([
      { excerpt: '', slug: '', url: null, modifiedAt: null, metadata: {}, terms: [], status: 'published' },
    ]);
  });
});

describe('changes', () => {
  const known = async (session: ContentSession) => {
    const read = await readOut(session.readAll(ALL));
    return { watermark: read.end.watermark, known: read.known };
  };

  it('are found in the whole list, with undated and missing items', async () => {
    const api = await start({ paging: 'cursor' });
    const session = await open(api);
    expect(session.findsEveryChange).toBe(true);
    const before = await known(session);
    const unchanged = await readOut(session.readChanges({ type: ARTICLES, newest: null, ...before }));
    expect(unchanged).toMatchObject({ ids: [], end: { missing: [] } });

    const third = api.items[2];
    if (third) third.attributes.text = 'changed without a date';
    api.edit(1, { title: 'New title' });
    api.edit(4, { state: 'removed' });
    api.items.splice(1, 1);
    api.items.push(makeItem(9));
    const read = await readOut(session.readChanges({ type: ARTICLES, newest: null, ...before }));
    expect(read.ids).toEqual(['1', '3', '4', '9']);
    expect(read.items.find((item) => item.externalId === '4')?.status).toBeNull();
    expect(read.end.missing).toEqual(['2']);
  });

  it('since the last run are requested, if the API can filter', async () => {
    const api = await start({ paging: 'cursor', items: 40 });
    const list = { ...describeApi(api).content.list, since_param: 'updated_since' };
    const session = await open(api, { list });
    expect(session.findsEveryChange).toBe(false);
    const before = await known(session);
    expect(before.watermark).toEqual({ newest: makeItem(40).updated_at });
    api.edit(7, { title: 'New title' });
    api.requests.length = 0;
    const read = await readOut(session.readChanges({ type: ARTICLES, newest: null, ...before }));
    expect(read.ids).toEqual(['7']);
    expect(read.end).toEqual({ watermark: { newest: api.items[6]?.updated_at }, missing: [] });
    expect(decodeURIComponent(api.requests[0]?.target ?? '')).toContain(
      'updated_since=2026-01-01T00:35:00.000Z',
    );
    expect(api.requests.length).toBeLessThan(6);
  });

  it('are found also when another item has a date in the future', async () => {
    const api = await start();
    const [first] = api.items;
    if (first) first.updated_at = '2999-01-01T00:00:00Z';
    const { end } = await readOut((await open(api)).readAll(ALL));
    expect(Date.parse(String(end.watermark.newest))).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  it('with an unreadable item do not report that item as missing', async () => {
    const api = await start();
    const session = await open(api);
    const before = await known(session);
    api.setFault('no_title');
    const read = await readOut(session.readChanges({ type: ARTICLES, newest: null, ...before }));
    expect(read).toMatchObject({ ids: ['2'], end: { missing: [] }, faults: [] });
  });
});

describe('reading items by id', () => {
  it('gives each item, and reports the missing ones as gone', async () => {
    const api = await start();
    const read = await (await open(api)).read(ARTICLES, ['3', '77', '1', '3', 'a/../b']);
    expect(read.items.map((item) => item.externalId).sort()).toEqual(['1', '3']);
    expect(read.gone).toEqual(['77', 'a/../b']);
    expect(read.faults).toEqual([]);
    expect(api.requests.map((request) => request.target)).toContain('/v1/articles/a%2F..%2Fb');
  });

  it.each<[ApiFault, string]>([
    ['item_forbidden', 'forbidden'],
    ['other_item', 'other_item'],
  ])('reports %s as a fault, not as gone', async (fault, code) => {
    const api = await start();
    api.setFault(fault);
    const read = await (await open(api)).read(ARTICLES, ['3']);
    expect(read).toMatchObject({ items: [], gone: [], faults: [{ externalId: '3', code }] });
  });

  it('fails as a whole when the API fails', async () => {
    const api = await start();
    const session = await open(api);
    api.setFault('failing');
    await expect(session.read(ARTICLES, ['3'])).rejects.toMatchObject({
      code: 'server_error',
      retryable: true,
    });
  });

  it('uses the list when the API has no request for one item', async () => {
    const api = await start();
    const { item: _, ...content } = describeApi(api).content;
    const session = await platform.content?.open(connectionTo(api, { content }), testPace(2));
    expect(await session?.read(ARTICLES, ['5', '77'])).toMatchObject({
      items: [{ externalId: '5' }],
      gone: ['77'],
      faults: [],
    });
    api.setFault('no_id');
    expect(await session?.read(ARTICLES, ['2'])).toMatchObject({
      gone: [],
      faults: [{ externalId: '2', code: 'no_id' }],
    });
  });
});

describe('the structure', () => {
  it.each<[string, JsonObject]>([
    ['counted in the response', {}],
    ['counted in a header', { total: null, total_header: 'X-Total-Count' }],
    ['counted', { total: null }],
  ])('has the one type, with its items %s', async (_, change) => {
    const api = await start();
    const described = describeApi(api);
    const list = Object.fromEntries(
      Object.entries({ ...described.content.list, ...change }).filter(([, value]) => value !== null),
    );
    const structure = await platform.readStructure?.(
      connectionTo(api, { content: { ...described.content, list } }),
    );
    expect(structure).toEqual({
      post_types: { article: { label: 'Articles', count: 5 } },
      taxonomies: {},
      plugin_connection_enabled: false,
      two_way_sync_enabled: true,
      timestamp: expect.stringMatching(/Z$/),
    });
  });
});

describe('a description without content', () => {
  it('cannot be read or written, and the error says so', async () => {
    const api = await start();
    const { content: _, ...bare } = describeApi(api);
    const connection = { ...connectionTo(api), config: bare };
    expect(platform.capabilitiesOf?.(bare)).toEqual({ usesSiteKey: false, structure: false, content: false });
    expect(platform.capabilitiesOf?.(connectionTo(api).config)).toEqual(platform.capabilities);
    for (const asked of [
      async () => platform.content?.open(connection, testPace(2)),
      async () => platform.readStructure?.(connection),
    ]) {
      await expect(asked()).rejects.toMatchObject({
        kind: 'not_supported',
        message: expect.stringContaining('custom'),
      });
    }
  });
});
