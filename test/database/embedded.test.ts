import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Folder, killHard, query, until } from './embeddedUser.ts';

const asRoot = process.getuid?.() === 0;
let folder: Folder;
beforeEach(async () => {
  folder = await Folder.make();
});
afterEach(() => folder.remove());

test('an empty folder becomes a database that does not depend on the machine', async () => {
  const user = await folder.open();
  expect(user.fresh).toBe(true);
  const [database] = await query(
    user.url,
    `SELECT current_database() AS name, pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider,
            datlocale AS locale, current_setting('timezone') AS timezone, current_setting('fsync') AS fsync,
            current_setting('listen_addresses') AS addresses, current_setting('unix_socket_directories') AS sockets
       FROM pg_database WHERE datname = current_database()`,
  );
  expect(database).toEqual({
    name: 'sitebridge',
    encoding: 'UTF8',
    provider: 'b',
    locale: 'C.UTF-8',
    timezone: 'UTC',
    fsync: 'on',
    addresses: '127.0.0.1',
    sockets: '',
  });
  expect(await user.close()).toBe(0);
  expect(await folder.postgresPid()).toBeUndefined();
});

test('a connection requires the password, which only the folder’s owner can read', async () => {
  const user = await folder.open();
  const wrong = user.url.replace(/:[0-9a-f]+@/, ':wrong@');
  await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
  const hba = await readFile(join(folder.cluster, 'pg_hba.conf'), 'utf8');
  const methods = hba.match(/^(local|host).*$/gm) ?? [];
  expect(methods.length).toBeGreaterThan(0);
  for (const line of methods) expect(line).toMatch(/scram-sha-256$/);
  expect((await stat(join(folder.dataDir, 'postgres-password'))).mode & 0o777).toBe(0o600);
  await user.close();
});

test('a second process shares the server, and the last process stops it', async () => {
  const first = await folder.open();
  const second = await folder.open();
  expect(second).toMatchObject({ fresh: false, url: first.url });
  expect(await first.close()).toBe(0);
  expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await second.close()).toBe(0);
  expect(await folder.postgresPid()).toBeUndefined();
});

test('the data survives a restart', async () => {
  const first = await folder.open();
  await query(first.url, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)');
  await first.close();
  const second = await folder.open();
  expect(second.fresh).toBe(false);
  expect(await query(second.url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
  await second.close();
});

test('PostgreSQL survives a killed process, and the next process adopts it', async () => {
  const killed = await folder.open();
  const pid = await folder.postgresPid();
  await killed.kill();
  const next = await folder.open();
  expect(await folder.postgresPid()).toBe(pid);
  expect(next.url).toBe(killed.url);
  expect(await next.close()).toBe(0);
  expect(await folder.postgresPid()).toBeUndefined();
});

test('a killed PostgreSQL leaves a lock that is repaired, and loses no committed row', async () => {
  const killed = await folder.open();
  await query(killed.url, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)');
  const pid = await folder.postgresPid();
  await killed.kill();
  process.kill(pid ?? 0, 'SIGKILL');
  const next = await folder.open();
  expect(await folder.postgresPid()).not.toBe(pid);
  expect(await query(next.url, 'SELECT id FROM kept')).toEqual([{ id: 7 }]);
  await next.close();
});

test('a lock with the process id of another program is repaired', async () => {
  const user = await folder.open();
  const lock = join(folder.cluster, 'postmaster.pid');
  const lines = (await readFile(lock, 'utf8')).split('\n');
  await user.close();
  lines[0] = String(process.pid);
  await writeFile(lock, lines.join('\n'), { mode: 0o644 });
  const next = await folder.open();
  expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await next.close();
});

test('an empty lock, left by a crash during a start, is repaired', async () => {
  await (await folder.open()).close();
  const lock = join(folder.cluster, 'postmaster.pid');
  await writeFile(lock, '');
  const longAgo = new Date(Date.now() - 60_000);
  await utimes(lock, longAgo, longAgo);
  const user = await folder.open();
  expect(await query(user.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await user.close();
});

test('several starts on an empty folder create one database, which all use', async () => {
  const users = await Promise.all([folder.open(), folder.open(), folder.open()]);
  expect(users.filter((user) => user.fresh)).toHaveLength(1);
  expect(new Set(users.map((user) => user.url)).size).toBe(1);
  expect(await Promise.all(users.map((user) => user.close()))).toEqual([0, 0, 0]);
  expect(await folder.postgresPid()).toBeUndefined();
  expect(await readdir(folder.home)).toEqual(['data']);
});

test('starts and ends at the same time never fail and never leave a server', async () => {
  const first = await folder.open();
  await query(first.url, 'CREATE TABLE visits (id serial)');
  await first.close();
  const visits = async () => {
    for (let round = 0; round < 4; round++) {
      const user = await folder.open();
      await query(user.url, 'INSERT INTO visits DEFAULT VALUES');
      expect(await user.close()).toBe(0);
    }
  };
  await Promise.all([visits(), visits(), visits()]);
  expect(await folder.postgresPid()).toBeUndefined();
  const last = await folder.open();
  expect(await query(last.url, 'SELECT count(*)::int AS count FROM visits')).toEqual([{ count: 12 }]);
  await last.close();
});

test('a start that was killed while it created the database is repeated', async () => {
  const child = folder.spawn();
  await until(async () =>
    (await readdir(folder.home).catch(() => [])).some((name) => /^draft-[\da-f-]+$/.test(name)),
  );
  await killHard(child);
  const user = await folder.open();
  expect(user.fresh).toBe(true);
  expect(await query(user.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await user.close();
});

test('a process gets the server back on the same port after PostgreSQL was killed', async () => {
  const user = await folder.open();
  const pid = await folder.postgresPid();
  process.kill(pid ?? 0, 'SIGKILL');
  await until(() =>
    query(user.url, 'SELECT 1').then(
      async () => (await folder.postgresPid()) !== pid,
      () => false,
    ),
  );
  expect(await user.close()).toBe(0);
  expect(await folder.postgresPid()).toBeUndefined();
});

test('an unusable folder is named', async () => {
  await rm(folder.dataDir, { recursive: true });
  await writeFile(folder.dataDir, 'a file');
  const error = await folder.openFailing();
  expect(error.name).toBe('SetupError');
  expect(error.message).toContain(folder.dataDir);
  expect(error.message).toContain('DATA_DIR');
  await rm(folder.dataDir);
});

test('a cluster of another major version is left unchanged, and both versions are named', async () => {
  await (await folder.open()).close();
  await writeFile(join(folder.cluster, 'PG_VERSION'), '13\n');
  const error = await folder.openFailing();
  expect(error.name).toBe('SetupError');
  expect(error.message).toContain(`${folder.cluster} was made by PostgreSQL 13`);
});

test("a server that does not start is reported in PostgreSQL's own words", async () => {
  await (await folder.open()).close();
  await writeFile(join(folder.cluster, 'postgresql.conf'), "shared_buffers = 'a lot'\n");
  const error = await folder.openFailing();
  expect(error.name).toBe('SetupError');
  expect(error.message).toContain('invalid value for parameter "shared_buffers"');
  expect(error.message).toContain(join(folder.dataDir, 'postgres.log'));
});

test('a password that does not fit the folder is reported', async () => {
  await (await folder.open()).close();
  await writeFile(join(folder.dataDir, 'postgres-password'), 'another\n');
  const error = await folder.openFailing();
  expect(error.message).toContain('does not take the password');
  expect(error.message).toContain('postgres-password');
});

(asRoot ? test : test.skip)('as root, a closed folder points to a cluster elsewhere', async () => {
  const closed = await Folder.make(0o700);
  const open = await Folder.make();
  try {
    const systemDir = join(open.dataDir, 'system');
    const user = await closed.open(systemDir);
    await query(user.url, 'CREATE TABLE kept (id int)');
    await user.close();
    const home = (await readFile(join(closed.dataDir, 'postgres-location'), 'utf8')).trim();
    expect(home.startsWith(`${systemDir}/database-`)).toBe(true);
    expect(await readdir(home)).toEqual(['data']);
    const again = await closed.open(systemDir);
    expect(again.fresh).toBe(false);
    expect(await query(again.url, 'SELECT id FROM kept')).toEqual([]);
    await again.close();
  } finally {
    await closed.remove();
    await open.remove();
  }
});
