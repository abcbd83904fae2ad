/**
 * Secrets are encrypted in every table, absent from the log, bound to their row, and their keys can be
 * changed.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { createCore } from '../../src/adminServices.ts';
import { readConfig } from '../../src/config.ts';
import { createLogger } from '../../src/logger.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildIntegration,
  buildSite,
  buildTenant,
  integrationsPath,
  type TestSite,
  type TestTenant,
} from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { credentialKeys, jwtSecret, startTestServer, type TestServer } from '../support/server.ts';

const pair = { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' };
const outer = { headers: { 'CF-Access-Client-Secret': 'a-secret-of-the-service-token' } };
let server: TestServer;
let tenant: TestTenant;
let wordpress: SimulatedWordpress;
beforeAll(async () => {
  server = await startTestServer();
  tenant = await buildTenant(server);
  wordpress = await startSimulatedWordpress({ siteId: 0, connector: null });
});
afterAll(async () => {
  await wordpress.stop();
  await server.stop();
});

async function build(): Promise<{ id: number; path: string; site: TestSite }> {
  const site = await buildSite(server, tenant.accountId, wordpress.url);
  const id = await buildIntegration(server, tenant.owner, site, { credentials_json: { ...pair, outer } });
  return { id, path: `${integrationsPath}/${id}`, site };
}

/** Every row of every table, in our schema and the queue's, as text. */
async function dump(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    expect(tables.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['public.site', 'public.sync_event', 'pgboss.job']),
    );
    const parts: string[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`);
      parts.push(...rows.map(({ line }) => `${name} ${line}`));
    }
    return parts.join('\n');
  } finally {
    await client.end();
  }
}

test('no secret is in plain text in any table or log line', async () => {
  const { path, site } = await build();
  const as = server.as(tenant.owner);
  // All requests that carry a secret, correct and wrong ones.
  const signedIn = await server.anyone.post('/api/v1/auth/token', {
    email: tenant.owner.email,
    password: tenant.owner.password,
  });
  await as.post(`${path}/test-connection`).expect(200);
  await as.post(`${path}/sync`, { direction: 'metadata' }).expect(200);
  await as.patch(path, { credentials_json: { application_password: 'another secret pass' } }).expect(200);
  await as.post(`${path}/test-connection`).expect(200);
  await as.post(`${path}/sync`, { direction: 'metadata' }).expect(200);
  await as.post(`${path}/reveal-api-key`).expect(200);
  const guess = `sbk_${'g'.repeat(43)}`;
  await server.withKey(guess).post(`${path}/update-structure`, {}).expect(401);
  await server.anyone.get(`/api/v1/sites?api_key=${site.key}`).expect(401);
  await server.anyone.get(`/no/such/${site.key}`).expect(404);
  await server.anyone.get(`/api/v1/sites?access_token=${tenant.owner.token}&password=inAQuery`).expect(401);
  await server.anyone
    .post(`${integrationsPath}/test-connection`, {
      site_id: site.siteId,
      api_key: site.key,
      site_url: `http://admin:hunter2secret@127.0.0.1:1/${site.key}`,
    })
    .expect(400);
  const rotated = await as.post(`/api/v1/sites/${site.siteId}/api-key`).expect(200);
  await as.get(`${path}/debug-status`).expect(200);

  const secrets = {
    key: site.key,
    rotated: rotated.body.api_key,
    guess,
    password: pair.application_password,
    packed: pair.application_password.replaceAll(' ', ''),
    changed: 'another secret pass',
    outer: outer.headers['CF-Access-Client-Secret'],
    basic: Buffer.from(`${pair.username}:${pair.application_password}`).toString('base64'),
    inAddress: 'hunter2secret',
    inQuery: 'password=inAQuery',
    signIn: tenant.owner.password,
    token: tenant.owner.token,
    signedIn: signedIn.body.access_token,
    jwtSecret,
    credentialKey: credentialKeys.split(':')[1] ?? '',
  };
  const log = server.log.join('');
  expect(server.log.length).toBeGreaterThan(10);
  const rows = await dump(server.databaseUrl);
  expect(rows).toContain(String(site.siteId));
  for (const [name, secret] of Object.entries(secrets)) {
    expect(secret.length).toBeGreaterThan(8);
    expect({ name, inTables: rows.includes(secret), inLog: log.includes(secret) }).toEqual({
      name,
      inTables: false,
      inLog: false,
    });
  }
});

describe('a secret that cannot be decrypted', () => {
  test("because it belongs to another site's row fails the test, with an event", async () => {
    const victim = await build();
    const thief = await build();
    const stolen = await server.db.siteIntegration.findUniqueOrThrow({ where: { id: victim.id } });
    await server.db.siteIntegration.update({
      where: { id: thief.id },
      data: { credentialsEncrypted: stolen.credentialsEncrypted },
    });
    const requests = wordpress.state.requests.length;
    const answer = await server.as(tenant.owner).post(`${thief.path}/test-connection`).expect(200);
    expect(answer.body).toMatchObject({ success: false, code: 'credentials_unreadable', retryable: false });
    expect(answer.body.hint).toMatch(/CREDENTIAL_KEYS/);
    expect(wordpress.state.requests).toHaveLength(requests);
    const events = await server.db.syncEvent.findMany({
      where: { integrationId: thief.id, eventType: 'credentials' },
    });
    expect(events).toEqual([
      expect.objectContaining({
        action: 'not_readable',
        success: false,
        errorMessage: expect.stringMatching(/another owner/),
      }),
    ]);
    // A run fails with the same reason and sends the site no request either.
    const run = await server
      .as(tenant.owner)
      .post(`${thief.path}/sync`, { direction: 'metadata' })
      .expect(200);
    expect(run.body).toMatchObject({ status: 'failed', error: expect.stringMatching(/another owner/) });
    expect(wordpress.state.requests).toHaveLength(requests);
  });

  test("because another site's key replaced it signs no request", async () => {
    const victim = await build();
    const thief = await build();
    const stolen = await server.db.site.findUniqueOrThrow({ where: { id: victim.site.siteId } });
    await server.db.site.update({
      where: { id: thief.site.siteId },
      data: { apiKeyEncrypted: stolen.apiKeyEncrypted },
    });
    const answer = await server.as(tenant.owner).post(`${thief.path}/test-connection`).expect(200);
    expect(answer.body).toMatchObject({ success: false, code: 'credentials_unreadable' });
    const revealed = await server.as(tenant.owner).post(`${thief.path}/reveal-api-key`);
    expectProblem(revealed, 422, { code: 'credentials_unreadable' });
    expect(revealed.text).not.toContain(victim.site.key);
    const events = { where: { integrationId: thief.id, action: 'not_readable' } };
    expect(await server.db.syncEvent.count(events)).toBe(2);
  });

  test('can be replaced or cleared', async () => {
    const { id, path } = await build();
    const spoil = () =>
      server.db.siteIntegration.update({ where: { id }, data: { credentialsEncrypted: 'a.b.c.d.e' } });
    await spoil();
    const half = await server.as(tenant.owner).patch(path, { credentials_json: { username: 'other' } });
    expectProblem(half, 400, { fields: ['credentials_json.application_password'] });
    await server.as(tenant.owner).patch(path, { credentials_json: pair }).expect(200);
    const test = await server.as(tenant.owner).post(`${path}/test-connection`).expect(200);
    expect(test.body).toMatchObject({ success: true });
    await spoil();
    const cleared = await server.as(tenant.owner).patch(path, { credentials_json: null }).expect(200);
    expect(cleared.body.has_credentials).toBe(false);
  });
});

test('keys change without downtime: both decrypt, reencrypt moves the rows, the old key can go', async () => {
  const second = `second:${Buffer.alloc(32, 2).toString('base64')}`;
  const before = await build();
  const coreWith = (keys: string) =>
    createCore(
      readConfig({ CREDENTIAL_KEYS: keys, JWT_SECRET: jwtSecret }),
      createLogger('silent'),
      server.databaseUrl,
    );
  const both = coreWith(`${second},${credentialKeys}`);
  const only = coreWith(second);
  try {
    const open = async (core: typeof both) => {
      const site = await server.db.site.findUniqueOrThrow({ where: { id: before.site.siteId } });
      const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id: before.id } });
      return {
        key: await core.sites.openKey(site),
        credentials: JSON.parse(await core.vault.decrypt(row, row.credentialsEncrypted ?? '')),
      };
    };
    // An earlier test made these rows unreadable, which stops reencrypt, as it should.
    await server.db.siteIntegration.deleteMany({ where: { id: { not: before.id } } });
    await server.db.site.deleteMany({ where: { id: { not: before.site.siteId } } });
    expect(await open(both)).toEqual({ key: before.site.key, credentials: { ...pair, outer } });
    await expect(open(only)).rejects.toThrow('first is not among CREDENTIAL_KEYS');
    expect(await both.rotation.reencrypt()).toEqual({ reencrypted: 2, alreadyCurrent: 0 });
    expect(await both.rotation.reencrypt()).toEqual({ reencrypted: 0, alreadyCurrent: 2 });
    expect(await open(only)).toEqual({ key: before.site.key, credentials: { ...pair, outer } });
    // The site key is still the same, so the site's calls work.
    expectProblem(await server.withKey(before.site.key).post(`${before.path}/update-structure`, {}), 400);
  } finally {
    await both.db.$disconnect();
    await only.db.$disconnect();
  }
});
