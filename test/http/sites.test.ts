import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  buildAccount,
  buildSite,
  buildSiteWithoutKey,
  buildUser,
  type TestUser,
} from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const path = '/api/v1/sites';
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
let server: TestServer;
let owner: TestUser;
beforeAll(async () => {
  server = await startTestServer();
  owner = await buildAccount(server);
});
afterAll(() => server.stop());

describe('POST /sites', () => {
  test('creates a site without a key, in the caller’s account', async () => {
    const editor = await buildUser(server, owner.accountId, 'editor');
    const answer = await server.as(editor).post(path, { name: '  Shop ', url: 'https://shop.example/blog' });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(Number),
      name: 'Shop',
      url: 'https://shop.example/blog',
      api_key: null,
      has_api_key: false,
      created_at: time,
      updated_at: time,
    });
    expect(answer.headers.location).toBe(`${path}/${answer.body.id}`);
    expect(await server.db.site.findUnique({ where: { id: answer.body.id } })).toMatchObject({
      accountId: owner.accountId,
      name: 'Shop',
      apiKeyHash: null,
      apiKeyEncrypted: null,
    });
  });

  test.each([
    ['no name', { url: 'https://a.example' }, ['name']],
    ['neither', {}, ['name', 'url']],
    ['an empty name', { name: '  ', url: 'https://a.example' }, ['name']],
    ['a name that is a number', { name: 1, url: 'https://a.example' }, ['name']],
    ['a name of 201 letters', { name: 'a'.repeat(201), url: 'https://a.example' }, ['name']],
    ['a foreign account', { name: 'a', url: 'https://a.example', account_id: 1 }, ['account_id']],
    ['a key', { name: 'a', url: 'https://a.example', api_key: 'sbk_x' }, ['api_key']],
    ['javascript:', { name: 'a', url: 'javascript:alert(1)' }, ['url']],
    ['a file', { name: 'a', url: 'file:///etc/passwd' }, ['url']],
    ['no address', { name: 'a', url: 'shop' }, ['url']],
    ['credentials in the address', { name: 'a', url: 'https://u:p@a.example' }, ['url']],
    ['a user in the address', { name: 'a', url: 'https://u@a.example' }, ['url']],
    ['an address of 2001 characters', { name: 'a', url: `https://a.example/${'x'.repeat(2000)}` }, ['url']],
  ])('refuses %s', async (_what, body, fields) => {
    const before = await server.db.site.count();
    expectProblem(await server.as(owner).post(path, body), 400, { code: 'invalid_input', fields });
    expect(await server.db.site.count()).toBe(before);
  });
});

describe('GET /sites', () => {
  test("lists the account's sites in pages that link to each other", async () => {
    const lister = await buildAccount(server);
    const ids: number[] = [];
    for (let i = 0; i < 5; i += 1) ids.push((await buildSite(server, lister.accountId)).siteId);
    const first = await server.as(lister).get(`${path}?page_size=2`).expect(200);
    expect(first.body).toMatchObject({
      count: 5,
      previous: null,
      next: `${server.url}${path}?page_size=2&page=2`,
    });
    expect(first.body.results.map((site: { id: number }) => site.id)).toEqual(ids.slice(0, 2));
    const second = await server.as(lister).get(first.body.next.slice(server.url.length)).expect(200);
    expect(second.body.results.map((site: { id: number }) => site.id)).toEqual(ids.slice(2, 4));
    expect(second.body.previous).toBe(`${server.url}${path}?page_size=2&page=1`);
    const third = await server.as(lister).get(second.body.next.slice(server.url.length)).expect(200);
    expect(third.body.results.map((site: { id: number }) => site.id)).toEqual(ids.slice(4));
    expect(third.body.next).toBeNull();
    const whole = await server.as(lister).get(`${path}?page_size=5`).expect(200);
    expect(whole.body).toMatchObject({ count: 5, next: null, previous: null });
    const beyond = await server.as(lister).get(`${path}?page=9`).expect(200);
    expect(beyond.body).toMatchObject({ count: 5, next: null, results: [] });
  });

  test.each([
    ['page_size=1000', 'page_size'],
    ['page_size=101', 'page_size'],
    ['page_size=0', 'page_size'],
    ['page_size=-1', 'page_size'],
    ['page_size=abc', 'page_size'],
    ['page_size=', 'page_size'],
    ['page_size=1&page_size=2', 'page_size'],
    ['page=0', 'page'],
    ['page=1.5', 'page'],
    ['page=99999999999999999999', 'page'],
    ['page=%00', 'page'],
  ])('refuses %s', async (query, field) => {
    expectProblem(await server.as(owner).get(`${path}?${query}`), 400, { fields: [field] });
  });

  test('takes page_size 100', async () => {
    await server.as(owner).get(`${path}?page_size=100`).expect(200);
  });
});

describe('GET and PATCH /sites/{id}', () => {
  test('show a site with its key masked', async () => {
    const site = await buildSite(server, owner.accountId, 'https://masked.example');
    const answer = await server.as(owner).get(`${path}/${site.siteId}`).expect(200);
    expect(answer.body).toEqual({
      id: site.siteId,
      name: expect.any(String),
      url: 'https://masked.example',
      api_key: `sbk_…${site.key.slice(-4)}`,
      has_api_key: true,
      created_at: time,
      updated_at: time,
    });
  });

  test('change the sent fields and keep the rest', async () => {
    const site = await buildSite(server, owner.accountId, 'https://old.example');
    const before = await server.as(owner).get(`${path}/${site.siteId}`);
    const named = await server.as(owner).patch(`${path}/${site.siteId}`, { name: 'Renamed' }).expect(200);
    expect(named.body).toEqual({ ...before.body, name: 'Renamed', updated_at: time });
    const moved = await server
      .as(owner)
      .patch(`${path}/${site.siteId}`, { url: 'https://new.example' })
      .expect(200);
    expect(moved.body).toMatchObject({ name: 'Renamed', url: 'https://new.example', has_api_key: true });
    const same = await server.as(owner).patch(`${path}/${site.siteId}`, {}).expect(200);
    expect(same.body).toMatchObject({ name: 'Renamed', url: 'https://new.example' });
  });

  test.each([
    [{ name: '' }, ['name']],
    [{ name: null }, ['name']],
    [{ url: 'javascript:1' }, ['url']],
    [{ id: 3, key: 'x' }, ['id', 'key']],
  ])('PATCH refuses %j', async (body, fields) => {
    const site = await buildSite(server, owner.accountId);
    const before = await server.db.site.findUnique({ where: { id: site.siteId } });
    expectProblem(await server.as(owner).patch(`${path}/${site.siteId}`, body), 400, { fields });
    expect(await server.db.site.findUnique({ where: { id: site.siteId } })).toEqual(before);
  });
});

describe('the key of a site', () => {
  test('is shown once when an admin makes it, and the previous key is refused at once', async () => {
    const admin = await buildUser(server, owner.accountId, 'admin');
    const siteId = await buildSiteWithoutKey(server, owner.accountId);
    const first = await server.as(admin).post(`${path}/${siteId}/api-key`).expect(200);
    expect(first.body).toEqual({ api_key: expect.stringMatching(/^sbk_[A-Za-z0-9_-]{43}$/) });
    expect(first.headers['cache-control']).toBe('no-store');
    const second = await server.as(admin).post(`${path}/${siteId}/api-key`).expect(200);
    expect(second.body.api_key).not.toBe(first.body.api_key);
    // A right key passes the check, and the missing integration is reported.
    const report = '/api/v1/integration/integrations/1/update-structure';
    expectProblem(await server.withKey(first.body.api_key).post(report, {}), 401);
    expectProblem(await server.withKey(second.body.api_key).post(report, {}), 400);
    const events = await server.db.syncEvent.findMany({ where: { siteId }, orderBy: { id: 'asc' } });
    expect(events.map((event) => [event.eventType, event.action, event.success, event.details])).toEqual([
      ['credentials', 'site_key_rotated', true, { user_id: admin.userId }],
      ['credentials', 'site_key_rotated', true, { user_id: admin.userId }],
    ]);
  });

  test('is removed by DELETE: then no key opens the site, also not an empty one', async () => {
    const site = await buildSite(server, owner.accountId);
    const answer = await server.as(owner).delete(`${path}/${site.siteId}/api-key`).expect(204);
    expect(answer.text).toBe('');
    expect(await server.db.site.findUnique({ where: { id: site.siteId } })).toMatchObject({
      apiKeyHash: null,
      apiKeyEncrypted: null,
      apiKeyLast4: null,
    });
    const report = '/api/v1/integration/integrations/1/update-structure';
    expectProblem(await server.withKey(site.key).post(report, {}), 401);
    expectProblem(await server.withKey('').post(report, {}), 401);
    const shown = await server.as(owner).get(`${path}/${site.siteId}`).expect(200);
    expect(shown.body).toMatchObject({ api_key: null, has_api_key: false });
    const [event] = await server.db.syncEvent.findMany({
      where: { siteId: site.siteId },
      orderBy: { id: 'desc' },
    });
    expect(event).toMatchObject({ eventType: 'credentials', action: 'site_key_revoked', success: true });
  });

  test('cannot be changed by editors', async () => {
    const editor = await buildUser(server, owner.accountId, 'editor');
    const site = await buildSite(server, owner.accountId);
    const before = await server.db.site.findUnique({ where: { id: site.siteId } });
    expectProblem(await server.as(editor).post(`${path}/${site.siteId}/api-key`), 403, {
      code: 'role_too_low',
    });
    expectProblem(await server.as(editor).delete(`${path}/${site.siteId}/api-key`), 403, {
      code: 'role_too_low',
    });
    expect(await server.db.site.findUnique({ where: { id: site.siteId } })).toEqual(before);
  });
});
