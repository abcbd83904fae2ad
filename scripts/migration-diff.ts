/**
 * Prints the SQL that makes an empty database into what prisma/schema.prisma describes: the first draft of a
 * migration. Usage: node scripts/migration-diff.ts [SCHEMA_FILE]. The engine cannot start from a live database
 * here: to write a later migration, run it on the old and the new schema and compare.
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { openEmbeddedDatabase } from '../src/database/embedded/instance.ts';
import { withSchemaEngine } from '../src/database/schemaEngine.ts';

const path = process.argv[2] ?? join(import.meta.dirname, '../prisma/schema.prisma');
const content = await readFile(path, 'utf8');
const dataDir = await mkdtemp(join(tmpdir(), 'sitebridge-diff-'));
await chmod(dataDir, 0o711);
// The engine wants a database to talk to, though this comparison reads nothing from it.
const database = await openEmbeddedDatabase({ dataDir, logger: pino({ level: 'silent' }) });
try {
  const { stdout } = await withSchemaEngine(database.url, (engine) =>
    engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path, content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    }),
  );
  process.stdout.write(stdout ?? '');
} finally {
  await database.close();
  await rm(dataDir, { recursive: true });
}
