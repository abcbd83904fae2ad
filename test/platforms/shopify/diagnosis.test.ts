import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Connection, Credentials } from '../../../src/platforms/connection.ts';
import type { ConnectionTestResult } from '../../../src/platforms/platform.ts';
import { AdminClient } from '../../../src/platforms/shopify/api/adminClient.ts';
import { CostBuckets } from '../../../src/platforms/shopify/api/costBucket.ts';
import { readKinds } from '../../../src/platforms/shopify/readKinds.ts';
import type { FaultName } from '../../../src/simulation/shopify/faults.ts';
import { closedPort, serveLoopback } from '../../outbound/loopbackServer.ts';
import { type TestShop, testShop } from './testShop.ts';

let shop: TestShop;
beforeEach(async () => {
  shop = await testShop();
});
afterEach(() => shop.stop());

function test(changes: Partial<Connection> = {}): Promise<ConnectionTestResult> {
  return shop.platform.testConnection(shop.connection(changes));
}

const neverAsked = () => Promise.reject(new Error('No request is expected.'));

/** Credentials with the app's client, for which Shopify mints tokens. */
function client(changes: Credentials = {}): { credentials: Credentials } {
  const { clientId, clientSecret } = shop.shopify.state.app;
  return { credentials: { client_id: clientId, client_secret: clientSecret, ...changes } };
}

function notes(result: ConnectionTestResult): Record<string, string> {
  const told = result.checks.filter((check) => check.ok && check.code !== undefined);
  return Object.fromEntries(told.map((check) => [check.name, check.code ?? '']));
}

/** Expects that a result contains no secret and no address. */
function expectNoSecrets(result: ConnectionTestResult): void {
  const text = JSON.stringify(result);
  expect(text).not.toMatch(/127\.0\.0\.1|shpat_|shpss_/);
}

describe('a shop that works', () => {
  it('connects with an access token, and passes every check', async () => {
    const result = await test();
    expect(result).toMatchObject({
      success: true,
      code: 'ok',
      hint: '',
      stage: 'identity',
      retryable: false,
      remote: {
        name: 'Brücke & Söhne',
        version: '2026-10',
        canonical_url: 'https://demo-shop.myshopify.com',
      },
    });
    expect(result.checks.map((check) => check.name)).toEqual([
      'address',
      'dns',
      'connect',
      'http',
      'shop',
      'version',
      'scopes',
      'content',
      'identity',
    ]);
    expect(result.checks.every((check) => check.ok && check.ms >= 0)).toBe(true);
    // One query gets the facts of the shop, and one the first page of each kind.
    expect(shop.shopify.state.requests.map((request) => request.operation)).toEqual([
      'Shop',
      'Publications',
      'List',
      'List',
      'List',
      'List',
    ]);
    expectNoSecrets(result);
  });

  it('connects with client ID and secret, and stores the minted token', async () => {
    const kept: Credentials[] = [];
    const result = await test({ ...client(), keep: async (secrets) => void kept.push(secrets) });
    expect(result.code).toBe('ok');
    expect(result.checks.map((check) => check.name).slice(0, 6)).toEqual([
      'address',
      'dns',
      'connect',
      'http',
      'token',
      'shop',
    ]);
    expect(kept).toEqual([
      { minted_token: expect.stringMatching(/^shpat_/), minted_until: '2026-11-25T11:59:59.000Z' },
    ]);
    expectNoSecrets(result);

    // The stored token is used until it expires.
    const minted = () =>
      shop.shopify.state.requests.filter(({ path }) => path.endsWith('/access_token')).length;
    shop.shopify.state.requests.length = 0;
    shop.time.pass(23 * 3_600_000);
    expect((await test({ ...client(), kept: kept[0] ?? {} })).code).toBe('ok');
    expect(minted()).toBe(0);
    shop.time.pass(3_600_000);
    expect((await test({ ...client(), kept: kept[0] ?? {} })).code).toBe('ok');
    expect(minted()).toBe(1);
  });

  it('mints a second token when the first is refused too early, and reports it', async () => {
    const kept: Credentials[] = [];
    const old = { minted_token: 'shpat_revoked', minted_until: '2026-11-25T00:00:00.000Z' };
    const result = await test({ ...client(), kept: old, keep: async (secrets) => void kept.push(secrets) });
    expect(result).toMatchObject({ success: true, code: 'ok' });
    expect(notes(result)).toEqual({ shop: 'token_expired' });
    expect(kept).toHaveLength(1);
    const statuses = shop.shopify.state.requests.map((request) => request.status);
    expect(statuses.slice(0, 3)).toEqual([401, 200, 200]);
    expect(statuses.slice(3).every((status) => status === 200)).toBe(true);
  });

  it('that answers in another API version is reported', async () => {
    const old = await testShop({ apiVersion: '2025-01', versions: ['2026-01', '2026-10'] });
    const result = await old.platform.testConnection(old.connection());
    await old.stop();
    expect(result).toMatchObject({ code: 'ok', remote: { version: '2026-01' } });
    expect(notes(result)).toEqual({ version: 'version_unavailable' });
    expect(result.checks.find((check) => check.name === 'version')?.detail).toContain('2026-01');
  });

  it('that has moved to another domain is reported', async () => {
    shop.shopify.state.myshopifyDomain = 'new-name.myshopify.com';
    const result = await test();
    expect(result.code).toBe('ok');
    expect(notes(result)).toEqual({ identity: 'identity_mismatch' });
    expect(result.checks.at(-1)?.detail).toContain('new-name.myshopify.com');
  });

  it('without useful scopes has them reported', async () => {
    shop.shopify.state.app.scopes = ['write_online_store_pages', 'write_products', 'read_publications'];
    const result = await test();
    expect(result.code).toBe('ok');
    expect(notes(result)).toEqual({ scopes: 'missing_scopes' });
    expect(result.checks.find((check) => check.name === 'scopes')?.detail).toContain('write_publications');
  });

  it('with an empty bucket is waited for', async () => {
    shop.shopify.setFault('throttled', 1);
    expect((await test()).code).toBe('ok');
    expect(shop.time.waits).toEqual([1000]);
  });
});

describe('every fault has its own code', () => {
  const faults: ReadonlyArray<readonly [FaultName, string, boolean]> = [
    ['shop_frozen', 'shop_frozen', false],
    ['forbidden', 'rejected', false],
    ['scope_refused', 'missing_scopes', false],
    ['shop_locked', 'shop_locked', false],
    ['too_many_requests', 'throttled', true],
    ['throttled', 'throttled', true],
    ['rejected', 'rejected', false],
    ['server_error', 'unreachable', true],
    ['errors_only', 'unreachable', true],
    ['not_json', 'unexpected_answer', false],
    ['gzip_unmarked', 'bad_encoding', false],
    ['body_cut_off', 'cut_off', true],
    ['tokens_refused', 'bad_credentials', false],
  ];

  it.each(faults)('%s is %s (retryable: %s)', async (fault, code, retryable) => {
    shop.shopify.setFault(fault);
    const result = await test();
    expect(result).toMatchObject({ success: false, code, retryable, stage: 'shop' });
    expect(result.message).toMatch(/.{15}/);
    expect(result.hint).toMatch(/.{15}/);
    expect(result.checks.map((check) => check.name)).toEqual(['address', 'dns', 'connect', 'http', 'shop']);
    expect(result.checks.at(-1)).toMatchObject({ ok: false, code });
    expectNoSecrets(result);
  });

  it('a body that is falsely called compressed is bad_encoding, on the way to Shopify', async () => {
    shop.shopify.setFault('gzip_false');
    expect(await test()).toMatchObject({ success: false, code: 'bad_encoding', stage: 'http' });
  });

  it.each([
    ['a malformed domain', { shop_domain: 'evil.com/.myshopify.com' }],
    ['another host', { shop_domain: 'a.myshopify.com.evil.com' }],
    ['no domain', {}],
  ])('%s is invalid_shop_domain, and no request is sent', async (_, config) => {
    expect(await test({ config })).toMatchObject({ code: 'invalid_shop_domain', stage: 'address' });
    expect(shop.shopify.state.requests).toEqual([]);
  });

  it('a missing shop is shop_not_found', async () => {
    const result = await test({ config: { shop_domain: 'nobody.myshopify.com' } });
    expect(result).toMatchObject({ code: 'shop_not_found', stage: 'shop' });
    expect(await test({ config: { shop_domain: 'nobody.myshopify.com' }, ...client() })).toMatchObject({
      code: 'shop_not_found',
      stage: 'token',
    });
  });

  it('a wrong token is bad_credentials, and so is a missing token', async () => {
    expect(await test({ credentials: { access_token: 'shpat_wrong' } })).toMatchObject({
      code: 'bad_credentials',
    });
    const none = await test({ credentials: {} });
    expect(none).toMatchObject({
      code: 'bad_credentials',
      message: expect.stringContaining('no credentials'),
    });
    expect(shop.shopify.state.requests).toHaveLength(1);
  });

  it.each([
    [{ client_id: 'other' }, 'client ID'],
    [{ client_secret: 'other' }, 'client secret'],
  ])('%j is bad_credentials, naming the %s', async (wrong, named) => {
    const result = await test(client(wrong));
    expect(result).toMatchObject({ code: 'bad_credentials', stage: 'token' });
    expect(result.message).toContain(named);
  });

  it('an app that is not installed has its own code, and so has an app of another organization', async () => {
    const { app } = shop.shopify.state;
    app.installed = false;
    expect(await test(client())).toMatchObject({ code: 'app_not_installed', stage: 'token' });
    app.sameOrganization = false;
    expect(await test(client())).toMatchObject({ code: 'shop_not_permitted', stage: 'token' });
  });

  it('a minted token that is refused at once is token_expired, after one retry', async () => {
    shop.shopify.setFault('tokens_refused');
    const result = await test(client());
    expect(result).toMatchObject({ success: false, code: 'token_expired', stage: 'shop' });
    expect(shop.shopify.state.requests.map((request) => request.status)).toEqual([200, 401, 200, 401]);
  });

  it.each([
    [[], 'read_content, read_products, write_content, write_products'],
    [['read_content', 'read_products'], 'write_content, write_products'],
    [['write_content'], 'read_products, write_products'],
  ])('the scopes %j give a fault that names the missing ones: %s', async (scopes, missing) => {
    shop.shopify.state.app.scopes = scopes;
    const result = await test();
    expect(result).toMatchObject({ code: 'missing_scopes', stage: 'scopes' });
    expect(result.message).toContain(missing);
    expect(result.checks.at(-1)?.detail).toBe(missing);
  });
});

describe('the contents of a shop', () => {
  it.each(['article', 'page', 'product', 'collection'] as const)(
    'are not passed if no %s can be read, and the first fault is named',
    async (kind) => {
      shop.shopify.state.items = [];
      shop.shopify.add(kind);
      shop.shopify.setFault('null_node');
      const result = await test();
      expect(result).toMatchObject({ success: false, code: 'unreadable_items', stage: 'content' });
      expect(result.message).toMatch(new RegExp(`${kind}s.*Internal error\\.$`, 'i'));
      expect(result.hint).not.toBe('');
      expect(result.checks.map(({ name }) => name)).not.toContain('identity');
    },
  );

  it('pass if some items can be read, or if there are none', async () => {
    shop.shopify.state.items = [];
    expect((await test()).code).toBe('ok');
    for (const kind of ['article', 'page', 'product', 'collection'] as const)
      for (let count = 0; count < 2; count += 1) shop.shopify.add(kind);
    shop.shopify.setFault('null_node');
    expect((await test()).code).toBe('ok');
  });

  it('are read in smaller pages if a page is too costly, and the test passes', async () => {
    const small = await testShop({ maxCost: 140 });
    for (let count = 0; count < 20; count += 1) small.shopify.add('product');
    const result = await small.platform.testConnection(small.connection());
    await small.stop();
    expect(result).toMatchObject({ success: true, code: 'ok' });
  });

  it('are not passed if their list is none', async () => {
    shop.shopify.setFault('no_nodes');
    const result = await test();
    expect(result).toMatchObject({ success: false, code: 'unexpected_answer', stage: 'content' });
    expect(result.message).toContain('a list without nodes');
  });

  it('are read without a mutation, and are not waited for longer than the signal allows', async () => {
    await test();
    expect(shop.shopify.state.requests.some(({ body }) => body.includes('mutation'))).toBe(false);
    const facts = { name: '', myshopifyDomain: '', url: '', scopes: new Set(['read_publications']) };
    const options = { ...shop.time, outbound: { request: neverAsked }, baseUrl: '', apiVersion: '' };
    const client = new AdminClient(shop.connection(), options, new CostBuckets(shop.time));
    await expect(readKinds(client, facts, AbortSignal.abort())).rejects.toMatchObject({
      code: 'throttled',
      retryable: true,
    });
  });
});

describe('the way to Shopify', () => {
  it('without a server has its own codes', async () => {
    const away = await testShop({ baseUrl: `http://127.0.0.1:${await closedPort()}` });
    const result = await away.platform.testConnection(away.connection());
    await away.stop();
    expect(result).toMatchObject({ code: 'unreachable', stage: 'connect', retryable: true });
    expect(result.checks.map((check) => check.name)).toEqual(['address', 'dns', 'connect']);
    expectNoSecrets(result);
  });

  it('with a redirect is not followed, so that no token goes elsewhere', async () => {
    const elsewhere = await serveLoopback((_, response) => response.end());
    const here = await serveLoopback((_, response) =>
      response.writeHead(301, { Location: `${elsewhere.url}/admin` }).end(),
    );
    const moved = await testShop({ baseUrl: here.url });
    const result = await moved.platform.testConnection(moved.connection());
    await Promise.all([moved.stop(), here.stop(), elsewhere.stop()]);
    expect(result).toMatchObject({ code: 'redirect', stage: 'http' });
    expect(elsewhere.seen).toEqual([]);
  });
});
