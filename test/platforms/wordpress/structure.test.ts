import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Connection } from '../../../src/platforms/connection.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../../src/simulation/wordpress/simulatedWordpress.ts';
import { connectionTo, PASSWORD, SITE_ID, SITE_KEY, testPlatform } from './testSite.ts';

let site: SimulatedWordpress;
const { platform, close } = testPlatform();

beforeAll(async () => {
  site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY });
});
afterEach(() => site.clearFaults());
afterAll(async () => {
  close();
  await site.stop();
});

function read(connection: Connection) {
  if (platform.readStructure === undefined) throw new Error('WordPress reads no structure.');
  return platform.readStructure(connection);
}

const POST_TYPES = {
  // Six of eight posts: trashed posts and auto-drafts do not count.
  post: {
    label: 'Posts',
    count: 6,
    rest_base: 'posts',
    hierarchical: false,
    taxonomies: ['category', 'post_tag'],
  },
  page: { label: 'Pages', count: 2, rest_base: 'pages', hierarchical: true, taxonomies: [] },
  book: { label: 'Books & more', count: 2, rest_base: 'books', hierarchical: true, taxonomies: ['genre'] },
};
const TAXONOMIES = {
  category: {
    label: 'Categories',
    count: 2,
    rest_base: 'categories',
    hierarchical: true,
    post_types: ['post'],
  },
  post_tag: { label: 'Tags', count: 1, rest_base: 'tags', hierarchical: false, post_types: ['post'] },
  genre: { label: 'Genres', count: 1, rest_base: 'genres', hierarchical: true, post_types: ['book'] },
};

describe('structure', () => {
  it('is read through the connector', async () => {
    const structure = await read(connectionTo(site.url));
    expect(structure).toEqual({
      post_types: POST_TYPES,
      taxonomies: TAXONOMIES,
      plugin_connection_enabled: true,
      two_way_sync_enabled: true,
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
  });

  it('is the same through core REST, without WordPress’s internal types', async () => {
    site.setFault('connector_missing');
    const structure = await read(connectionTo(site.url, { credentials: PASSWORD }));
    expect(structure).toEqual({
      post_types: POST_TYPES,
      taxonomies: TAXONOMIES,
      plugin_connection_enabled: false,
      two_way_sync_enabled: false,
      timestamp: expect.stringMatching(/Z$/),
    });
  });

  it('has the site’s date, whatever our clock says', async () => {
    site.setFault('connector_missing');
    const late = testPlatform({ clock: () => Date.UTC(2040, 1, 1) });
    const structure = await late.platform.readStructure?.(connectionTo(site.url, { credentials: PASSWORD }));
    late.close();
    expect(Math.abs(Date.parse(structure?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
  });

  it('is newer than a report of the same second, though a Date header has only seconds', async () => {
    // With this fault the site sets the Date header itself. Node would repeat a header for up to a second.
    site.setFault('connector_missing');
    site.setFault('clock_slow');
    const clock = () => Date.now() - 600_000;
    const same = testPlatform({ clock });
    const before = clock();
    const structure = await same.platform.readStructure?.(connectionTo(site.url, { credentials: PASSWORD }));
    same.close();
    expect(Date.parse(structure?.timestamp ?? '')).toBeGreaterThanOrEqual(before);
    expect(Date.parse(structure?.timestamp ?? '')).toBeLessThanOrEqual(clock());
  });

  it.each([
    ['plain permalinks', { plainPermalinks: true }],
    ['a subdirectory', { subdirectory: 'blog' }],
  ])('is read with %s', async (_, options) => {
    const other = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY, ...options });
    try {
      expect((await read(connectionTo(other.url))).post_types).toEqual(POST_TYPES);
      other.setFault('connector_missing');
      expect((await read(connectionTo(other.url, { credentials: PASSWORD }))).taxonomies).toEqual(TAXONOMIES);
    } finally {
      await other.stop();
    }
  });

  it('is read despite PHP notices', async () => {
    site.setFault('dirty_json_notice');
    expect((await read(connectionTo(site.url))).post_types).toEqual(POST_TYPES);
  });

  it.each([
    ['wrong key', { siteKey: `sbk_${'x'.repeat(43)}` }, 'bad_credentials'],
    ['no way in', { siteKey: null }, 'connector_missing'],
  ])('fails with a code: %s', async (_, changes, code) => {
    await expect(read(connectionTo(site.url, changes))).rejects.toMatchObject({ code });
  });

  it('fails with a code: a wrong password', async () => {
    site.setFault('connector_missing');
    const credentials = { ...PASSWORD, application_password: 'wrong' };
    await expect(read(connectionTo(site.url, { credentials }))).rejects.toMatchObject({
      code: 'bad_credentials',
    });
  });

  it('fails with a code: a user without the permission', async () => {
    const users = [
      {
        id: 5,
        login: 'editor',
        role: 'subscriber' as const,
        applicationPassword: 'abcdefghijklmnopqrstuvwx',
      },
    ];
    const other = await startSimulatedWordpress({ siteId: SITE_ID, connector: null, users });
    try {
      await expect(read(connectionTo(other.url, { credentials: PASSWORD }))).rejects.toMatchObject({
        code: 'insufficient_role',
      });
    } finally {
      await other.stop();
    }
  });
});
