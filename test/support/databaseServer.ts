/**
 * A throw-away PostgreSQL for one test run: prints its URL, and is gone with its folder when standard input
 * ends. It outlives no test run, however that one ends.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openEmbeddedDatabase } from '../../src/database/embedded/instance.ts';

// Whoever started us may be gone before there is anything to say; clearing up comes all the same.
process.stdout.on('error', () => undefined);

const dataDir = await mkdtemp(join(tmpdir(), 'sitebridge-test-'));
// As root PostgreSQL runs as another user, who has to pass through.
await chmod(dataDir, 0o711);
const database = await openEmbeddedDatabase({
  dataDir,
  logger: pino({ level: 'warn' }),
  // Tests lose nothing when the machine crashes.
  settings: { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' },
});
process.stdout.write(`${database.url}\n`);
process.stdin.resume();
process.stdin.once('end', async () => {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
});
