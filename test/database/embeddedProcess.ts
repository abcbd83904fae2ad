/**
 * A process that opens the embedded database in the folder of its argument, prints one line of JSON, closes
 * the database when standard input ends, and exits 0.
 */
import { pino } from 'pino';
import { openEmbeddedDatabase } from '../../src/database/embedded/instance.ts';

// The parent process may end before the line is printed. The cleanup has to run all the same.
process.stdout.on('error', () => undefined);

const [dataDir = '', systemDir = ''] = process.argv.slice(2);
try {
  const database = await openEmbeddedDatabase({
    dataDir,
    logger: pino({ level: 'silent' }),
    ...(systemDir ? { systemDir } : {}),
  });
  process.stdout.write(`${JSON.stringify({ url: database.url, fresh: database.fresh })}\n`);
  process.stdin.resume();
  process.stdin.once('end', () => database.close());
} catch (error) {
  const { name, message } = error instanceof Error ? error : { name: 'not an Error', message: String(error) };
  process.stdout.write(`${JSON.stringify({ error: { name, message } })}\n`);
  process.exitCode = 1;
}
