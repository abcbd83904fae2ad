import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContentSession } from '../../../src/platforms/contentPart.ts';
import { contentWrite, Known, POST, readOut, testPace } from '../../support/contentCaller.ts';
import { contentKey } from '../../support/identity.ts';
import { type ContentSite, startContentSite } from './contentSite.ts';
import { fakePost } from './contentState.ts';
import { connectionTo, PASSWORD, testPlatform } from './testSite.ts';

const MAX_BYTES = 1024 * 1024;
const { platform, close } = testPlatform({ maxBytes: MAX_BYTES });
let site: ContentSite;
let pace: ReturnType<typeof testPace>;

beforeEach(async () => {
  site = await startContentSite(1200);
  site.connector = 'content';
  pace = testPace();
});
afterEach(() => site.stop());
afterAll(close);

async function open(credentials = {}, used = platform): Promise<ContentSession> {
  const session = await used.content?.open(connectionTo(site.url, { credentials }), pace);
  if (session === undefined) throw new Error('WordPress has no content part.');
  return session;
}

const ALL = { type: POST, newest: null, cursor: null };
const asked = (route: string) => site.asked.filter((request) => request.route === route);

describe('the connector', () => {
  it('is used when it has content routes, otherwise signed core REST', async () => {
    expect((await open()).findsEveryChange).toBe(true);
    site.connector = 'old';
    const other = testPlatform();
    const session = await open({}, other.platform);
    expect(session.findsEveryChange).toBe(false);
    expect((await readOut(session.readAll(ALL))).ids).toHaveLength(1200);
    expect(site.asked.every(({ headers }) => headers.authorization === undefined)).toBe(true);
    other.close();
  });

  it('gives the same items as core REST, with its hash and the content’s key', async () => {
    site.posts[2] = fakePost(3, {
      meta: { colour: 'red' },
      featured_media: 4,
      parent: 2,
      contentKey: contentKey(77),
    });
    const byConnector = await readOut((await open()).readAll(ALL));
    site.connector = 'none';
    const byCore = await readOut((await open(PASSWORD)).readAll(ALL));
    const plain = byConnector.items.map((item) => ({ ...item, tag: null, contentKey: null }));
    // This connector is older than 0.6.0, and does not tell which builder shows an item.
    expect(plain).toEqual(byCore.items.map(({ builtWith: _, ...item }) => item));
    expect(byConnector.items[2]).toMatchObject({
      tag: expect.stringMatching(/^[0-9a-f]{16}$/),
      contentKey: contentKey(77),
    });
  });

  it('reads 500 items per page, resumes after a cursor, and omits forbidden items, as core does', async () => {
    site.hidden = new Set([3]);
    const { pages, faults, ids } = await readOut((await open()).readAll(ALL));
    expect(pages.map(({ items, expected }) => [items.length, expected])).toEqual([
      [499, 1200],
      [500, 1200],
      [200, 1200],
    ]);
    expect(faults).toEqual([]);
    expect(ids).toHaveLength(1199);
    const rest = await readOut((await open()).readAll({ ...ALL, cursor: pages[1]?.cursor ?? null }));
    expect(rest.ids).toHaveLength(200);
    expect((await readOut((await open()).readAll({ ...ALL, newest: 5 }))).ids).toHaveLength(5);
  });

  it('reads smaller pages when a page is too large, and leaves out an item that is too large', async () => {
    site.before = ({ route, query }) => {
      if (route !== 'sitebridge/v1/items') return undefined;
      const after = Number(query.get('after_id'));
      const holds = after < 700 && after + Number(query.get('limit')) >= 700;
      return holds ? { raw: ' '.repeat(MAX_BYTES + 1) } : undefined;
    };
    const { ids, faults } = await readOut((await open()).readAll(ALL));
    expect(ids).toHaveLength(1199);
    expect(faults).toEqual([{ externalId: '700', code: 'too_large', message: expect.any(String) }]);
  });

  it('takes one request without changes', async () => {
    const known = new Known();
    const { end } = await readOut((await open()).readAll(ALL), known);
    site.asked.length = 0;
    const session = await open();
    const watermark = end.watermark;
    const changes = await readOut(session.readChanges({ type: POST, newest: null, watermark, known }));
    expect([changes.ids, changes.end.missing]).toEqual([[], []]);
    expect(site.asked.map(({ route }) => route)).toEqual([
      '',
      'sitebridge/v1/ping',
      'sitebridge/v1/inventory',
    ]);
  });

  it('finds every change by the inventory, even a change without a date', async () => {
    const known = new Known();
    const { end } = await readOut((await open()).readAll(ALL), known);
    Object.assign(site.posts[4] ?? {}, { meta: { colour: 'blue' } });
    Object.assign(site.posts[1099] ?? {}, { status: 'trash' });
    site.posts = site.posts.filter(({ id }) => id !== 1150);
    site.posts.push(fakePost(5_000, { modified_gmt: '2001-01-01T00:00:00' }));
    const session = await open();
    const watermark = end.watermark;
    const changes = await readOut(session.readChanges({ type: POST, newest: null, watermark, known }));
    expect([changes.ids, changes.end.missing]).toEqual([
      ['5', '5000'],
      ['1100', '1150'],
    ]);
  });

  it('does not read items older than the newest stored ones', async () => {
    const known = new Known();
    await readOut((await open()).readAll({ ...ALL, newest: 100 }), known);
    Object.assign(site.posts[4] ?? {}, { title: 'Old' });
    Object.assign(site.posts[1150] ?? {}, { title: 'New' });
    const session = await open();
    const changes = await readOut(session.readChanges({ type: POST, newest: 100, watermark: {}, known }));
    expect([changes.ids, changes.end.missing]).toEqual([['1151'], []]);
  });

  it('reports the state of items by id', async () => {
    site.posts[0] = fakePost(1, { status: 'trash' });
    site.hidden = new Set([2]);
    const outcome = await (await open()).read(POST, ['1', '2', '3', '9999']);
    expect(outcome.items.map(({ externalId, status }) => [externalId, status])).toEqual([
      ['1', null],
      ['3', 'published'],
    ]);
    expect(outcome.gone).toEqual(['9999']);
    expect(outcome.faults.map(({ externalId, code }) => [externalId, code])).toEqual([['2', 'forbidden']]);
  });

  it.each([
    ['an inventory without ranges', 'sitebridge/v1/inventory', { size: 1000 }],
    ['a range without a hash', 'sitebridge/v1/inventory', { ranges: [[0, 1, 'zz']] }],
  ])('fails on %s', async (_, route, body) => {
    const session = await open();
    site.before = (request) => (request.route === route ? { status: 200, body } : undefined);
    const changes = session.readChanges({ type: POST, newest: null, watermark: {}, known: new Known() });
    await expect(readOut(changes)).rejects.toMatchObject({ code: 'unexpected_answer' });
  });

  it('fails on an endless list of items', async () => {
    const session = await open();
    site.before = ({ route }) =>
      route === 'sitebridge/v1/items'
        ? { status: 200, body: { items: [], forbidden: [], next_after_id: 5, total: 9 } }
        : undefined;
    await expect(readOut(session.readAll(ALL))).rejects.toMatchObject({ code: 'unexpected_answer' });
  });
});

describe('writing through the connector', () => {
  it('creates 25 posts in one signed request, and a retry updates them', async () => {
    site.posts = [];
    const session = await open();
    const writes = Array.from({ length: 25 }, (_, index) => contentWrite(index + 1));
    const first = await session.write(POST, writes);
    const second = await session.write(
      POST,
      writes.map((write) => ({ ...write, mayExist: true, sentAs: [write], excerpt: 'New' })),
    );
    expect(first.map(({ result }) => result)).toEqual(Array(25).fill('written'));
    expect(first[0]).toMatchObject({
      created: true,
      remote: { contentKey: contentKey(1), slug: 'written-1' },
    });
    expect(second[0]).toMatchObject({ created: false, remote: { excerpt: 'New' } });
    expect(site.posts).toHaveLength(25);
    expect(asked('batch/v1')).toHaveLength(3);
  });

  it('creates one post though the response was lost, and has no conflict with itself', async () => {
    site.posts = [fakePost(1)];
    const session = await open();
    const [known] = (await session.read(POST, ['1'])).items;
    const write = contentWrite(9, { externalId: '1', expectedTag: known?.tag ?? null, slug: 'post-1' });
    let lost = false;
    site.after = ({ method }) => {
      if (method !== 'POST' || lost) return undefined;
      lost = true;
      return 'break off';
    };
    expect(await session.write(POST, [write])).toEqual([
      expect.objectContaining({ result: 'written', remote: expect.objectContaining({ title: 'Written 9' }) }),
    ]);
  });

  it('returns the present item with a conflict', async () => {
    site.posts = [fakePost(1), fakePost(2, { status: 'trash' })];
    const write = (id: number) => contentWrite(id, { externalId: String(id), expectedTag: '0'.repeat(16) });
    const outcomes = await (await open()).write(POST, [write(1), write(2)]);
    expect(outcomes).toEqual([
      { result: 'conflict', remote: expect.objectContaining({ title: 'Post 1' }) },
      { result: 'conflict', remote: null },
    ]);
  });
});
