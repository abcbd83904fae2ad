/**
 * A server whose database belongs to another PUBLIC_URL: its responses, and the work that it leaves alone.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, enterKey, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { deliver, statusBody } from '../support/webhooks.ts';

const command = 'npm run -s admin -- server adopt';
let original: TestServer;
let copy: TestServer;
let wordpress: SimulatedWordpress;
let gate: Gate;
let tenant: TestTenant;
beforeAll(async () => {
  original = await startTestServer({ ROLE: 'api', PUBLIC_URL: 'https://one.example/' });
  copy = await startTestServer(
    { PUBLIC_URL: 'https://two.example' },
    { database: { url: original.databaseUrl } },
  );
  wordpress = await startSimulatedWordpress({ siteId: 0 });
  gate = await startGate(wordpress.url);
});
beforeEach(async () => {
  tenant = await buildTenant(original, gate.url);
  enterKey(wordpress, tenant.site);
});
afterAll(async () => {
  await copy.stop();
  await original.stop();
  await gate.stop();
  await wordpress.stop();
});

const path = (rest = '') => `${integrationsPath}/${tenant.integrationId}${rest}`;
const row = () => original.db.siteIntegration.findUniqueOrThrow({ where: { id: tenant.integrationId } });
const waitingJobs = (queue: string) =>
  original.db.$queryRaw<{ state: string; retry_count: number }[]>`
    SELECT state::text, retry_count FROM pgboss.job
    WHERE name = ${queue} AND (data->>'integrationId')::int = ${tenant.integrationId}`;

/** Runs `work`, and returns how many requests the site received meanwhile. */
async function requestsOf(work: () => Promise<unknown>): Promise<number> {
  const before = gate.seen();
  await work();
  return gate.seen() - before;
}

describe('while the server is paused', () => {
  test('a connection test fails with server_paused, without a call or a new connection status', async () => {
    let body: Record<string, unknown> = {};
    const seen = await requestsOf(async () => {
      ({ body } = await copy.as(tenant.owner).post(path('/test-connection')).expect(200));
    });
    expect(seen).toBe(0);
    expect(body).toMatchObject({
      success: false,
      code: 'server_paused',
      message: expect.stringContaining(command),
      hint: expect.stringMatching(/./),
      stage: 'server',
      retryable: false,
    });
    expect(await row()).toMatchObject({ connectionStatus: 'untested' });
    expect(await original.db.connectionCheck.count({ where: { integrationId: tenant.integrationId } })).toBe(
      0,
    );
    const event = await original.db.syncEvent.findFirstOrThrow({
      where: { integrationId: tenant.integrationId, action: 'tested' },
    });
    expect(event).toMatchObject({ success: false, details: { code: 'server_paused' } });
    await original.as(tenant.owner).post(path('/test-connection')).expect(200);
    expect(await row()).toMatchObject({ connectionStatus: 'healthy' });
  });

  test('a site that connects itself gets server_paused, and nothing is stored', async () => {
    const request = { site_id: tenant.site.siteId, api_key: tenant.site.key, site_url: gate.url };
    const before = await row();
    const answer = await copy.anyone.post(`${integrationsPath}/test-connection`, request).expect(400);
    expect(answer.body).toMatchObject({ success: false, code: 'server_paused' });
    expect(await row()).toEqual(before);
    await copy.anyone
      .post(`${integrationsPath}/test-connection`, { ...request, api_key: 'wrong' })
      .expect(403);
  });

  test('a sync is a 409 that names the command, after the checks of the integration', async () => {
    const answer = await copy.as(tenant.owner).post(path('/sync'), { direction: 'metadata' });
    expectProblem(answer, 409, { code: 'server_paused' });
    expect(answer.body.detail).toContain(command);
    expect(await original.db.syncRun.count({ where: { integrationId: tenant.integrationId } })).toBe(0);
    const stranger = await buildTenant(original, gate.url);
    expectProblem(await copy.as(stranger.owner).post(path('/sync'), { direction: 'metadata' }), 404);
    await copy.as(tenant.owner).patch(path(), { is_active: false }).expect(200);
    const inactive = await copy.as(tenant.owner).post(path('/sync'), { direction: 'metadata' });
    expectProblem(inactive, 409, { code: 'inactive' });
  });

  test('a content is not read from the site', async () => {
    const content = await original.db.content.create({
      data: {
        accountId: tenant.accountId,
        siteId: tenant.site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        externalId: '1',
        syncState: 'in_sync',
      },
    });
    const seen = await requestsOf(async () => {
      const { body } = await copy
        .as(tenant.owner)
        .post(path('/sync-wordpress-content'), { content_id: content.id })
        .expect(200);
      expect(body).toMatchObject({ success: false, changed: false, error: { code: 'server_paused' } });
    });
    expect(seen).toBe(0);
  });

  test('/readyz is 200 and reports the pause; on the original server it does not', async () => {
    const { body } = await copy.anyone.get('/readyz').expect(200);
    expect(body).toEqual({
      status: 'ready',
      checks: { database: 'ok', migrations: 'ok', queue: 'ok' },
      server_paused: expect.stringContaining('https://one.example, so it may be a copy'),
    });
    expect((await original.anyone.get('/readyz').expect(200)).body).not.toHaveProperty('server_paused');
  });

  test('debug-status reports the pause before all other problems', async () => {
    const { problems } = (await copy.as(tenant.owner).get(path('/debug-status')).expect(200)).body;
    expect(problems[0]).toMatchObject({ code: 'server_paused', severity: 'error' });
    expect(problems[0].message).toContain(command);
    const { body } = await original.as(tenant.owner).get(path('/debug-status')).expect(200);
    expect(body.problems.map(({ code }: { code: string }) => code)).not.toContain('server_paused');
  });

  test('the log has one line about the pause', () => {
    const warnings = (server: TestServer) =>
      server.log.filter((line) => line.includes('"code":"server_paused"'));
    expect(warnings(copy).map((line) => JSON.parse(line).level)).toEqual([40]);
    expect(warnings(original)).toEqual([]);
  });

  test('a webhook is stored and applied; its pull, runs and schedules wait', async () => {
    const { id } = await original.db.content.create({
      data: {
        accountId: tenant.accountId,
        siteId: tenant.site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        externalId: statusBody.external_id,
        status: 'draft',
        syncState: 'in_sync',
        syncedVersion: 1,
      },
    });
    const { body: run } = await original
      .as(tenant.owner)
      .post(path('/sync'), { direction: 'metadata' })
      .set('Prefer', 'respond-async')
      .expect(202);
    await original.db.$executeRaw`
      INSERT INTO pgboss.job (name, data)
      VALUES ('schedule', ${JSON.stringify({ integrationId: tenant.integrationId })}::jsonb)`;
    const seen = await requestsOf(async () => {
      for (const message of [statusBody, { ...statusBody, external_id: '999999' }])
        expect((await deliver(copy, tenant.site, 'status', message)).status).toBe(202);
      await eventually(async () => {
        const open = { siteId: tenant.site.siteId, status: { not: 'processed' as const } };
        expect(await original.db.webhookDelivery.count({ where: open })).toBe(0);
      });
    });
    expect(seen).toBe(0);
    expect(await original.db.content.findUniqueOrThrow({ where: { id } })).toMatchObject({
      status: 'published',
    });
    for (const queue of ['sync', 'schedule'])
      expect(await waitingJobs(queue)).toEqual([{ state: 'created', retry_count: 0 }]);
    const contentJobs = await waitingJobs('content');
    expect(contentJobs.length).toBeGreaterThan(0);
    expect(contentJobs.every(({ state }) => state === 'created')).toBe(true);
    const { body } = await copy
      .as(tenant.owner)
      .get(path(`/runs/${run.id}`))
      .expect(200);
    expect(body.status).toBe('queued');
    // A run that already waits does not change the response.
    const answer = await copy.as(tenant.owner).post(path('/sync'), { direction: 'metadata' });
    expectProblem(answer, 409, { code: 'server_paused' });
  });
});

test('while the server row cannot be read no site is called, and work resumes once it can', async () => {
  const own = await startTestServer({ PUBLIC_URL: 'https://one.example' });
  try {
    const mine = await buildTenant(own, gate.url);
    enterKey(wordpress, mine.site);
    const test = () => own.as(mine.owner).post(`${integrationsPath}/${mine.integrationId}/test-connection`);
    await test().expect(200);
    await own.db.$executeRaw`ALTER TABLE server RENAME TO away`;
    await eventually(() => expect(own.log.join()).toContain('cannot read whether sites may be called'));
    expect(await requestsOf(() => test().expect(500))).toBe(0);
    // Requests that call no site still work.
    expect((await own.anyone.get('/readyz').expect(200)).body).not.toHaveProperty('server_paused');
    await own.db.$executeRaw`ALTER TABLE away RENAME TO server`;
    const sync = `${integrationsPath}/${mine.integrationId}/sync`;
    const { body } = await own.as(mine.owner).post(sync, { direction: 'metadata' }).expect(200);
    expect(body.status).toBe('success');
  } finally {
    await own.stop();
  }
});

test('adopting starts the waiting work without a restart, and pauses the previous server', async () => {
  const { body: run } = await original
    .as(tenant.owner)
    .post(path('/sync'), { direction: 'metadata' })
    .set('Prefer', 'respond-async')
    .expect(202);
  await copy.core.server.adopt();
  await eventually(async () => {
    const { body } = await copy
      .as(tenant.owner)
      .get(path(`/runs/${run.id}`))
      .expect(200);
    expect(body.status).toBe('success');
  }, 20_000);
  expect((await copy.anyone.get('/readyz').expect(200)).body).not.toHaveProperty('server_paused');
  await copy.as(tenant.owner).post(path('/sync'), { direction: 'metadata' }).expect(200);
  await eventually(async () => {
    const { body } = await original.as(tenant.owner).post(path('/test-connection')).expect(200);
    expect(body.code).toBe('server_paused');
  }, 10_000);
  const answer = await original.as(tenant.owner).post(path('/sync'), { direction: 'metadata' });
  expectProblem(answer, 409, { code: 'server_paused' });

  // The original server adopts again. The copy's workers stop, also in the middle of a run. Another server
  // continues that run.
  gate.shut();
  const { body: next } = await copy
    .as(tenant.owner)
    .post(path('/sync'), { direction: 'metadata' })
    .set('Prefer', 'respond-async')
    .expect(202);
  await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
  await original.core.server.adopt();
  await eventually(async () =>
    expect((await copy.anyone.get('/readyz')).body).toHaveProperty('server_paused'),
  );
  gate.open();
  const third = await startTestServer(
    { PUBLIC_URL: 'https://One.example' },
    { database: { url: original.databaseUrl } },
  );
  try {
    await eventually(async () => {
      const { body } = await third
        .as(tenant.owner)
        .get(path(`/runs/${next.id}`))
        .expect(200);
      expect(body.status).toBe('success');
    });
  } finally {
    await third.stop();
  }
});
