/** Runs before all test files: starts a PostgreSQL and migrates a template database. See database.ts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pino } from 'pino';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { administer, databaseUrl, SERVER_VARIABLE, TEMPLATE_VARIABLE } from './database.ts';

declare global {
  /** Stops the databases that globalSetup started. globalTeardown calls it. */
  var stopTestDatabases: (() => Promise<void>) | undefined;
}

export default async function globalSetup(): Promise<void> {
  const given = process.env.TEST_DATABASE_URL;
  const embedded = given ? undefined : await startServer();
  const server = given ?? embedded?.url ?? '';
  const template = `template_${randomBytes(8).toString('hex')}`;
  globalThis.stopTestDatabases = async () => {
    // Stopping an embedded server deletes its databases too.
    if (embedded) await embedded.stop();
    else await administer(server, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  };
  try {
    await administer(server, `CREATE DATABASE ${template} TEMPLATE template0`);
    const logger = pino({ level: 'warn' });
    await migrateDatabase({ url: databaseUrl(server, template), logger });
  } catch (error) {
    // Jest runs no teardown when the setup fails.
    await globalThis.stopTestDatabases();
    throw error;
  }
  process.env[SERVER_VARIABLE] = server;
  process.env[TEMPLATE_VARIABLE] = template;
}

/**
 * Starts PostgreSQL in a child process, which ends with its standard input, even when this process is killed.
 */
async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'databaseServer.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // Ctrl-C reaches the whole process group. The child has to outlive this process to clean up.
    detached: true,
  });
  const exit = exitOf(child);
  const url = await Promise.race([
    firstLine(child),
    exit.then((code) => Promise.reject(new Error(`the test database server ended with ${code}`))),
  ]);
  return {
    url,
    stop: async () => {
      child.stdin?.end();
      await exit;
    },
  };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) return line;
  return new Promise(() => undefined);
}
