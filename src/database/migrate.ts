import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import pg from 'pg';
import type { Logger } from 'pino';
import { SetupError } from '../errors.ts';

/** The project's own migrations: `prisma/migrations/<name>/migration.sql`. */
const MIGRATIONS_DIR = join(import.meta.dirname, '../../prisma/migrations');

/** Held while migrating. When several processes start at once, one migrates and the others wait. */
const MIGRATION_LOCK = 7_216_501;

/**
 * Brings a database up to date and writes the same `_prisma_migrations` rows as `prisma migrate deploy`.
 * Safe to call from many processes at once, and quick when nothing is pending.
 *
 * @param options.migrationsDir  a folder of `<name>/migration.sql`, the project's own by default
 * @returns the names of the migrations that this call applied, in order
 * @throws SetupError when the database cannot be reached, or when a migration fails or failed half-way
 * earlier
 */
export async function migrateDatabase(options: {
  url: string;
  logger: Logger;
  migrationsDir?: string;
}): Promise<string[]> {
  const migrationsDir = options.migrationsDir ?? MIGRATIONS_DIR;
  const client = await connect(options.url);
  try {
    if ((await unapplied(client, migrationsDir)).length === 0) return [];
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const pending = await unapplied(client, migrationsDir);
    if (pending.length === 0) return [];
    options.logger.info({ migrations: pending }, 'migrating the database');
    const applied = await apply(options.url, migrationsDir, client);
    options.logger.info({ migrations: applied }, 'the database is up to date');
    return applied;
  } finally {
    await client.end();
  }
}

/** A connection, or another thing that runs one statement. */
interface Queryable {
  query<Row extends pg.QueryResultRow>(sql: string): Promise<{ rows: Row[] }>;
}

/**
 * Lists the migrations that a database lacks. When the list is empty, this version may serve.
 *
 * @returns names in order, including migrations that failed half-way
 */
export async function pendingMigrations(db: Queryable, migrationsDir = MIGRATIONS_DIR): Promise<string[]> {
  const applied = await appliedMigrations(db);
  const names = await migrationNames(migrationsDir);
  return names.filter((name) => applied.get(name)?.finished !== true);
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'sitebridge-migrate',
    connectionTimeoutMillis: 10_000,
  });
  // When the connection breaks, the query in flight fails too, and its caller handles the error.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new SetupError(
      `Cannot connect to the database: ${messageOf(error)}. Check DATABASE_URL, and that PostgreSQL runs there.`,
      { cause: error },
    );
  }
  return client;
}

async function migrationNames(migrationsDir: string): Promise<string[]> {
  const entries = await readdir(migrationsDir, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

interface AppliedMigration {
  finished: boolean;
  startedAt: Date;
  logs: string | null;
}

async function appliedMigrations(db: Queryable): Promise<Map<string, AppliedMigration>> {
  const table = await db.query<{ there: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS there`,
  );
  if (!table.rows[0]?.there) return new Map();
  const { rows } = await db.query<{
    migration_name: string;
    finished: boolean;
    started_at: Date;
    logs: string | null;
  }>(
    `SELECT migration_name, finished_at IS NOT NULL AS finished, started_at, logs
       FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return new Map(
    rows.map((row) => [
      row.migration_name,
      { finished: row.finished, startedAt: row.started_at, logs: row.logs },
    ]),
  );
}

/** Names of migrations not applied yet. Throws when one is unfinished and no process is running it. */
async function unapplied(client: pg.Client, migrationsDir: string): Promise<string[]> {
  const applied = await appliedMigrations(client);
  const stuck = [...applied].find(([, row]) => !row.finished);
  if (stuck) {
    const [name, row] = stuck;
    // A migration in progress has an unfinished row too. If the lock is free, no migration is in progress.
    const { rows } = await client.query('SELECT pg_try_advisory_lock($1) AS locked', [MIGRATION_LOCK]);
    if (rows[0].locked) throw failedHalfWay(client, name, row);
  }
  return (await migrationNames(migrationsDir)).filter((name) => applied.get(name)?.finished !== true);
}

async function apply(url: string, migrationsDir: string, client: pg.Client): Promise<string[]> {
  // Loaded only now, because it takes a few hundred ms and most starts have nothing to migrate.
  const { withSchemaEngine } = await import('./schemaEngine.ts');
  const migrationsList = await readMigrations(migrationsDir);
  try {
    return await withSchemaEngine(url, async (engine) => {
      const filters = { externalTables: [], externalEnums: [] };
      return (await engine.applyMigrations({ migrationsList, filters })).appliedMigrationNames;
    });
  } catch (error) {
    const failed = [...(await appliedMigrations(client))].find(([, row]) => !row.finished);
    if (failed) throw failedHalfWay(client, failed[0], failed[1], error);
    throw new SetupError(`The database could not be migrated: ${withoutTrace(messageOf(error))}`, {
      cause: error,
    });
  }
}

type MigrationList = Parameters<SchemaEngine['applyMigrations']>[0]['migrationsList'];

async function readMigrations(migrationsDir: string): Promise<MigrationList> {
  const names = await migrationNames(migrationsDir);
  return {
    baseDir: migrationsDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: {
            tag: 'ok' as const,
            value: await readFile(join(migrationsDir, name, 'migration.sql'), 'utf8'),
          },
        },
      })),
    ),
  };
}

function failedHalfWay(client: pg.Client, name: string, row: AppliedMigration, cause?: unknown): SetupError {
  const reason = withoutTrace(row.logs ?? '') || 'the process ended during the migration';
  return new SetupError(
    [
      `The migration ${name} of database "${client.database}" failed half-way (started ${row.startedAt.toISOString()}): ${reason}`,
      'PostgreSQL rolls back a failed script as a whole, unless the script contains COMMIT or CONCURRENTLY.',
      'Fix the cause and check whether parts of the migration remain. To make the next start try again, run',
      `  UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL;`,
      `or, when you have applied the rest of it by hand, run "npx prisma migrate resolve --applied ${name}".`,
    ].join('\n'),
    { cause },
  );
}

/** Removes the title and the stack trace that the engine puts around PostgreSQL's message. */
function withoutTrace(logs: string): string {
  return logs
    .split('\n')
    .filter((line) => !/^(external connector error|Database error)$|^\s+(\d+:|with |at )/.test(line))
    .join('\n')
    .replace(/^Error querying the database: /, '')
    .trim();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
