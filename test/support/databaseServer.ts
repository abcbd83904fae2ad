/**
 * A throw-away PostgreSQL for one test run. It prints its URL. When standard input ends, it stops and deletes
 * its folder, so it never outlives the test run, however the run ends.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openEmbeddedDatabase } from '../../src/database/embedded/instance.ts';

// The parent process may end before the URL is printed. The cleanup has to run all the same.
process.stdout.on('error', () => undefined);

const dataDir = await mkdtemp(join(tmpdir(), 'sitebridge-test-'));
// When started by root, PostgreSQL runs as another user, who must be able to enter the folder.
await chmod(dataDir, 0o711);
const database = await openEmbeddedDatabase({
  dataDir,
  logger: pino({ level: 'warn' }),
  // The data of a test run need not survive a crash of the machine.
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
});
process.stdout.write(`${database.url}\n`);
process.stdin.resume();
process.stdin.once('end', async () => {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
});
