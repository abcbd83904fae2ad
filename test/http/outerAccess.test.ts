/** `credentials_json.outer`: what opens the door before a site. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { FRONT_BASIC, FRONT_TOKEN } from '../../src/simulation/wordpress/front.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import {
  buildAccount,
  buildIntegration,
  buildSite,
  enterKey,
  integrationsPath,
  type TestSite,
  type TestUser,
} from '../support/builders.ts';
import { onboardingPath } from '../support/onboarding.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
let owner: TestUser;
let wordpress: SimulatedWordpress;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
  wordpress = await startSimulatedWordpress({ siteId: 0 });
});
afterEach(() => {
  wordpress.clearFaults();
  wordpress.state.requests.length = 0;
});
afterAll(async () => {
  await wordpress.stop();
  await server.stop();
});

async function build(outer: object): Promise<{ id: number; path: string; site: TestSite }> {
  const site = await buildSite(server, owner.accountId, wordpress.url);
  enterKey(wordpress, site);
  const id = await buildIntegration(server, owner, site, { credentials_json: { outer } });
  return { id, path: `${integrationsPath}/${id}`, site };
}

async function credentialsOf(id: number): Promise<unknown> {
  const row = await server.db.siteIntegration.findUniqueOrThrow({ where: { id } });
  if (row.credentialsEncrypted === null) return null;
  return JSON.parse(await server.core.vault.decrypt(row, row.credentialsEncrypted));
}

test('opens the door for a test and for a sync, and no answer shows it', async () => {
  const { path } = await build({ basic: FRONT_BASIC, headers: FRONT_TOKEN });
  wordpress.setFault('outer_password', 'outer_service_token');
  const answers = [
    await server.as(owner).post(`${path}/test-connection`).expect(200),
    await server.as(owner).post(`${path}/sync`, { direction: 'metadata' }).expect(200),
    await server.as(owner).get(path).expect(200),
    await server.as(owner).get(`${path}/debug-status`).expect(200),
    await server.as(owner).get(`${path}/events`).expect(200),
  ];
  expect(answers[0]?.body).toMatchObject({ success: true, code: 'ok' });
  expect(answers[1]?.body).toMatchObject({ status: 'success' });
  expect(answers[2]?.body).toMatchObject({ has_credentials: true });
  const text = JSON.stringify(answers.map(({ body }) => body));
  for (const secret of [FRONT_BASIC.password, ...Object.values(FRONT_TOKEN)])
    expect(text).not.toContain(secret);
});

test('merges: a part or a header that is null goes, names of headers in any case, null removes all', async () => {
  const basic = { username: 'a', password: 'b' };
  const { id, path } = await build({ basic, headers: { 'X-One': '1', 'X-Two': '2' } });
  const patch = (outer: unknown) => server.as(owner).patch(path, { credentials_json: { outer } }).expect(200);
  await patch({ headers: { 'x-one': 'new', 'X-Three': '3' } });
  expect(await credentialsOf(id)).toEqual({
    outer: { basic, headers: { 'X-Two': '2', 'x-one': 'new', 'X-Three': '3' } },
  });
  await patch({ headers: { 'X-ONE': null, 'x-two': null } });
  expect(await credentialsOf(id)).toEqual({ outer: { basic, headers: { 'X-Three': '3' } } });
  await patch({});
  expect(await credentialsOf(id)).toEqual({ outer: { basic, headers: { 'X-Three': '3' } } });
  await patch({ basic: null });
  expect(await credentialsOf(id)).toEqual({ outer: { headers: { 'X-Three': '3' } } });
  await patch({ headers: { 'X-Three': null } });
  expect(await credentialsOf(id)).toBeNull();
  await patch({ basic });
  await server.as(owner).patch(path, { credentials_json: { username: 'u', application_password: 'p' } });
  await patch(null);
  expect(await credentialsOf(id)).toEqual({ username: 'u', application_password: 'p' });
});

describe('is refused, with the name of the field', () => {
  const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`X-${index}`, '1']));
  const large = Object.fromEntries(
    Array.from({ length: 9 }, (_, index) => [`X-${index}`, 'x'.repeat(1_000)]),
  );
  const header = (name: string, value = 'a') => ({ headers: { [name]: value } });
  test.each<[object | string, string]>([
    ['text', ''],
    [{ unknown: 1 }, '.unknown'],
    [{ basic: { username: 'a' } }, '.basic.password'],
    [{ basic: { username: 'a:b', password: 'c' } }, '.basic.username'],
    [{ basic: { username: 'a', password: 'c\nd' } }, '.basic.password'],
    [{ basic: { username: '', password: 'c' } }, '.basic.username'],
    [header('X-A', 'a\r\nX-Evil: b'), '.headers.X-A'],
    [header('X-A', ''), '.headers.X-A'],
    [header('X-A', 'ä'), '.headers.X-A'],
    [header(''), '.headers.'],
    [header('X A'), '.headers.X A'],
    [header('Host'), '.headers.Host'],
    [header('cookie'), '.headers.cookie'],
    [header('Connection'), '.headers.Connection'],
    [header('Transfer-Encoding'), '.headers.Transfer-Encoding'],
    [header('Proxy-Authorization'), '.headers.Proxy-Authorization'],
    [header('Content-Length', '1'), '.headers.Content-Length'],
    [header('X-Sitebridge-Signature'), '.headers.X-Sitebridge-Signature'],
    [header('X-HTTP-Method-Override', 'DELETE'), '.headers.X-HTTP-Method-Override'],
    [{ headers: { 'X-A': '1', 'x-a': '2' } }, '.headers.X-A'],
    [{ ...header('authorization'), basic: { username: 'a', password: 'b' } }, '.headers.authorization'],
    [{ headers: many }, '.headers'],
    [{ headers: large }, '.headers'],
    [{ headers: { 'X-A': 5 } }, '.headers.X-A'],
  ])('%j', async (outer, field) => {
    const site = await buildSite(server, owner.accountId);
    const body = {
      site_id: site.siteId,
      platform: 'wordpress',
      api_key: site.key,
      credentials_json: { outer },
    };
    const answer = await server.as(owner).post(integrationsPath, body);
    expectProblem(answer, 400);
    const named = answer.body.errors.map((each: { field: string }) => each.field);
    expect(named).toContain(`credentials_json.outer${field}`);
    expect(await server.db.siteIntegration.count({ where: { siteId: site.siteId } })).toBe(0);
  });

  test('as Authorization beside an application password', async () => {
    const { path } = await build({ headers: { Authorization: 'Bearer token' } });
    const answer = await server
      .as(owner)
      .patch(path, { credentials_json: { username: 'a', application_password: 'b' } });
    expectProblem(answer, 400, { fields: ['credentials_json.outer.headers.Authorization'] });
  });

  test('of a shop', async () => {
    const site = await buildSite(server, owner.accountId);
    const answer = await server.as(owner).post(integrationsPath, {
      site_id: site.siteId,
      platform: 'shopify',
      config_json: { shop_domain: 'a-shop.myshopify.com' },
      credentials_json: { access_token: 'shpat_0123456789', outer: { headers: { 'X-A': 'a' } } },
    });
    expectProblem(answer, 400, { fields: ['credentials_json.outer'] });
  });
});

test('opens the door when the site connects itself, but is not sent to another home', async () => {
  const { id, site } = await build({ basic: FRONT_BASIC });
  wordpress.setFault('outer_password');
  const connect = (siteUrl: string, more: object = {}) =>
    server.anyone.post(onboardingPath, {
      site_id: site.siteId,
      api_key: site.key,
      site_url: siteUrl,
      ...more,
    });
  expect((await connect(wordpress.url).expect(200)).body).toMatchObject({ code: 'ok', integration_id: id });

  const elsewhere = await startSimulatedWordpress({ siteId: site.siteId, siteKey: site.key });
  await connect(elsewhere.url, { moved: true }).expect(200);
  expect(elsewhere.state.requests.some(({ headers }) => 'authorization' in headers)).toBe(false);
  expect(await credentialsOf(id)).toBeNull();
  await elsewhere.stop();
});
