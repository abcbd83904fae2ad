/** `/readyz` while PostgreSQL is frozen, cannot write or is busy. The test runs a PostgreSQL of its own. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { createLogger } from '../../src/logger.ts';
import { Folder, query, type User } from '../database/embeddedUser.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let folder: Folder;
let postgres: User;
let server: TestServer;
beforeAll(async () => {
  folder = await Folder.make();
  postgres = await folder.open();
  await migrateDatabase({ url: postgres.url, logger: createLogger('silent') });
  server = await startTestServer({ ROLE: 'api' }, { database: { url: postgres.url } });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

async function ready() {
  const answer = await fetch(`${server.url}/readyz`);
  const { status, checks } = (await answer.json()) as { status: string; checks: Record<string, string> };
  return { code: answer.status, status, checks };
}
const many = (count: number) => Promise.all(Array.from({ length: count }, ready));
const allOk = {
  code: 200,
  status: 'ready',
  checks: { database: 'ok', migrations: 'ok', queue: 'ok' },
};
const becomesReady = () => eventually(async () => expect(await ready()).toEqual(allOk));

/** Gives a setting to new connections of the database, and ends the server's connection for checks. */
async function set(change: string): Promise<void> {
  const { pathname } = new URL(postgres.url);
  await query(postgres.url, `SET transaction_read_only = off; ALTER DATABASE ${pathname.slice(1)} ${change}`);
  await query(
    postgres.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sitebridge-probe'`,
  );
}

test('many calls at once share one check and one connection', async () => {
  const before = await query(
    postgres.url,
    'SELECT sessions::int AS n FROM pg_stat_database WHERE datname = current_database()',
  );
  for (const answer of await many(400)) expect(answer).toEqual(allOk);
  const after = await query(
    postgres.url,
    'SELECT sessions::int AS n FROM pg_stat_database WHERE datname = current_database()',
  );
  // The connections of the server and of the two queries here.
  expect(Number(after[0]?.n) - Number(before[0]?.n)).toBeLessThan(10);
});

test('a frozen database gets 503 within 2 s for all callers, and 200 once it goes on', async () => {
  await becomesReady();
  const backends = await query(
    postgres.url,
    'SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
  );
  const pids = [...backends.map(({ pid }) => Number(pid)), (await folder.postgresPid()) ?? 0];
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  try {
    // The report before may serve for a second more.
    await eventually(async () => {
      const started = Date.now();
      const answers = await many(400);
      expect(Date.now() - started).toBeLessThan(4_000);
      for (const answer of answers) {
        const silent = 'gave no answer within 2 s';
        expect(answer).toEqual({
          code: 503,
          status: 'not_ready',
          checks: { database: silent, migrations: silent, queue: silent },
        });
      }
    });
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    await eventually(async () => expect(await ready()).toMatchObject({ code: 503 }));
  } finally {
    for (const pid of pids) process.kill(pid, 'SIGCONT');
  }
  await becomesReady();
});

test.each([
  ['temporary files', 'temp_file_limit = 0', 'cannot write: its temp_file_limit is too low'],
  ['any row', 'default_transaction_read_only = on', 'cannot write: it is read-only'],
])('a database that cannot write %s is not ready', async (_what, setting, fault) => {
  await becomesReady();
  await set(`SET ${setting}`);
  try {
    await eventually(async () =>
      expect(await ready()).toEqual({
        code: 503,
        status: 'not_ready',
        checks: { database: fault, migrations: 'ok', queue: 'ok' },
      }),
    );
  } finally {
    await set(`RESET ${setting.split(' ')[0]}`);
  }
  await becomesReady();
});
