import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/platforms/connection.ts';
import type { ContentSession } from '../../../src/platforms/contentPart.ts';
import { Known, POST, readOut, testPace } from '../../support/contentCaller.ts';
import { type ContentSite, startContentSite } from './contentSite.ts';
import { fakePost, nowOf } from './contentState.ts';
import { connectionTo, PASSWORD, testPlatform } from './testSite.ts';

const { platform, close } = testPlatform();
const HOUR = 3_600_000;
let site: ContentSite;
let known: Known;
let now: number;

beforeEach(async () => {
  site = await startContentSite(250);
  known = new Known();
  now = Date.UTC(2026, 5, 1);
  site.clock = () => now;
});
afterEach(() => site.stop());
afterAll(close);

async function open(): Promise<ContentSession> {
  const session = await platform.content?.open(connectionTo(site.url, { credentials: PASSWORD }), testPace());
  if (session === undefined) throw new Error('WordPress has no content part.');
  return session;
}

/** Reads all posts. Returns the watermark. */
async function pullAll(newest: number | null = null): Promise<JsonObject> {
  const { end } = await readOut((await open()).readAll({ type: POST, newest, cursor: null }), known);
  now += HOUR;
  site.asked.length = 0;
  return end.watermark;
}

async function pullChanges(watermark: JsonObject, newest: number | null = null) {
  const session = await open();
  const pulled = await readOut(session.readChanges({ type: POST, newest, watermark, known }), known);
  for (const id of pulled.end.missing) known.contents.delete(id);
  return pulled;
}

function edit(id: number): void {
  const post = site.posts.find((each) => each.id === id);
  if (post !== undefined) Object.assign(post, { title: 'Edited', modified_gmt: nowOf(site) });
}

const lists = () => site.asked.filter(({ route }) => route === 'wp/v2/posts');

describe('reading what changed through core REST', () => {
  it('takes two requests without changes', async () => {
    const { ids, end } = await pullChanges(await pullAll());
    expect(ids).toEqual([]);
    expect(end.missing).toEqual([]);
    expect(site.asked.map(({ route }) => route)).toEqual([
      '',
      'wp/v2/statuses',
      'wp/v2/posts',
      'wp/v2/posts',
    ]);
  });

  it('finds edits, new posts, deletions and trashed posts, and fetches only those', async () => {
    const watermark = await pullAll();
    edit(7);
    edit(200);
    site.posts.push(fakePost(251, { modified_gmt: nowOf(site) }));
    Object.assign(site.posts[19] ?? {}, { status: 'trash' });
    site.posts = site.posts.filter(({ id }) => id !== 10);
    now += HOUR;
    const { ids, end } = await pullChanges(watermark);
    expect(ids).toEqual(['7', '200', '251']);
    expect(end.missing).toEqual(['10', '20']);
    now += HOUR;
    expect((await pullChanges(end.watermark)).ids).toEqual([]);
  });

  it('finds a backdated draft by the count of posts, as its date shows nothing', async () => {
    const watermark = await pullAll();
    site.posts.push(fakePost(251, { modified_gmt: '2001-01-01T00:00:00', status: 'draft' }));
    const { ids } = await pullChanges(watermark);
    expect(ids).toEqual(['251']);
  });

  it('finds a backdated new post beside two deletions, by the lower count', async () => {
    const watermark = await pullAll();
    site.posts = site.posts.filter(({ id }) => id !== 10 && id !== 11);
    site.posts.push(fakePost(251, { modified_gmt: '2001-01-01T00:00:00' }));
    const { ids, end } = await pullChanges(watermark);
    expect([ids, end.missing]).toEqual([['251'], ['10', '11']]);
  });

  it('fetches a post again that was edited in the second of the last read', async () => {
    site.posts[4] = fakePost(5, { modified_gmt: nowOf(site) });
    const watermark = await pullAll();
    expect((await pullChanges(watermark)).ids).toEqual(['5']);
    expect((await pullChanges((await pullChanges(watermark)).end.watermark)).ids).toEqual([]);
  });

  it('does not list all ids each time because of posts that the user may not see', async () => {
    site.hidden = new Set([50, 51]);
    const watermark = await pullAll();
    await pullChanges(watermark);
    expect(lists()).toHaveLength(2);
  });

  it('takes a new count after it has listed all ids', async () => {
    const watermark = await pullAll();
    site.hidden = new Set([50]);
    site.posts.push(fakePost(251, { modified_gmt: '2001-01-01T00:00:00', spoilt: { author: 'x' } }));
    const first = await pullChanges(watermark);
    expect(first.items).toMatchObject([{ externalId: '251', unread: [{ field: 'metadata.author' }, {}] }]);
    expect(first.end.missing).toEqual(['50']);
    site.asked.length = 0;
    const second = await pullChanges(first.end.watermark);
    expect([second.ids, second.end.missing, lists().length]).toEqual([[], [], 2]);
  });

  it('looks further back after a change of the time zone', async () => {
    site.gmtOffset = 10;
    site.timezone = 'Australia/Brisbane';
    edit(1);
    now += HOUR;
    const watermark = await pullAll();
    site.gmtOffset = -11;
    site.timezone = 'Pacific/Pago_Pago';
    await pullChanges(watermark);
    const [first] = lists();
    const since = Date.parse(first?.query.get('modified_after') ?? '');
    expect(Date.parse(String(watermark.modified)) - since).toBe(26 * HOUR);
    expect(first?.query.get('modified_after')).toMatch(/Z$/);
  });

  it('looks back two hours when the time zone is unknown', async () => {
    edit(1);
    now += HOUR;
    const { gmt_offset: _, ...watermark } = await pullAll();
    await pullChanges(watermark);
    const since = Date.parse(lists()[0]?.query.get('modified_after') ?? '');
    expect(Date.parse(String(watermark.modified)) - since).toBe(2 * HOUR);
  });

  it('finds edits after the site’s clock was set back by hours', async () => {
    edit(3);
    const watermark = await pullAll();
    now -= 6 * HOUR;
    edit(8);
    expect((await pullChanges(watermark)).ids).toContain('8');
  });

  it('ends during a bulk import', async () => {
    for (const post of site.posts) post.modified_gmt = '2026-05-01T00:00:00';
    await pullChanges(await pullAll());
    expect(lists()).toHaveLength(2);
    const since = Date.parse(lists()[0]?.query.get('modified_after') ?? '');
    expect(since).toBeGreaterThan(Date.UTC(2026, 4, 30));
  });

  it('checks all posts after a watermark without dates', async () => {
    await pullAll();
    edit(7);
    const { ids } = await pullChanges({ modified: null, read_at: null });
    expect(ids).toContain('7');
    expect(lists()[0]?.query.has('modified_after')).toBe(false);
  });

  it('is limited to the newest posts, and does not fetch older ones', async () => {
    const watermark = await pullAll(100);
    edit(20);
    edit(180);
    expect((await pullChanges(watermark, 100)).ids).toEqual(['180']);
    expect(lists()).toHaveLength(3);
    site.posts = site.posts.filter(({ id }) => id !== 170 && id !== 30);
    site.posts.push(fakePost(251, { modified_gmt: '2001-01-01T00:00:00' }));
    site.posts.push(fakePost(252, { modified_gmt: '2001-01-01T00:00:00' }));
    const { ids, end } = await pullChanges(watermark, 100);
    expect([ids, end.missing]).toEqual([['180', '251', '252'], ['170']]);
  });

  it('reads the newest posts of a type that had none before', async () => {
    const { posts } = site;
    site.posts = [];
    const watermark = await pullAll(10);
    site.posts = posts;
    expect((await pullChanges(watermark, 10)).ids).toEqual(posts.slice(-10).map(({ id }) => String(id)));
  });
});
