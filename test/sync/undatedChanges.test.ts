/** Changes of a site that leave the dates of its items as they were. */
import { describe, expect, it } from '@jest/globals';
import { writePost } from '../support/contents.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

const ways: Way[] = ['connector', 'password'];
const pull = () => site.sync({ direction: 'from_external' });

/** The requests that `work` causes. */
async function requestsOf(work: () => Promise<unknown>): Promise<string[]> {
  const { requests } = site.wordpress.state;
  const before = requests.length;
  await work();
  return requests.slice(before).map(({ method, target }) => `${method} ${target}`);
}

describe('a site with more items than one run compares', () => {
  it('is compared within a day of hourly syncs, in slices', async () => {
    site = await startSyncedSite(server, 'password');
    const posts = Array.from({ length: 1_100 }, () => writePost(site.wordpress));
    await pull();
    const whole = await server.db.typeSync.findMany({
      where: { integrationId: site.tenant.integrationId },
    });
    for (const post of posts) post.content = post.content.replace('Text', 'Replaced');
    const equal = async () =>
      site.contents({ contentType: 'post', body: { startsWith: '<p>Replaced' } }).then((all) => all.length);
    const counts: number[] = [];
    for (let run = 0; run < 3; run += 1) {
      const requests = await requestsOf(pull);
      // The check of the site reads twenty items at most.
      const read = requests.filter((request) => /include=(\d+,){20,}\d+&.*content\.raw/.test(request));
      expect(read.length).toBeLessThanOrEqual(5);
      counts.push(await equal());
    }
    expect(counts.at(-1)).toBe(1_100);
    expect(counts[0]).toBeGreaterThanOrEqual(300);
    const compared = await server.db.typeSync.findMany({
      where: { integrationId: site.tenant.integrationId },
    });
    for (const { contentType, comparedAt, fullyReadAt } of compared) {
      const before = whole.find((each) => each.contentType === contentType);
      expect(fullyReadAt).toEqual(before?.fullyReadAt);
      expect(comparedAt > (before?.comparedAt ?? comparedAt)).toBe(true);
    }
  });
});

describe.each(ways)('by %s, a change that leaves no date', (way) => {
  it('of a text', async () => {
    site = await startSyncedSite(server, way);
    await pull();
    const [post] = site.wordpress.state.posts;
    if (post) post.content = 'Replaced by SQL';
    expect(await pull()).toMatchObject({ status: 'success', totals: { pulled: 1, updated: 1 } });
    expect(await site.contents({ externalId: '1' })).toMatchObject([
      { body: 'Replaced by SQL', syncState: 'in_sync' },
    ]);
    expect(await pull()).toMatchObject({ status: 'success', totals: { pulled: 0, updated: 0 } });
  });
});
