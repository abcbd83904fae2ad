/**
 * Prints the SQL that creates the database of prisma/schema.prisma from an empty database, as the first draft
 * of a migration. Usage: node scripts/migration-diff.ts [SCHEMA_FILE]. The engine cannot compare with an
 * existing database here. To write a later migration, run this script on the old and the new schema and
 * compare the output.
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
// The engine needs a database connection, although this comparison reads nothing from the database.
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
