/** Runs of sites whose host lets no write pass. */
import { describe, expect, it } from '@jest/globals';
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

describe.each(ways)('a host that refuses writes, by %s', (way) => {
  const problems = async () => {
    const { body } = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
    return body.problems.map(({ code }: { code: string }) => code);
  };
  const writtenSince = (index: number) =>
    site.wordpress.state.requests.slice(index).filter(({ method }) => method !== 'GET');

  it('is read, told once, and asked by one write in the next run, until it lets writes pass', async () => {
    site = await startSyncedSite(server, way);
    const ids: number[] = [];
    for (let index = 0; index < 30; index += 1)
      ids.push(await site.write({ title: `Blocked ${index}`, body: 'a', status: 'ready' }));
    site.wordpress.setFault('writes_not_allowed');

    const run = await site.sync({ direction: 'both' });
    expect(run).toMatchObject({ status: 'partial', totals: { pushed: 0, failed: 1 } });
    expect(run.totals.pulled).toBeGreaterThan(0);
    expect(run.error).toContain('nginx answers POST');
    expect(await problems()).toContain('writes_blocked');
    for (const id of ids) expect(await site.content(id)).toMatchObject({ syncState: 'local_only' });
    const failed = await server.db.syncEvent.count({
      where: { action: 'push_failed', contentId: { in: ids } },
    });
    expect(failed).toBe(0);

    const before = site.wordpress.state.requests.length;
    expect(await site.sync({ direction: 'to_external' })).toMatchObject({ status: 'partial' });
    // One content, and the request that writes nothing.
    expect(writtenSince(before)).toHaveLength(2);

    site.wordpress.clearFaults();
    expect(await site.sync({ direction: 'to_external' })).toMatchObject({
      status: 'success',
      totals: { pushed: 30, failed: 0 },
    });
    expect(await problems()).not.toContain('writes_blocked');
    const titles = site.wordpress.state.posts.map(({ title }) => title);
    for (let index = 0; index < 30; index += 1)
      expect(titles.filter((title) => title === `Blocked ${index}`)).toHaveLength(1);
  });

  it('is a problem after a connection test, which passes for reading, until a test finds it mended', async () => {
    site = await startSyncedSite(server, way);
    const test = () => server.as(site.tenant.owner).post(site.path('/test-connection')).expect(200);
    site.wordpress.setFault('writes_forbidden');
    expect((await test()).body).toMatchObject({ success: true, code: 'writes_blocked' });
    expect(await problems()).toContain('writes_blocked');
    expect(await problems()).not.toContain('connection_failing');
    site.wordpress.clearFaults();
    expect((await test()).body).toMatchObject({ success: true, code: 'ok' });
    expect(await problems()).not.toContain('writes_blocked');
  });
});
