/** A server in a process of its own, with everything that it prints and answers. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Response } from 'supertest';
import { Programs, testSettings } from '../process/serverProcess.ts';
import { type Caller, caller, startTestServer, type TestServer } from '../support/server.ts';

export interface RecordedServer extends TestServer {
  /** Every answer so far: its call, and its headers and body. */
  readonly answers: { call: string; text: string }[];
  readonly settings: Record<string, string>;
  /** Runs an admin command, and returns what it printed. */
  admin(...args: string[]): Promise<string>;
  /** What the process has printed so far. */
  printed(): string;
  /** Every row of every table, as text. */
  rows(): Promise<{ table: string; text: string }[]>;
  /** Every file under DATA_DIR. */
  files(): Promise<{ file: string; text: string }[]>;
}

/** Starts a server process on a database of its own. The builders of the tests work on it. */
export async function startRecordedServer(
  environment: Record<string, string>,
  file?: string,
): Promise<RecordedServer> {
  const beside = await startTestServer({ ROLE: 'api' });
  const dataDir = await mkdtemp(join(tmpdir(), 'sitebridge-attack-'));
  const settings = { ...testSettings, DATABASE_URL: beside.databaseUrl, DATA_DIR: dataDir, ...environment };
  const programs = new Programs();
  const program = await programs.start(settings, file);
  const answers: RecordedServer['answers'] = [];
  const recorded = (headers: Record<string, string>) => recording(caller(program.url, headers), answers);
  const prints: string[] = [];
  return {
    ...beside,
    url: program.url,
    answers,
    settings,
    anyone: recorded({}),
    as: ({ token }) => recorded({ Authorization: `Bearer ${token}` }),
    withKey: (key) => recorded({ 'X-API-Key': key }),
    printed: () => program.stdout + program.stderr + prints.join('\n'),
    admin: async (...args) => {
      const { stdout, stderr } = await programs.admin(settings, ...args);
      prints.push(stderr);
      return stdout;
    },
    rows: () => allRows(beside.databaseUrl),
    files: () => allFiles(dataDir),
    stop: async () => {
      await programs.endAll();
      await beside.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}

function recording(calls: Caller, answers: RecordedServer['answers']): Caller {
  const noted = (call: string) => (answer: Response) =>
    void answers.push({ call, text: `${answer.status} ${JSON.stringify(answer.headers)} ${answer.text}` });
  return {
    get: (path) => calls.get(path).on('response', noted(`GET ${path}`)),
    post: (path, body) => calls.post(path, body).on('response', noted(`POST ${path}`)),
    put: (path, body) => calls.put(path, body).on('response', noted(`PUT ${path}`)),
    patch: (path, body) => calls.patch(path, body).on('response', noted(`PATCH ${path}`)),
    delete: (path) => calls.delete(path).on('response', noted(`DELETE ${path}`)),
  };
}

async function allRows(url: string): Promise<{ table: string; text: string }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
    );
    const all: { table: string; text: string }[] = [];
    for (const { name } of tables) {
      // A row as text shows bytes in hex.
      const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} t`);
      all.push(...rows.map(({ text }) => ({ table: name, text })));
    }
    return all;
  } finally {
    await client.end();
  }
}

async function allFiles(folder: string): Promise<{ file: string; text: string }[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { file: entry.name, text: await readFile(path, 'latin1') };
      }),
  );
}
