/**
 * APIs that cannot make a large page, and items over which they break down.
 *
 * Counted is every request of a reading. The ideal is the number of items by the largest part that the API gives, and
 * what the search for each item that fails alone needs: two requests for each halving of a page, and ten more.
 */
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { describeApi } from '../../../src/simulation/custom/apiDescription.ts';
import { type SimulatedApi, startSimulatedApi } from '../../../src/simulation/custom/simulatedApi.ts';
import type { ApiWeakness } from '../../../src/simulation/custom/state.ts';
import { Known, readOut, testPace } from '../../support/contentCaller.ts';
import { connectionTo, testPlatform } from './testApi.ts';

const { platform, close } = testPlatform();
let api: SimulatedApi;
let pace: ReturnType<typeof testPace>;
afterEach(() => api.stop());
afterAll(close);

const ITEMS = 1_000;
const MARK = '[dies-here]';
const TYPE = { slug: 'article', structure: null };
const ALL = { type: TYPE, newest: null, cursor: null };
const PAGINGS = ['page', 'offset'] as const;
const CHAINS = ['cursor', 'link'] as const;
const BREAKDOWNS: ApiWeakness['by'][] = ['gateway_timeout', 'cut', 'error'];

type Paging = (typeof PAGINGS)[number] | (typeof CHAINS)[number];

const DESCRIBED: Record<Paging, object> = {
  page: { type: 'page', size_param: 'per_page' },
  offset: { type: 'offset' },
  cursor: { type: 'cursor', next: '/paging/next_cursor', size_param: 'limit' },
  link: { type: 'link', size_param: 'limit' },
};

async function open(paging: Paging, list: object = {}) {
  const described = describeApi(api);
  const content = {
    ...described.content,
    list: { ...described.content.list, ...list },
    paging: { ...DESCRIBED[paging], size: 100 },
  };
  const connection = connectionTo(api, JSON.parse(JSON.stringify({ ...described, content })));
  pace = testPace();
  const session = await platform.content?.open(connection, pace);
  if (session === undefined) throw new Error('The custom platform has no content part.');
  pace.sent = 0;
  api.requests.length = 0;
  return session;
}

describe.each(PAGINGS)('a weak API with paging by %s', (paging) => {
  it.each([1, 2, 3, 7, 9, 12, 19, 24, 25, 49, 50, 77, 99, 100])(
    'gives %i items at once',
    async (mostItems) => {
      api = await startSimulatedApi({ paging, items: ITEMS, pageSize: 10_000 });
      for (const by of BREAKDOWNS) {
        api.weaken({ by, mostItems });
        const read = await readOut((await open(paging)).readAll(ALL));
        expect(read.faults).toEqual([]);
        expect(read.ids.map(Number)).toEqual(Array.from({ length: ITEMS }, (_, index) => index + 1));
        expect(read.end.incomplete).toBeUndefined();
        const ideal = Math.ceil(ITEMS / mostItems);
        // The last page, which is empty, is read from any API.
        const isBelowTwice = pace.sent - 1 < 2 * ideal;
        expect({ by, isBelowTwice, requests: pace.sent, ideal }).toMatchObject({
          isBelowTwice: true,
        });
      }
    },
    120_000,
  );

  it('fails over single items, which are told by their places, and gives the others', async () => {
    api = await startSimulatedApi({ paging, items: ITEMS, pageSize: 10_000 });
    for (const id of [1, 444, 1_000]) api.edit(id, { text: MARK });
    for (const by of BREAKDOWNS) {
      api.weaken({ by, mostItems: null, diesOn: MARK });
      const read = await readOut((await open(paging)).readAll(ALL));
      expect(read.faults.map(({ code }) => code)).toEqual(['item_fails', 'item_fails', 'item_fails']);
      expect(read.faults.map(({ message }) => /^Item (\d+)/.exec(message)?.[1])).toEqual([
        '1',
        '444',
        '1000',
      ]);
      expect(read.items).toHaveLength(ITEMS - 3);
      expect(api.requests.length).toBeLessThan(2 * (ITEMS / 100 + 3 * (2 * Math.ceil(Math.log2(100)) + 10)));
    }
  }, 60_000);

  it('gives an item that was mended to the next reading of changes', async () => {
    api = await startSimulatedApi({ paging, items: 150, pageSize: 10_000 });
    api.edit(77, { text: MARK });
    api.weaken({ by: 'error', mostItems: null, diesOn: MARK });
    const since = { since_param: 'updated_since' };
    const first = await readOut((await open(paging, since)).readAll(ALL));
    expect(first.items).toHaveLength(149);
    const known = new Known();
    known.take(first.items);
    api.weaken(null);
    const request = { type: TYPE, newest: null, watermark: first.end.watermark, known };
    const second = await readOut((await open(paging, since)).readChanges(request), known);
    expect(second.ids).toEqual(['77']);
  });
});

describe.each(CHAINS)('a weak API whose answers name the next page, by %s', (paging) => {
  it.each([1, 2, 3, 7, 12, 25, 50, 77, 99, 100])(
    'gives %i items at once',
    async (mostItems) => {
      api = await startSimulatedApi({ paging, items: ITEMS, pageSize: 10_000 });
      for (const by of BREAKDOWNS) {
        api.weaken({ by, mostItems });
        const read = await readOut((await open(paging)).readAll(ALL));
        expect(read.faults).toEqual([]);
        expect(read.ids.map(Number)).toEqual(Array.from({ length: ITEMS }, (_, index) => index + 1));
        const ideal = Math.ceil(ITEMS / mostItems);
        const isBelowTwice = pace.sent < 2 * ideal;
        expect({ by, isBelowTwice, requests: pace.sent, ideal }).toMatchObject({ isBelowTwice: true });
      }
    },
    120_000,
  );

  it('fails where an item fails alone, as no place behind it is known', async () => {
    api = await startSimulatedApi({ paging, items: 300, pageSize: 10_000 });
    api.edit(150, { text: MARK });
    api.weaken({ by: 'error', mostItems: null, diesOn: MARK });
    await expect(readOut((await open(paging)).readAll(ALL))).rejects.toMatchObject({ code: 'server_error' });
  });
});

it('an item that is stored here and fails alone is told by its id, and is not gone', async () => {
  api = await startSimulatedApi({ items: 20, pageSize: 10_000 });
  const all = await readOut((await open('page')).readAll(ALL));
  api.edit(7, { text: MARK });
  api.weaken({ by: 'error', mostItems: null, diesOn: MARK });
  const session = await open('page');
  expect(await session.read(TYPE, ['6', '7'])).toMatchObject({
    items: [{ externalId: '6' }],
    gone: [],
    faults: [{ externalId: '7', code: 'item_fails' }],
  });
  expect(all.items).toHaveLength(20);
});

it('an API that is down is not asked for ever smaller pages', async () => {
  api = await startSimulatedApi({ items: 200, pageSize: 10_000 });
  const session = await open('page');
  api.setFault('failing');
  await expect(readOut(session.readAll(ALL))).rejects.toMatchObject({ code: 'server_error' });
  expect(api.requests.length).toBeLessThanOrEqual(5);
});
