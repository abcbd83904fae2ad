/** The demo account of an empty database: whole or not at all, and made once. */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createDemoAccount, type DemoAccount } from '../../src/services/sites/demoAccount.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await startTestServer({ ROLE: 'api' });
});
afterEach(() => server.stop());

const rows = async () => [
  await server.db.account.count(),
  await server.db.user.count(),
  await server.db.site.count(),
];

test('has an owner who can sign in, and a site whose key is right', async () => {
  const shown: DemoAccount[] = [];
  await createDemoAccount(server.core, (demo) => shown.push(demo));
  const [demo] = shown;
  const { email, password } = demo ?? {};
  await server.anyone.post('/api/v1/auth/token', { email, password }).expect(200);
  const site = await server.db.site.findUniqueOrThrow({ where: { id: demo?.siteId ?? 0 } });
  expect(await server.core.sites.openKey(site)).toBe(demo?.siteKey);
  expect(await server.db.syncEvent.count({ where: { action: 'site_key_rotated' } })).toBe(1);
});

test('leaves nothing behind when its last write fails, and is made at the next start', async () => {
  const shown: DemoAccount[] = [];
  await server.db.$executeRaw`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the disk is full'; END $$`;
  await server.db.$executeRaw`
    CREATE TRIGGER refuse BEFORE INSERT ON sync_event FOR EACH ROW EXECUTE FUNCTION refuse()`;
  await expect(createDemoAccount(server.core, (demo) => shown.push(demo))).rejects.toThrow(
    'the disk is full',
  );
  expect(await rows()).toEqual([0, 0, 0]);
  expect(shown).toEqual([]);
  await server.db.$executeRaw`DROP TRIGGER refuse ON sync_event`;
  await createDemoAccount(server.core, (demo) => shown.push(demo));
  expect(await rows()).toEqual([1, 1, 1]);
  expect(shown).toHaveLength(1);
});

test('is not kept when its secrets cannot be shown', async () => {
  const tell = () => {
    throw new Error('the output is closed');
  };
  await expect(createDemoAccount(server.core, tell)).rejects.toThrow('the output is closed');
  expect(await rows()).toEqual([0, 0, 0]);
});

test('is made by one of two processes that start at once', async () => {
  const shown: DemoAccount[] = [];
  const create = () => createDemoAccount(server.core, (demo) => shown.push(demo));
  await Promise.all([create(), create(), create()]);
  expect(shown).toHaveLength(1);
  expect(await rows()).toEqual([1, 1, 1]);
});
