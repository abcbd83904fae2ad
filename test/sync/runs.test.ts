import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { RunBody } from '../support/runBody.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

const owner = () => server.as(site.tenant.owner);

async function startRun(body: object): Promise<RunBody> {
  const answer = await owner().post(site.path('/sync'), body).set('Prefer', 'respond-async').expect(202);
  return answer.body;
}

const run = async (id: number) =>
  (
    await owner()
      .get(site.path(`/runs/${id}`))
      .expect(200)
  ).body;
const ended = (id: number) =>
  eventually(async () => {
    const found = await run(id);
    expect(['success', 'partial', 'failed', 'cancelled']).toContain(found.status);
    return found;
  }, 60_000);

/** Delays every list of posts, so that a test can act while a run is under way. */
function slowDown(): void {
  site.wordpress.disturb({
    fault: 'latency',
    ms: 400,
    when: ({ target }) => /posts|items|pages/.test(target),
  });
}

describe('a run', () => {
  it('that is cancelled ends as cancelled within a page, and keeps the items stored so far', async () => {
    site = await startSyncedSite(server, 'password');
    for (let each = 0; each < 350; each += 1)
      site.wordpress.editor.create('post', { title: `Many ${each}`, status: 'publish' });
    await site.sync({ direction: 'metadata' });
    slowDown();
    const { id } = await startRun({ direction: 'from_external' });
    await eventually(async () => expect((await run(id)).progress.done).toBeGreaterThan(0));
    const cancelled = await owner()
      .post(site.path(`/runs/${id}/cancel`))
      .expect(200);
    expect(cancelled.body).toMatchObject({ id, status: 'cancelled', error: null });
    await eventually(async () => {
      const [job] = await server.db.$queryRaw<{ state: string }[]>`
        SELECT state::text FROM pgboss.job WHERE name = 'sync' AND (data->>'runId')::int = ${id}`;
      expect(job?.state).toBe('completed');
    });
    const stored = (await site.contents()).length;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(360);
    expect(await run(id)).toMatchObject({ status: 'cancelled', progress: { done: stored } });
    site.wordpress.calm();
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
    expect(await site.contents()).toHaveLength(360);
  });

  it('requested again is the same run; other requests wait together in a second run', async () => {
    site = await startSyncedSite(server, 'password');
    await site.sync({ direction: 'metadata' });
    slowDown();
    const first = await startRun({ direction: 'from_external' });
    await eventually(async () => expect((await run(first.id)).status).toBe('syncing'));
    expect((await startRun({ direction: 'from_external' })).id).toBe(first.id);
    const second = await startRun({ direction: 'to_external', content_types: ['post'] });
    expect(second.id).not.toBe(first.id);
    const third = await startRun({ direction: 'from_external', content_types: ['page'] });
    expect(third).toMatchObject({ id: second.id, direction: 'both' });
    const status = await owner().get(site.path('/sync-status')).expect(200);
    expect(status.body.current_run.id).toBe(first.id);
    site.wordpress.calm();
    expect(await ended(first.id)).toMatchObject({ status: 'success' });
    expect(await ended(second.id)).toMatchObject({ status: 'success', totals: { failed: 0 } });
    const stored = await server.db.syncRun.findUniqueOrThrow({ where: { id: second.id } });
    expect(stored.contentTypes).toEqual(['page', 'post']);
    expect((await owner().get(site.path('/sync-status')).expect(200)).body.sync_status).toBe('success');
  });

  it('requested twenty times at once is one run', async () => {
    site = await startSyncedSite(server, 'password');
    await site.sync({ direction: 'metadata' });
    slowDown();
    const all = await Promise.all(Array.from({ length: 20 }, () => startRun({ direction: 'both' })));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    site.wordpress.calm();
    await ended(all[0]?.id ?? 0);
  });

  it('that failed resumes where it stopped when it is requested again', async () => {
    site = await startSyncedSite(server, 'password');
    for (let each = 0; each < 350; each += 1)
      site.wordpress.editor.create('post', { title: `Many ${each}`, status: 'publish' });
    await site.sync({ direction: 'metadata' });
    const posts = ({ target }: { target: string }) => /wp\/v2\/posts\?/.test(target);
    site.wordpress.disturb({ fault: 'html', skip: 2, when: posts });
    const failed = await site.sync({ direction: 'from_external' });
    expect(failed).toMatchObject({ status: 'failed', error: expect.any(String) });
    const stored = (await site.contents({ contentType: 'post' })).length;
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(300);
    site.wordpress.calm();
    await owner().post(site.path('/test-connection')).expect(200);
    const before = site.wordpress.state.requests.filter(posts).length;
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
    expect(await site.contents({ contentType: 'post' })).toHaveLength(356);
    // A reading from the start would take four pages.
    expect(site.wordpress.state.requests.filter(posts).length - before).toBeLessThan(4);
  });
});

describe('a site that fails five times in a row', () => {
  it('is paused, which debug-status shows, until a connection test passes', async () => {
    site = await startSyncedSite(server, 'connector');
    await site.sync({ direction: 'metadata' });
    const items = ({ target }: { target: string }) => /sitebridge\/v1\/items/.test(target);
    let isDown = false;
    site.wordpress.disturb({
      fault: 'error_before',
      when: (request) => {
        isDown ||= items(request);
        return isDown;
      },
    });
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/five times in a row|5 times in a row/),
    });
    // A page and its half fail, and then the ping does.
    const { requests } = site.wordpress.state;
    expect(requests.slice(requests.findIndex(items))).toHaveLength(5);
    const debug = await owner().get(site.path('/debug-status')).expect(200);
    expect(debug.body.problems).toContainEqual(
      expect.objectContaining({ code: 'site_paused', severity: 'error', hint: expect.any(String) }),
    );
    site.wordpress.calm();
    const before = site.wordpress.state.requests.length;
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(/paused until .*connection test/),
    });
    expect(site.wordpress.state.requests).toHaveLength(before);
    await owner().post(site.path('/test-connection')).expect(200);
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'success' });
    const after = await owner().get(site.path('/debug-status')).expect(200);
    expect(after.body.problems.map(({ code }: { code: string }) => code)).not.toContain('site_paused');
  });

  it('is not waited for when it asks for a pause of ten minutes', async () => {
    site = await startSyncedSite(server, 'connector');
    await site.sync({ direction: 'metadata' });
    site.wordpress.disturb({ fault: 'too_many_requests', retryAfterS: 600 });
    const before = site.wordpress.state.requests.length;
    expect(await site.sync({ direction: 'from_external' })).toMatchObject({ status: 'failed' });
    // Each way to find the API is tried once.
    expect(site.wordpress.state.requests.length - before).toBeLessThanOrEqual(4);
    const { pausedUntil } = await server.db.siteIntegration.findUniqueOrThrow({
      where: { id: site.tenant.integrationId },
    });
    expect(Number(pausedUntil) - Date.now()).toBeGreaterThan(500_000);
  });
});

describe('a schedule', () => {
  const schedules = () => server.db.$queryRaw<{ key: string; cron: string; timezone: string }[]>`
    SELECT key, cron, timezone FROM pgboss.schedule WHERE key = ${String(site.tenant.integrationId)}`;

  it('is stored with the integration, changed with it and deleted with it', async () => {
    const schedule = { cron: '0 3 * * *', time_zone: 'Europe/Berlin' };
    site = await startSyncedSite(server, 'connector', { sync_settings: { schedule } });
    expect(await schedules()).toEqual([
      { key: String(site.tenant.integrationId), cron: '0 3 * * *', timezone: 'Europe/Berlin' },
    ]);
    await owner()
      .patch(site.path(), { config_json: { sync_settings: { schedule: { cron: '*/5 * * * *' } } } })
      .expect(200);
    expect(await schedules()).toMatchObject([{ cron: '*/5 * * * *', timezone: 'Europe/Berlin' }]);
    await owner()
      .patch(site.path(), { config_json: { sync_settings: { schedule: null } } })
      .expect(200);
    expect(await schedules()).toEqual([]);
    await owner()
      .patch(site.path(), { config_json: { sync_settings: { schedule } } })
      .expect(200);
    await owner().delete(site.path()).expect(204);
    expect(await schedules()).toEqual([]);
  });

  it.each([
    [{ cron: 'every day' }, 'config_json.sync_settings.schedule.cron'],
    [{ cron: '99 * * * *' }, 'config_json.sync_settings.schedule.cron'],
    [{ cron: '0 0 3 * * *' }, 'config_json.sync_settings.schedule.cron'],
    [{ cron: '0 3 * * *', time_zone: 'Mars/Olympus' }, 'config_json.sync_settings.schedule.time_zone'],
  ])('that is invalid is refused, naming the field: %j', async (schedule, field) => {
    site = await startSyncedSite(server, 'connector');
    const answer = await owner()
      .patch(site.path(), { config_json: { sync_settings: { schedule } } })
      .expect(400);
    expect(answer.body.errors).toEqual([expect.objectContaining({ field })]);
    expect(await schedules()).toEqual([]);
  });

  it('starts a sync both ways at its time', async () => {
    site = await startSyncedSite(server, 'connector');
    const schedule = { cron: '* * * * *' };
    await owner()
      .patch(site.path(), { config_json: { sync_settings: { schedule } } })
      .expect(200);
    const { body } = await eventually(async () => {
      const answer = await owner().get(site.path('/runs')).expect(200);
      expect(answer.body.results).toHaveLength(1);
      return answer;
    }, 150_000);
    expect(body.results[0]).toMatchObject({ direction: 'both' });
    await owner()
      .patch(site.path(), { config_json: { sync_settings: { schedule: null } } })
      .expect(200);
    expect(await ended(body.results[0].id)).toMatchObject({ status: 'success' });
  }, 200_000);
});
