/** The operator's commands, run beside a server on the same embedded folder. */
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Folder } from '../database/embeddedUser.ts';
import { integrationsPath } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { type Program, Programs } from './serverProcess.ts';

const programs = new Programs();
const siteKey = expect.stringMatching(/^sbk_[A-Za-z0-9_-]{43}$/);
let folder: Folder;
/** The settings of `npm start` without an environment: secrets are generated into the folder. */
let settings: Record<string, string>;
let server: Program & { url: string };
beforeAll(async () => {
  folder = await Folder.make();
  settings = { DATA_DIR: folder.dataDir, PORT: '0' };
  server = await programs.start(settings);
});
afterAll(async () => {
  await programs.endAll();
  await folder.remove();
});

/** Runs a command that must succeed. Returns the object that it printed. */
async function admin(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await programs.admin(settings, ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toHaveLength(1);
  return JSON.parse(stdout);
}

async function call(
  path: string,
  options: { method?: string; token?: string; key?: string; body?: object } = {},
) {
  const answer = await fetch(server.url + path, {
    method: options.method ?? (options.body ? 'POST' : 'GET'),
    headers: {
      ...(options.token ? { Authorization: `Bearer ${options.token}` } : {}),
      ...(options.key ? { 'X-API-Key': options.key } : {}),
      ...(options.body ? { 'Content-Type': 'application/json' } : {}),
    },
    ...(options.body ? { body: JSON.stringify(options.body) } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function signIn(email: string, password: string): Promise<string> {
  const { status, body } = await call('/api/v1/auth/token', { body: { email, password } });
  expect(status).toBe(200);
  return String(body.access_token);
}

/** Whether a key belongs to its site: with a right key the server reports the missing integration. */
const keyWorks = async (key: string) => {
  const { status } = await call(`${integrationsPath}/1/update-structure`, { key, body: {} });
  expect([400, 401]).toContain(status);
  return status === 400;
};

test('the first start creates a working demo account, which is shown once', async () => {
  const shown = /e-mail {4}(\S+)\n {2}password {2}(\S+)\n {2}site id {3}(\d+)\n {2}site key {2}(\S+)\n/.exec(
    server.stdout,
  );
  const [, email = '', password = '', siteId = '', key = ''] = shown ?? [];
  const token = await signIn(email, password);
  const sites = await call('/api/v1/sites', { token });
  expect(sites.body).toMatchObject({ count: 1, results: [{ id: Number(siteId), has_api_key: true }] });
  expect(key).toEqual(siteKey);
  expect(await keyWorks(key)).toBe(true);
  expect(server.stderr).not.toContain(password);
  const second = await programs.start({ ...settings });
  expect(second.stdout).not.toContain('demo account');
  expect((await second.end('SIGTERM')).code).toBe(0);
  for (const file of ['jwt-secret', 'credential-keys', 'postgres-password']) {
    expect((await stat(join(folder.dataDir, file))).mode & 0o777).toBe(0o600);
  }
  expect((await readdir(folder.dataDir)).filter((name) => /secret\.|keys\./.test(name))).toEqual([]);
});

test('each command works while the server runs, and the server sees the effect at once', async () => {
  const account = await admin(
    'account',
    'create',
    '--name',
    'Agency',
    '--owner-email',
    'Owner@Agency.example',
    '--owner-password',
    'a long password',
  );
  expect(account).toEqual({ account_id: expect.any(Number), user_id: expect.any(Number) });
  const accountId = String(account.account_id);
  const owner = await signIn('owner@agency.example', 'a long password');

  const user = await admin(
    'user',
    'create',
    '--account-id',
    accountId,
    '--email',
    'ed@agency.example',
    '--password',
    'another password',
    '--role',
    'editor',
  );
  expect(user).toEqual({ user_id: expect.any(Number) });
  const editor = await signIn('ed@agency.example', 'another password');
  expect((await call('/api/v1/sites', { token: editor })).status).toBe(200);

  const site = await admin(
    'site',
    'create',
    '--account-id',
    accountId,
    '--name',
    'Shop',
    '--url',
    'https://shop.example',
  );
  expect(site).toEqual({ site_id: expect.any(Number), api_key: siteKey });
  expect((await call(`/api/v1/sites/${site.site_id}`, { token: owner })).body).toMatchObject({
    name: 'Shop',
    url: 'https://shop.example',
  });
  expect(await keyWorks(String(site.api_key))).toBe(true);

  const rotated = await admin('site', 'rotate-key', '--site-id', String(site.site_id));
  expect(rotated).toEqual({ api_key: siteKey });
  expect(await keyWorks(String(site.api_key))).toBe(false);
  expect(await keyWorks(String(rotated.api_key))).toBe(true);

  expect(await admin('user', 'deactivate', '--email', 'ED@agency.example')).toMatchObject({
    user_id: user.user_id,
  });
  await eventually(
    async () => expect((await call('/api/v1/sites', { token: editor })).status).toBe(401),
    5_000,
  );
  expect((await call('/api/v1/sites', { token: owner })).status).toBe(200);

  const again = await admin('credentials', 'reencrypt');
  expect(again).toEqual({ reencrypted: 0, already_current: expect.any(Number) });
  expect(Number(again.already_current)).toBeGreaterThan(1);
});

test('server adopt assigns the database to the PUBLIC_URL; restored marks integrations', async () => {
  const adopted = await programs.admin(
    { ...settings, PUBLIC_URL: 'https://Sync.Example.com/' },
    'server',
    'adopt',
  );
  expect(adopted).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(adopted.stdout)).toEqual({
    server_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    public_url: 'https://sync.example.com',
  });
  // The server was started without a PUBLIC_URL, so it compares nothing.
  expect((await call('/readyz')).body).toEqual({ status: 'ready', checks: expect.any(Object) });
  expect(await admin('restored')).toEqual({ integrations: expect.any(Number) });
});

test('npm run -s admin prints the object and nothing else', async () => {
  const root = join(import.meta.dirname, '../..');
  const args = ['run', '-s', 'admin', '--', 'credentials', 'reencrypt'];
  const { PATH = '', HOME = '' } = process.env;
  const { stdout } = await promisify(execFile)('npm', args, { cwd: root, env: { PATH, HOME, ...settings } });
  expect(JSON.parse(stdout)).toMatchObject({ reencrypted: 0 });
});

describe('a command that cannot be done prints the reason on stderr and exits with 1:', () => {
  test.each<[string, string[], RegExp]>([
    ['no command', [], /no such command[\s\S]*account create/],
    ['an unknown command', ['site', 'delete'], /no such command/],
    ['an additional argument', ['restored', 'now'], /now/],
    ['adopting without a PUBLIC_URL', ['server', 'adopt'], /PUBLIC_URL is not set/],
    ['a command named like a property of every object', ['constructor'], /no such command/],
    ['a missing option', ['site', 'create', '--account-id', '1', '--name', 'x'], /--url is missing/],
    ['an unknown option', ['user', 'deactivate', '--mail', 'x'], /--mail/],
    ['an option without value', ['user', 'deactivate', '--email'], /--email/],
    ['a malformed id', ['site', 'rotate-key', '--site-id', 'abc'], /--site-id must be an id/],
    ['id 0', ['site', 'rotate-key', '--site-id', '0'], /--site-id must be an id/],
    ['id 2^31', ['site', 'rotate-key', '--site-id', '2147483648'], /--site-id must be an id/],
    ['a missing site', ['site', 'rotate-key', '--site-id', '2000000000'], /no site 2000000000/],
    [
      'a missing account',
      ['site', 'create', '--account-id', '2000000000', '--name', 'x', '--url', 'https://a.example'],
      /no account 2000000000/,
    ],
    [
      'a malformed address',
      ['site', 'create', '--account-id', '1', '--name', 'x', '--url', 'javascript:1'],
      /url/,
    ],
    ['a missing user', ['user', 'deactivate', '--email', 'nobody@example.com'], /nobody@example\.com/],
    [
      'an unknown role',
      [
        'user',
        'create',
        '--account-id',
        '1',
        '--email',
        'a@b.example',
        '--password',
        'long enough',
        '--role',
        'god',
      ],
      /role.*viewer, editor, admin, owner/,
    ],
    [
      'an e-mail that is taken',
      [
        'account',
        'create',
        '--name',
        'x',
        '--owner-email',
        'owner@demo.example',
        '--owner-password',
        'long enough',
      ],
      /e-mail already/,
    ],
    [
      'a short password',
      ['account', 'create', '--name', 'x', '--owner-email', 'a@b.example', '--owner-password', 'short'],
      /password.*8/,
    ],
  ])('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await programs.admin(settings, ...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
