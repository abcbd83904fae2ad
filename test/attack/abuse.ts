/** Callers who use secrets wrongly, and operators who use the admin commands. */

import { integrationsPath } from '../support/builders.ts';
import { post as postWebhook, signedHeaders, statusBody } from '../support/webhooks.ts';
import type { Connected } from './connected.ts';
import type { Marks } from './marks.ts';
import type { RecordedServer } from './recordedServer.ts';
import { CREDENTIALS } from './secretFields.ts';

/** Everything that a caller can do wrong with a secret. */
export async function abuse(
  server: RecordedServer,
  sites: readonly Connected[],
  marks: Marks,
): Promise<void> {
  const [site] = sites;
  if (site === undefined) throw new Error('There is no site.');
  await signIns(server, site, marks);
  await keys(server, site, marks);
  await webhooks(server, site, marks);
  for (const each of sites) await credentials(server, each, marks);
  await reads(server, sites);
  await commands(server, site, marks);
}

async function signIns(server: RecordedServer, { tenant }: Connected, marks: Marks): Promise<void> {
  const { email, password } = tenant.owner;
  const right = await server.anyone.post('/api/v1/auth/token', { email, password }).expect(200);
  marks.add('access token of a sign-in', right.body.access_token);
  const wrong = marks.make('wrong password');
  await server.anyone.post('/api/v1/auth/token', { email, password: wrong }).expect(401);
  await server.anyone
    .post('/api/v1/auth/token', { email: 'nobody@example.com', password: wrong })
    .expect(401);
  await server.anyone.post('/api/v1/auth/token', { email, password: { a: wrong } }).expect(400);
  await server.anyone.post('/api/v1/auth/token', { email: wrong.repeat(20), password: wrong }).expect(400);
  await server.anyone.post('/api/v1/auth/token', { email, password: wrong.repeat(40) }).expect(400);
  const broken = await fetch(`${server.url}/api/v1/auth/token`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: `{"email":"a","password":"${wrong}`,
  });
  server.answers.push({ call: 'POST broken JSON', text: await broken.text() });
  const token = marks.make('wrong access token');
  for (const bearer of [token, `${token}.${token}.${token}`, `eyJhbGciOiJub25lIn0.${token}.`]) {
    await server.as({ token: bearer }).get('/api/v1/sites').expect(401);
  }
  await server.anyone.get(`/api/v1/sites?access_token=${token}&api_key=${token}`).expect(401);
}

async function keys(server: RecordedServer, { tenant, uses }: Connected, marks: Marks): Promise<void> {
  const owner = server.as(tenant.owner);
  const { siteId, key, url } = tenant.site;
  const path = `${integrationsPath}/${tenant.integrationId}`;
  await owner.post(`${path}/reveal-api-key`).expect(200);
  const wrong = marks.add('wrong site key', `sbk_${marks.make('body of the wrong site key')}AAAAAAAAA`);
  await owner.post(integrationsPath, { site_id: siteId, platform: 'wordpress', api_key: wrong }).expect(400);
  await owner.patch(path, { credentials_json: { api_key: wrong } }).expect(400);
  await owner.put(path, { api_key: wrong }).expect(400);
  await owner.post(integrationsPath, { site_id: siteId, platform: 'shopify', api_key: wrong }).expect(400);
  const onboarding = `${integrationsPath}/test-connection`;
  await server.anyone.post(onboarding, { site_id: siteId, api_key: wrong, site_url: url }).expect(403);
  await server.withKey(wrong).post(onboarding, { site_id: siteId, site_url: url }).expect(403);
  await server.withKey(wrong).post(`${path}/update-structure`, {}).expect(401);
  await server.as({ token: wrong }).get(`${path}/content-types`).expect(401);
  const pasted = marks.make('password in an address');
  for (const address of [`https://user:${pasted}@site.example/`, `https://${pasted}@site.example/`]) {
    await owner.patch(`/api/v1/sites/${siteId}`, { url: address }).expect(400);
    await owner.patch(path, { config_json: { site_url: address } }).expect(400);
    await server.anyone.post(onboarding, { site_id: siteId, api_key: key, site_url: address }).expect(400);
  }
  await uses.test();
  const rotated = await owner.post(`/api/v1/sites/${siteId}/api-key`).expect(200);
  marks.add('site key after a rotation', rotated.body.api_key);
  await owner.post(`${path}/reveal-api-key`).expect(200);
  await owner.post(`${path}/test-connection`).expect(200);
}

async function webhooks(server: RecordedServer, { tenant }: Connected, marks: Marks): Promise<void> {
  const { siteId } = tenant.site;
  const wrong = `sbk_${marks.make('site key of a webhook')}AAAAAAAAA`;
  const body = JSON.stringify(statusBody);
  const site = { 'X-Site-Id': String(siteId) };
  const signature = marks.make('signature of a webhook');
  const senders: Record<string, string>[] = [
    { ...site, 'X-API-Key': wrong },
    { ...site, Authorization: `Bearer ${wrong}` },
    { ...site, ...signedHeaders(wrong, body) },
    { ...site, ...signedHeaders(wrong, body), 'webhook-signature': `v1,${signature}` },
    { ...site, 'X-API-Key': tenant.site.key },
  ];
  for (const headers of senders) {
    const { status, body: told } = await postWebhook(server, 'status', body, headers);
    server.answers.push({ call: 'POST a webhook', text: `${status} ${JSON.stringify(told)}` });
  }
  const shop = await fetch(`${server.url}/api/v1/integration/webhooks/shopify`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Shopify-Shop-Domain': 'demo-shop.myshopify.com',
      'X-Shopify-Topic': 'products/update',
      'X-Shopify-Webhook-Id': '1',
      'X-Shopify-Hmac-SHA256': marks.make('signature of a webhook of a shop'),
    },
    body,
  });
  server.answers.push({ call: 'POST a webhook of a shop', text: await shop.text() });
}

/** New credentials, right and malformed, in every field of the platform. */
async function credentials(server: RecordedServer, site: Connected, marks: Marks): Promise<void> {
  const owner = server.as(site.tenant.owner);
  const path = `${integrationsPath}/${site.tenant.integrationId}`;
  const make = (field: string, what: string) => marks.make(`${what} ${field} of ${site.name}`);
  const all = CREDENTIALS[site.platform] ?? [];
  for (const field of all) {
    const secret = make(field, 'malformed');
    for (const value of [`${secret}\n`, `${secret}\u0001`, secret.repeat(400), { a: secret }, [secret]]) {
      await owner.patch(path, { credentials_json: nested(field, value) });
      await owner.put(path, { credentials_json: nested(field, value) });
    }
    await owner.patch(path, { credentials_json: secret });
    await owner.patch(path, { credentials_json: { unknown: secret } });
    await owner.patch(path, { unknown: secret });
  }
  const fields = all.filter((field) => !field.startsWith('outer'));
  const fresh = Object.fromEntries(fields.map((field) => [field, make(field, 'new')]));
  const { access_token: _entered, ...app } = fresh;
  for (const some of site.platform === 'shopify'
    ? [
        { ...app, access_token: null },
        { access_token: fresh.access_token, client_id: null },
      ]
    : [fresh, ...newOuter(make)]) {
    await owner.patch(path, { credentials_json: some }).expect(200);
    for (const use of Object.values(site.uses)) await use().catch(() => undefined);
  }
}

/** What opens the door before a site, one part after the other. */
function newOuter(make: (field: string, what: string) => string): object[] {
  const basic = { username: 'staging', password: make('outer.basic.password', 'new') };
  return [
    { outer: { headers: { 'X-Door': make('outer.headers', 'new') } } },
    { outer: { basic, headers: { 'X-Door': null } } },
    { outer: null },
  ];
}

/** The object that has a value at a path with dots. */
function nested(path: string, value: unknown): object {
  const [name = '', ...rest] = path.split('.');
  return { [name]: rest.length === 0 ? value : nested(rest.join('.'), value) };
}

/** Everything that can be read. */
async function reads(server: RecordedServer, sites: readonly Connected[]): Promise<void> {
  for (const { tenant } of sites) {
    const owner = server.as(tenant.owner);
    const path = `${integrationsPath}/${tenant.integrationId}`;
    const paths = ['', '/events?limit=200', '/debug-status', '/sync-status', '/runs', '/content-types'];
    for (const rest of paths) await owner.get(path + rest).expect(200);
    await owner.get(`/api/v1/sites/${tenant.site.siteId}/events?limit=200`).expect(200);
    await owner.get(integrationsPath).expect(200);
    await owner.get('/api/v1/sites').expect(200);
    await owner.get('/api/v1/content?limit=100').expect(200);
    await owner.get('/api/v1/integration/webhooks/deliveries').expect(200);
  }
}

/** The admin commands. What they print, without the keys that they are to show, counts as an answer. */
async function commands(server: RecordedServer, { tenant }: Connected, marks: Marks): Promise<void> {
  const account = String(tenant.accountId);
  const password = (of: string) => marks.make(`password at the command for ${of}`);
  const run = async (...args: string[]) => {
    const printed = await server.admin(...args);
    const { api_key: key, ...rest } = printed === '' ? {} : JSON.parse(printed);
    if (key !== undefined) marks.add(`site key of the command ${args.join(' ')}`, key);
    server.answers.push({ call: `admin ${args[0]} ${args[1]}`, text: JSON.stringify(rest) });
    return rest;
  };
  await run(
    'account',
    'create',
    '--name',
    'N',
    '--owner-email',
    'o@example.com',
    '--owner-password',
    password('an owner'),
  );
  const user = ['user', 'create', '--account-id', account, '--email', 'u@example.com', '--role', 'editor'];
  await run(...user, '--password', password('a user'));
  await run(...user, '--password', password('a user who is there'));
  await run(
    'user',
    'create',
    '--account-id',
    'x',
    '--email',
    'v@example.com',
    '--role',
    'king',
    '--password',
    password('nobody'),
  );
  const made = await run(
    'site',
    'create',
    '--account-id',
    account,
    '--name',
    'N',
    '--url',
    'https://a.example',
  );
  await run('site', 'rotate-key', '--site-id', String(made.site_id));
  await run('credentials', 'reencrypt');
  await run('restored', '');
  await run('server', 'adopt');
  await run('user', 'deactivate', '--email', 'u@example.com');
}
