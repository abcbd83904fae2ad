/** Sites that answer nothing do not keep the runs of other accounts waiting. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { connectSite, type SyncedTenant } from '../support/syncedSite.ts';
import { deliver, metadataBody } from '../support/webhooks.ts';

/** In milliseconds. */
const delayAtMost = 10_000;

let server: TestServer;
let wordpress: SimulatedWordpress;
let healthy: SyncedTenant;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  server = await startTestServer();
  wordpress = await startSimulatedWordpress({ siteId: 1, connector: null });
  healthy = await connectSite(server, wordpress, 'password');
  await healthy.sync({ direction: 'metadata' });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(async () => {
  await wordpress.stop();
  await server.stop();
});

/** A site that accepts connections and sends no byte. */
async function startSilentSite(): Promise<{ url: string; connections: () => number }> {
  const sockets = new Set<Socket>();
  const site: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => site.close(resolve));
  });
  const address = site.address();
  const port = typeof address === 'object' ? address?.port : '';
  return { url: `http://127.0.0.1:${port}`, connections: () => sockets.size };
}

/** Starts a run of an integration in an account of its own, and returns when its job is in the queue. */
async function startRun(owner: { token: string }, integrationId: number): Promise<void> {
  await server
    .as(owner)
    .post(`${integrationsPath}/${integrationId}/sync`, { direction: 'from_external' })
    .set('Prefer', 'respond-async')
    .expect(202);
}

/** How long the run of the healthy site takes. Milliseconds. */
async function healthyRun(): Promise<number> {
  const started = performance.now();
  expect(await healthy.sync({ direction: 'from_external', full: true })).toMatchObject({ status: 'success' });
  return performance.now() - started;
}

/** Announces a change of an item of the site, as its plugin does. */
async function announce({ site }: TestTenant, externalId: string): Promise<void> {
  const answer = await deliver(server, site, 'metadata', {
    ...metadataBody,
    external_id: externalId,
    modified_gmt: new Date().toISOString().slice(0, 19),
  });
  expect(answer.status).toBe(202);
}

const contentsOf = (tenant: TestTenant) =>
  server.db.content.findMany({ where: { siteId: tenant.site.siteId }, orderBy: { id: 'asc' } });

describe('the reading of a single content', () => {
  it('does not wait for twenty silent sites of other accounts', async () => {
    const silent: { connections: () => number }[] = [];
    for (let each = 0; each < 20; each += 1) {
      const site = await startSilentSite();
      const tenant = await buildTenant(server, site.url);
      for (const externalId of ['41', '42', '43']) await announce(tenant, externalId);
      silent.push(site);
    }
    await eventually(() => {
      expect(silent.filter(({ connections }) => connections() > 0).length).toBeGreaterThanOrEqual(4);
    });
    const started = performance.now();
    await announce(healthy.tenant, String(wordpress.state.posts.find(({ type }) => type === 'post')?.id));
    await eventually(async () => expect(await contentsOf(healthy.tenant)).toHaveLength(1));
    expect(performance.now() - started).toBeLessThan(delayAtMost);
  });

  it('goes on without its worker when the site is slow, and the content arrives', async () => {
    const gate = await startGate(wordpress.url);
    stops.push(() => gate.stop());
    const { tenant } = await connectSite(server, { ...wordpress, url: gate.url }, 'password');
    gate.shut();
    await announce(tenant, String(wordpress.state.posts.find(({ type }) => type === 'post')?.id));
    const jobs = () =>
      server.db.$queryRaw<{ state: string; retries: number }[]>`
        SELECT state::text, retry_count AS retries FROM pgboss.job
        WHERE name = 'content' AND (data->>'integrationId')::int = ${tenant.integrationId}`;
    await eventually(async () => expect(await jobs()).toMatchObject([{ state: 'retry' }]));
    expect(gate.waiting()).toBe(1);
    gate.open();
    await eventually(async () => expect(await contentsOf(tenant)).toHaveLength(1));
    const requests = wordpress.state.requests.length;
    await eventually(async () => expect(await jobs()).toMatchObject([{ state: 'completed' }]));
    // The job has not read the content a second time.
    expect(wordpress.state.requests).toHaveLength(requests);
  });
});

describe('the run of a healthy site', () => {
  it.each([
    ['with a known structure', true],
    ['that are read for the first time', false],
  ])('does not wait for twenty silent sites of other accounts %s', async (_, isKnown) => {
    const { config } = await server.db.siteIntegration.findUniqueOrThrow({
      where: { id: healthy.tenant.integrationId },
    });
    const known = JSON.parse(JSON.stringify(config));
    const silent: { connections: () => number }[] = [];
    for (let each = 0; each < 20; each += 1) {
      const site = await startSilentSite();
      const { owner, integrationId } = await buildTenant(server, site.url);
      if (isKnown)
        await server.db.siteIntegration.update({ where: { id: integrationId }, data: { config: known } });
      await startRun(owner, integrationId);
      silent.push(site);
    }
    await eventually(() => {
      const called = silent.filter(({ connections }) => connections() > 0).length;
      expect(called).toBeGreaterThanOrEqual(8);
    });
    expect(await healthyRun()).toBeLessThan(delayAtMost);
  });

  it('does not wait for sites that fall silent in the middle of their runs', async () => {
    const gates: Gate[] = [];
    for (let each = 0; each < 10; each += 1) {
      const gate = await startGate(wordpress.url);
      stops.push(() => gate.stop());
      const site = await connectSite(server, { ...wordpress, url: gate.url }, 'password');
      await site.sync({ direction: 'metadata' });
      gate.shut(({ url = '' }) => /wp\/v2\/posts/.test(url));
      gates.push(gate);
      await startRun(site.tenant.owner, site.tenant.integrationId);
    }
    await eventually(() => {
      expect(gates.filter((gate) => gate.waiting() > 0).length).toBeGreaterThanOrEqual(8);
    });
    expect(await healthyRun()).toBeLessThan(delayAtMost);
  });
});
