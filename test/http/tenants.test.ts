/** Two accounts on one server: neither can see or change rows of the other, and the database enforces it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import type { Route } from '../../src/http/route.ts';
import {
  buildIntegration,
  buildSite,
  buildTenant,
  integrationsPath,
  type TestTenant,
} from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let victim: TestTenant;
let attacker: TestTenant;
let victimRun: number;
beforeAll(async () => {
  server = await startTestServer();
  victim = await buildTenant(server, 'http://127.0.0.1:9/victim');
  attacker = await buildTenant(server, 'http://127.0.0.1:9/attacker');
  const { body } = await server
    .as(victim.owner)
    .post(`${integrationsPath}/${victim.integrationId}/sync`, { direction: 'metadata' })
    .expect(200);
  victimRun = body.id;
});
afterAll(() => server.stop());

/** All stored rows of an account. */
async function stateOf(accountId: number) {
  const where = { accountId };
  return {
    users: await server.db.user.findMany({ where, orderBy: { id: 'asc' } }),
    sites: await server.db.site.findMany({ where, orderBy: { id: 'asc' } }),
    integrations: await server.db.siteIntegration.findMany({ where, orderBy: { id: 'asc' } }),
    checks: await server.db.connectionCheck.findMany({ where, orderBy: { id: 'asc' } }),
    runs: await server.db.syncRun.findMany({ where, orderBy: { id: 'asc' } }),
    events: await server.db.syncEvent.findMany({ where, orderBy: { id: 'asc' } }),
  };
}

/** Texts that would reveal the victim in a response. */
function traces(): string[] {
  return [victim.site.key, victim.site.key.slice(-4), 'victim', victim.owner.email];
}

/** The calls of a route, with each id of the victim's in its path and each body. `id` is null for a path without ids. */
function callsOf(route: Route, bodies: object[]) {
  const ids = route.path.includes(':id') ? [victim.site.siteId, victim.integrationId] : [null];
  return [...new Set(ids)].flatMap((id) => {
    const path = route.path.replace(':id', String(id)).replace(':run_id', String(victimRun));
    const { method } = route;
    return (route.request.body ? bodies : [undefined]).map((body) => ({ method, path, id, body }));
  });
}

test("every route, with the victim's ids in every place, as the attacker's owner and site", async () => {
  const before = await stateOf(victim.accountId);
  const bodies = [
    {},
    { name: 'taken', url: 'https://taken.example' },
    { is_active: false, config_json: { site_url: 'https://taken.example' } },
    { direction: 'metadata' },
    { site_id: victim.site.siteId, platform: 'wordpress', api_key: attacker.site.key },
    { site_id: victim.site.siteId, site_url: 'https://taken.example' },
    { site_id: victim.site.siteId, api_key: attacker.site.key, site_url: 'https://taken.example' },
    {
      post_types: {},
      taxonomies: {},
      plugin_connection_enabled: true,
      two_way_sync_enabled: true,
      timestamp: new Date().toISOString(),
    },
  ];
  const credentials = [
    { Authorization: `Bearer ${attacker.owner.token}` },
    { 'X-API-Key': attacker.site.key },
    { Authorization: `Bearer ${attacker.owner.token}`, 'X-API-Key': attacker.site.key },
  ];
  const leaks: string[] = [];
  let calls = 0;
  for (const { method, path, id, body } of server.routes.flatMap((route) => callsOf(route, bodies))) {
    for (const headers of credentials) {
      const call = supertest(server.url)[method](path).set(headers);
      const answer = body === undefined ? await call : await call.send(body);
      calls += 1;
      // The body contains the attacker's own rows, so a success is allowed. It must not contain the victim's.
      const found = traces().filter((trace) => answer.text.includes(trace));
      if (found.length > 0) leaks.push(`${method} ${path}: ${found}`);
      if (id !== null && answer.status < 400) leaks.push(`${method} ${path}: ${answer.status}`);
    }
  }
  expect(leaks).toEqual([]);
  expect(calls).toBeGreaterThan(200);
  expect(await stateOf(victim.accountId)).toEqual(before);
});

test("lists have only the caller's own rows", async () => {
  for (const path of ['/api/v1/sites', integrationsPath]) {
    const { body } = await server.as(attacker.owner).get(path).expect(200);
    expect(body.count).toBeGreaterThan(0);
    const ids: number[] = body.results.map((row: { site_id?: number; id: number }) => row.site_id ?? row.id);
    const own = await server.db.site.findMany({
      where: { accountId: attacker.accountId },
      select: { id: true },
    });
    for (const id of ids) expect(own.map((site) => site.id)).toContain(id);
  }
});

test("an integration cannot be moved to the victim's site", async () => {
  const mine = await buildSite(server, attacker.accountId);
  const id = await buildIntegration(server, attacker.owner, mine);
  for (const method of ['patch', 'put'] as const) {
    const answer = await server
      .as(attacker.owner)
      [method](`${integrationsPath}/${id}`, { site_id: victim.site.siteId });
    expect(answer.status).toBe(400);
  }
  const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id } });
  expect(row).toMatchObject({ siteId: mine.siteId, accountId: attacker.accountId });
});

describe('the database refuses', () => {
  const mixed = () => ({ accountId: attacker.accountId, siteId: victim.site.siteId });
  const foreignKey = /foreign key/i;

  test("an integration, event, content, term or delivery of one account on another's site", async () => {
    const { db } = server;
    await expect(db.siteIntegration.create({ data: { ...mixed(), platform: 'custom' } })).rejects.toThrow(
      foreignKey,
    );
    await expect(
      db.syncEvent.create({ data: { ...mixed(), eventType: 'sync', action: 'x', success: true } }),
    ).rejects.toThrow(foreignKey);
    await expect(db.content.create({ data: { ...mixed(), contentType: 'post' } })).rejects.toThrow(
      foreignKey,
    );
    await expect(
      db.siteTerm.create({
        data: { ...mixed(), platform: 'wordpress', taxonomy: 't', externalId: '1', slug: 's', name: 'n' },
      }),
    ).rejects.toThrow(foreignKey);
    await expect(
      db.webhookDelivery.create({
        data: { ...mixed(), webhookId: '1', topic: 't', subject: 's', body: {}, bodyHash: 'h' },
      }),
    ).rejects.toThrow(foreignKey);
  });

  test('a run or a check of one account, or of another site, on an integration that is not its own', async () => {
    const { db } = server;
    for (const owner of [
      { accountId: attacker.accountId, siteId: attacker.site.siteId },
      { accountId: attacker.accountId, siteId: victim.site.siteId },
      { accountId: victim.accountId, siteId: attacker.site.siteId },
    ]) {
      const data = { ...owner, integrationId: victim.integrationId };
      await expect(db.syncRun.create({ data: { ...data, direction: 'metadata' } })).rejects.toThrow(
        foreignKey,
      );
      await expect(
        db.connectionCheck.create({ data: { ...data, success: true, code: 'ok', result: {} } }),
      ).rejects.toThrow(foreignKey);
    }
  });

  test("a change of a row's owner", async () => {
    const { db } = server;
    const move = db.siteIntegration.update({
      where: { id: victim.integrationId },
      data: { accountId: attacker.accountId },
    });
    await expect(move).rejects.toThrow(foreignKey);
  });

  test('a second integration of a site and platform, a second waiting or working run', async () => {
    const { db } = server;
    const own = { accountId: victim.accountId, siteId: victim.site.siteId };
    await expect(db.siteIntegration.create({ data: { ...own, platform: 'wordpress' } })).rejects.toThrow(
      /unique/i,
    );
    const run = { ...own, integrationId: victim.integrationId, direction: 'metadata' as const };
    for (const status of ['queued', 'syncing'] as const) {
      await db.syncRun.create({ data: { ...run, status } });
      await expect(db.syncRun.create({ data: { ...run, status } })).rejects.toThrow(/unique/i);
    }
    await db.syncRun.deleteMany({ where: { integrationId: victim.integrationId } });
  });
});
