/**
 * Sites that cannot make a large page, and posts on which a plugin dies.
 *
 * Counted is every request of a reading after the session is open, except those for types, statuses, taxonomies and
 * terms. The ideal is the number of items by the largest part that the site gives, and what the search for each item
 * that fails alone needs: two requests for each halving of the largest page, and ten more to prove that the site is up
 * and to find the id.
 */
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContentSession } from '../../../src/platforms/contentPart.ts';
import type { SizeMemory } from '../../../src/platforms/parts/partSize.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import type { Breakdown } from '../../../src/simulation/wordpress/weakness.ts';
import { Known, POST, readOut, testPace } from '../../support/contentCaller.ts';
import { connectionTo, PASSWORD, SITE_ID, SITE_KEY, testPlatform } from './testSite.ts';

const { platform, close } = testPlatform();
let site: SimulatedWordpress;
let remembered: Map<string, number>;
let pace: ReturnType<typeof testPace>;

beforeEach(async () => {
  site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
  site.state.posts.length = 0;
  remembered = new Map();
});
afterEach(() => site.stop());
afterAll(close);

const ITEMS = 1_000;
const MARK = '[dies-here]';
const ALL = { type: POST, newest: null, cursor: null };
const WAYS = ['connector', 'password'] as const;
type Way = (typeof WAYS)[number];
const LARGEST: Record<Way, number> = { connector: 500, password: 100 };
const BREAKDOWNS: Breakdown[] = ['gateway_timeout', 'cut', 'cut_off', 'critical_error', 'error_page'];

const memory: SizeMemory = {
  get: (list) => remembered.get(list),
  set: async (list, size) => {
    if (size === null) remembered.delete(list);
    else remembered.set(list, size);
  },
};

/** Fills the site with posts. Ids have gaps, as revisions take ids too. */
function fill(count: number, poisoned: readonly number[] = []): void {
  for (let n = 1; n <= count; n += 1)
    site.state.posts.push({
      id: n * 3,
      type: 'post',
      status: 'publish',
      slug: `post-${n}`,
      title: `Post ${n}`,
      content: poisoned.includes(n) ? `Text ${MARK}` : 'Text',
      terms: [2, 3],
      author: 1,
      modified_gmt: '2026-01-01T00:00:00',
    });
}

async function open(way: Way): Promise<ContentSession> {
  const connection = connectionTo(
    site.url,
    way === 'connector' ? {} : { siteKey: null, credentials: PASSWORD },
  );
  pace = testPace();
  const session = await platform.content?.open(connection, pace, memory);
  if (session === undefined) throw new Error('WordPress has no content part.');
  site.state.requests.length = 0;
  pace.sent = 0;
  return session;
}

/** How many requests were counted since the session was opened. */
function counted(): number {
  const others = /\/wp\/v2\/(types|statuses|taxonomies|categories|tags)/;
  const targets = site.state.requests.map(({ target }) => target).filter((target) => others.test(target));
  return pace.sent - new Set(targets).size;
}

const ids = () => site.state.posts.map(({ id }) => String(id));

describe.each(WAYS)('a weak host, read by %s', (way) => {
  it.each([1, 2, 3, 7, 12, 25, 50, 77, 93, 99, 100])(
    'gives %i items at once',
    async (mostItems) => {
      fill(ITEMS);
      for (const by of BREAKDOWNS) {
        remembered.clear();
        site.weaken({ by, mostItems });
        const read = await readOut((await open(way)).readAll(ALL));
        expect(read.faults).toEqual([]);
        expect(read.ids.sort()).toEqual(ids().sort());
        expect(read.end.incomplete).toBeUndefined();
        const ideal = Math.ceil(ITEMS / mostItems);
        expect({ by, isBelowTwice: counted() < 2 * ideal, counted: counted(), ideal }).toMatchObject({
          isBelowTwice: true,
        });
      }
    },
    120_000,
  );

  it('is asked at once for what it gave before, and for more later', async () => {
    fill(ITEMS);
    site.weaken({ by: 'gateway_timeout', mostItems: 12 });
    await readOut((await open(way)).readAll(ALL));
    const [kept = 0] = [...remembered].filter(([list]) => list.startsWith('items')).map(([, size]) => size);
    expect(kept).toBeGreaterThan(9);
    expect(kept).toBeLessThanOrEqual(12);
    await readOut((await open(way)).readAll(ALL));
    const again = counted();
    expect(again).toBeLessThan(1.25 * Math.ceil(ITEMS / 12) + 10);
    site.weaken(null);
    for (let reading = 0; reading < 8; reading += 1) await readOut((await open(way)).readAll(ALL));
    expect(counted()).toBeLessThan(again / 2);
  }, 60_000);
});

describe.each(WAYS)('posts on which a plugin dies, read by %s', (way) => {
  const poisoned = [1, 444, 1_000];
  const names = poisoned.map((n) => String(n * 3));

  it.each(BREAKDOWNS)('fail by name with %s, and the others come', async (by) => {
    fill(ITEMS, poisoned);
    site.weaken({ by, mostItems: null, diesOn: MARK });
    const session = await open(way);
    const read = await readOut(session.readAll(ALL));
    expect(read.faults.map(({ externalId, code }) => [externalId, code])).toEqual(
      names.map((name) => [name, 'item_fails']),
    );
    expect(read.ids.sort()).toEqual(
      ids()
        .filter((id) => !names.includes(id))
        .sort(),
    );
    const search = 2 * Math.ceil(Math.log2(LARGEST[way])) + 10;
    expect(counted()).toBeLessThan(2 * (ITEMS / LARGEST[way] + poisoned.length * search));
    // The size is not blamed for what single items do.
    expect([...remembered.keys()].filter((list) => list.startsWith('items'))).toEqual([]);
  });

  it('are tried again one by one, and come when they are mended', async () => {
    fill(ITEMS, poisoned);
    site.weaken({ by: 'critical_error', mostItems: null, diesOn: MARK });
    const first = await readOut((await open(way)).readAll(ALL));
    const known = new Known();
    known.take(first.items);
    known.failingAlone.push(...names);
    const changes = async (watermark: object) =>
      readOut(
        (await open(way)).readChanges({
          type: POST,
          newest: null,
          watermark: JSON.parse(JSON.stringify(watermark)),
          known,
        }),
        known,
      );
    const second = await changes(first.end.watermark);
    expect(second.faults.map(({ externalId }) => externalId).sort()).toEqual([...names].sort());
    expect(second.items).toEqual([]);
    expect(second.end.incomplete).toBeUndefined();
    expect(counted()).toBeLessThan(15);
    site.weaken(null);
    const third = await changes(second.end.watermark);
    expect(third.ids.sort()).toEqual([...names].sort());
    expect(third.faults).toEqual([]);
  });

  it('fail by name on a weak host too', async () => {
    fill(300, [17, 18, 250]);
    site.weaken({ by: 'cut', mostItems: 12, diesOn: MARK });
    const read = await readOut((await open(way)).readAll(ALL));
    expect(read.faults.map(({ externalId }) => externalId)).toEqual(['51', '54', '750']);
    expect(read.items).toHaveLength(297);
  });
});

describe.each(WAYS)('a site that is down, read by %s', (way) => {
  it('is not asked for ever smaller pages', async () => {
    fill(200);
    const session = await open(way);
    site.setFault('gateway_down');
    await expect(readOut(session.readAll(ALL))).rejects.toMatchObject({ code: expect.any(String) });
    // Two pages, and three tries of the proof.
    expect(counted()).toBeLessThanOrEqual(5);
  });
});

describe('a site that refuses large pages', () => {
  it('refuses none in a session an hour later', async () => {
    fill(20);
    site.setFault('page_limit_lowered');
    let now = Date.now();
    const later = testPlatform({ clock: () => now });
    const read = async () => {
      site.state.requests.length = 0;
      const connection = connectionTo(site.url, { siteKey: null, credentials: PASSWORD });
      const session = await later.platform.content?.open(connection, testPace(), memory);
      if (session === undefined) throw new Error('The platform has no contents.');
      expect((await readOut(session.readAll(ALL))).items).toHaveLength(20);
      return site.state.requests.filter(({ target }) => /[?&]per_page=(\d{2,}|[5-9])(&|$)/.test(target))
        .length;
    };
    expect(await read()).toBeGreaterThan(0);
    now += 3_600_000;
    // The signatures and answers of the site hold its own time.
    site.clock.offsetMs = 3_600_000;
    expect(await read()).toBe(0);
    later.close();
  });
});
