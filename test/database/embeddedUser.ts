/** Starts and ends real processes on one embedded folder, and cleans up after a test, passed or failed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { runningPostmaster } from '../../src/database/embedded/postmaster.ts';

/** A process that has the database open. */
export interface User {
  pid: number;
  url: string;
  fresh: boolean;
  port: string;
  /** Makes the process close the database. Returns its exit code. */
  close(): Promise<number | null>;
  kill(): Promise<void>;
}

export class Folder {
  readonly dataDir: string;
  private readonly children = new Set<ChildProcess>();

  private constructor(dataDir: string) {
    this.dataDir = dataDir;
  }

  /** A new folder. By default the user who runs PostgreSQL can enter it. */
  static async make(mode = 0o711): Promise<Folder> {
    const dataDir = await mkdtemp(join(tmpdir(), 'sitebridge-embedded-'));
    await chmod(dataDir, mode);
    return new Folder(dataDir);
  }

  get home(): string {
    return join(this.dataDir, 'postgres');
  }

  get cluster(): string {
    return join(this.home, 'data');
  }

  /** Starts a process without waiting until it has the database. */
  spawn(systemDir = ''): ChildProcess {
    const child = spawn(
      process.execPath,
      [join(import.meta.dirname, 'embeddedProcess.ts'), this.dataDir, systemDir],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  /** Starts a process and waits until it has the database. */
  async open(systemDir = ''): Promise<User> {
    const child = this.spawn(systemDir);
    const answer = await firstLine(child);
    if ('error' in answer) throw new Error(`${answer.error.name}: ${answer.error.message}`);
    return {
      pid: child.pid ?? 0,
      ...answer,
      port: new URL(answer.url).port,
      close: async () => {
        child.stdin?.end();
        const [code] = await once(child, 'exit');
        return code;
      },
      kill: () => killHard(child),
    };
  }

  /** Starts a process that must fail. Returns the error. */
  async openFailing(): Promise<{ name: string; message: string }> {
    const answer = await firstLine(this.spawn());
    if (!('error' in answer)) throw new Error('it opened the database');
    return answer.error;
  }

  /** The process id of the PostgreSQL that runs on this folder. */
  async postgresPid(): Promise<number | undefined> {
    return (await runningPostmaster(this.cluster))?.pid;
  }

  async remove(): Promise<void> {
    for (const child of [...this.children]) await killHard(child);
    const pid = await this.postgresPid();
    if (pid) {
      process.kill(pid, 'SIGQUIT');
      await until(async () => (await this.postgresPid()) === undefined);
    }
    await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Kills a process without a chance to clean up, like a power cut. */
export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

/** Waits for a condition. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never came true: ${condition}`);
    await delay(10);
  }
}

/** Runs one statement. Returns the rows. */
export async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

type Answer = { url: string; fresh: boolean } | { error: { name: string; message: string } };

async function firstLine(child: ChildProcess): Promise<Answer> {
  if (!child.stdout) throw new Error('no output to read');
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line);
  throw new Error('the process ended without output');
}
