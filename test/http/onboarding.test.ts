/** A site connects itself by POST /integrations/test-connection. Here the site is a simulated WordPress. */
import { describe, expect, test } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildIntegration, integrationsPath, type TestSite, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import type { Gate } from '../support/gate.ts';
import { type OnboardingStage, onboardingPath, passedResult, withOnboarding } from '../support/onboarding.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';

let server: TestServer;
let owner: TestUser;
let site: TestSite;
let wordpress: SimulatedWordpress;
let gate: Gate;
let connect: OnboardingStage['connect'];
withOnboarding((stage) => {
  ({ server, owner, site, wordpress, gate, connect } = stage);
});

const integrationsOf = (siteId: number) => server.db.siteIntegration.findMany({ where: { siteId } });

describe('with the right key', () => {
  test('creates a healthy integration, with its events', async () => {
    const answer = await connect();
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ ...passedResult, integration_id: expect.any(Number) });
    const id = answer.body.integration_id;
    expect(await integrationsOf(site.siteId)).toEqual([
      expect.objectContaining({
        id,
        accountId: owner.accountId,
        platform: 'wordpress',
        config: { site_url: wordpress.url },
        credentialsEncrypted: null,
        connectionStatus: 'healthy',
        isActive: true,
      }),
    ]);
    const checks = await server.db.connectionCheck.findMany({ where: { integrationId: id } });
    const { integration_id: _id, ...testResult } = answer.body;
    expect(checks).toEqual([expect.objectContaining({ success: true, code: 'ok', result: testResult })]);
    const events = await server.db.syncEvent.findMany({
      where: { integrationId: id },
      orderBy: { id: 'asc' },
    });
    expect(events.map(({ eventType, action, success }) => [eventType, action, success])).toEqual([
      ['integration', 'created', true],
      ['connection', 'tested', true],
    ]);
  });

  test("updates the integration the second time, and keeps the user's settings", async () => {
    const first = await connect({ site_url: gate.url }).expect(200);
    const id = first.body.integration_id;
    await server
      .as(owner)
      .patch(`${integrationsPath}/${id}`, {
        config_json: { sync_settings: { concurrency: 2 } },
        sync_enabled: false,
      })
      .expect(200);
    const second = await connect({ moved: true }).expect(200);
    expect(second.body.integration_id).toBe(id);
    expect(await integrationsOf(site.siteId)).toEqual([
      expect.objectContaining({
        id,
        config: { site_url: wordpress.url, sync_settings: { concurrency: 2 } },
        syncEnabled: false,
      }),
    ]);
    expect(await server.db.syncEvent.count({ where: { integrationId: id, action: 'reconnected' } })).toBe(1);
  });

  test('refuses another home than the connected one, whoever calls', async () => {
    const { body: first } = await connect().expect(200);
    const requests = wordpress.state.requests.length;
    const other = { site_id: site.siteId, site_url: 'https://staging.example.com/' };
    for (const call of [connect(other), server.as(owner).post(onboardingPath, other)]) {
      const answer = await call.expect(400);
      expect(answer.body).toMatchObject({ success: false, code: 'identity_mismatch', stage: 'identity' });
      expect(answer.body.message).toContain(wordpress.url);
    }
    expect(wordpress.state.requests).toHaveLength(requests);
    expect(await integrationsOf(site.siteId)).toMatchObject([
      { id: first.integration_id, config: { site_url: wordpress.url }, connectionStatus: 'healthy' },
    ]);
    const event = await server.db.syncEvent.findFirst({
      where: { siteId: site.siteId, success: false },
      orderBy: { id: 'desc' },
    });
    expect(event).toMatchObject({ action: 'tested', details: { code: 'identity_mismatch' } });
  });

  test.each(['http://', 'https://', 'HTTP://'])(
    '%s and a slash at the end are no other home',
    async (scheme) => {
      await connect({ site_url: `${wordpress.url}/` }).expect(200);
      const address = wordpress.url.replace('http://', scheme);
      const answer = await connect({ site_url: address });
      expect(answer.body.code).not.toBe('identity_mismatch');
    },
  );

  test.each(['X-API-Key', 'Authorization'])('takes the key also in the %s header', async (header) => {
    const value = header === 'Authorization' ? `Bearer ${site.key}` : site.key;
    const body = { site_id: site.siteId, site_url: wordpress.url };
    const answer = await server.anyone.post(onboardingPath, body).set(header, value);
    expect(answer.body).toEqual({ ...passedResult, integration_id: expect.any(Number) });
  });

  test('creates one integration when two calls arrive at once', async () => {
    const answers = await Promise.all([connect(), connect(), connect(), connect()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body.integration_id)).size).toBe(1);
    expect(await integrationsOf(site.siteId)).toHaveLength(1);
    const actions = await server.db.syncEvent.groupBy({
      by: ['action'],
      where: { siteId: site.siteId, eventType: 'integration' },
      _count: { _all: true },
      orderBy: { action: 'asc' },
    });
    expect(actions.map(({ action, _count }) => [action, _count._all])).toEqual([
      ['created', 1],
      ['reconnected', 3],
    ]);
  });

  test('updates the integration that a user creates during the test', async () => {
    gate.shut();
    const connecting = connect({ site_url: gate.url }).then((answer) => answer);
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    const id = await buildIntegration(server, owner, site);
    gate.open();
    const answer = await connecting;
    expect(answer.body).toMatchObject({ success: true, integration_id: id });
    expect(await integrationsOf(site.siteId)).toHaveLength(1);
  });

  test('keeps a setting that is changed just before the result is written', async () => {
    const id = await buildIntegration(server, owner, site);
    let connecting: Promise<{ status: number }> | undefined;
    await server.db.$transaction(
      async (tx) => {
        // A change that is not yet committed when the test has passed and its result is about to be written.
        const config = { sync_settings: { conflict: 'local' } };
        await tx.siteIntegration.update({ where: { id }, data: { config } });
        connecting = connect().then((answer) => answer);
        await eventually(async () => {
          const [row] = await server.db.$queryRaw<{ waiting: number }[]>`
            SELECT count(*)::int AS waiting FROM pg_locks WHERE NOT granted
              AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`;
          expect(row?.waiting).toBeGreaterThan(0);
        });
      },
      { timeout: 60_000 },
    );
    expect((await connecting)?.status).toBe(200);
    expect((await integrationsOf(site.siteId)).map(({ config }) => config)).toEqual([
      { site_url: wordpress.url, sync_settings: { conflict: 'local' } },
    ]);
  });

  test('answers a failed test with a 400 and the result, and creates no integration', async () => {
    wordpress.setFault('not_wordpress');
    const answer = await connect();
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.body).toEqual({
      ...passedResult,
      success: false,
      code: 'not_wordpress',
      hint: expect.stringMatching(/\w/),
      remote: expect.any(Object),
    });
    expect(await integrationsOf(site.siteId)).toEqual([]);
    const events = await server.db.syncEvent.findMany({
      where: { siteId: site.siteId, eventType: 'connection' },
    });
    expect(events).toEqual([
      expect.objectContaining({
        action: 'tested',
        success: false,
        integrationId: null,
        errorMessage: answer.body.message,
      }),
    ]);
  });

  test('leaves an existing integration unchanged when the test fails', async () => {
    const { body } = await connect().expect(200);
    const before = await integrationsOf(site.siteId);
    wordpress.setFault('fatal_page');
    await connect({ site_url: `${wordpress.url}/elsewhere` }).expect(400);
    expect(await integrationsOf(site.siteId)).toEqual(before);
    expect(await server.db.connectionCheck.count({ where: { integrationId: body.integration_id } })).toBe(1);
  });

  test('calls a private address only if the operator allows it', async () => {
    for (const url of [
      'http://10.0.0.1',
      'http://169.254.169.254/latest',
      'http://[::1]:1',
      'http://0.0.0.0',
    ]) {
      const answer = await connect({ site_url: url });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ success: false, code: 'private_address' });
    }
    expect(await integrationsOf(site.siteId)).toEqual([]);
  });

  test('refuses a key that is rotated during the test, and writes nothing', async () => {
    gate.shut();
    const connecting = connect({ site_url: gate.url }).then((answer) => answer);
    await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
    await server.as(owner).post(`/api/v1/sites/${site.siteId}/api-key`).expect(200);
    const before = await server.db.syncEvent.count({ where: { siteId: site.siteId } });
    gate.open();
    expectProblem(await connecting, 403, { code: 'site_or_key_wrong' });
    expect(await integrationsOf(site.siteId)).toEqual([]);
    expect(await server.db.syncEvent.count({ where: { siteId: site.siteId } })).toBe(before);
  });
});

test('the plugin connects and reports its structure in one step', async () => {
  const outcome = await wordpress.connect({ serverUrl: server.url });
  expect(outcome.test).toMatchObject({ status: 200, body: { success: true } });
  expect(outcome.structure).toMatchObject({ status: 200, body: { applied: true } });
});
