/** Starts the server's programs as processes, as `npm start` and `npm run admin` do. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '../support/eventually.ts';
import { credentialKeys, jwtSecret } from '../support/server.ts';

const root = join(import.meta.dirname, '../..');

/** The secrets and addresses that the test builders use. The test adds a database. */
export const testSettings = {
  JWT_SECRET: jwtSecret,
  CREDENTIAL_KEYS: credentialKeys,
  OUTBOUND_ALLOW: '127.0.0.0/8',
  PORT: '0',
  // Tests call more often than a user does.
  THROTTLE_INTEGRATION: '100000/min',
};

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A process and its output. */
export class Program {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #exit: Promise<number | null>;

  constructor(file: string, args: string[], environment: Record<string, string>) {
    // From the test runner's environment the process gets only what it needs to find programs.
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, [join(root, file), ...args], {
      cwd: root,
      env: { PATH, HOME, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (text: Buffer) => {
      this.stdout += text;
    });
    this.child.stderr?.on('data', (text: Buffer) => {
      this.stderr += text;
    });
    this.#exit = new Promise((resolve) => this.child.once('close', resolve));
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Waits for a text on standard output. Throws with the output when the process ends before that. */
  async printed(text: RegExp): Promise<RegExpExecArray> {
    return eventually(() => {
      const match = text.exec(this.stdout);
      if (match) return match;
      throw new Error(
        `${this.running ? 'still running' : 'ended'}, without ${text}:\n${this.stdout}${this.stderr}`,
      );
    }, 60_000);
  }

  async ended(): Promise<Ended> {
    return { code: await this.#exit, stdout: this.stdout, stderr: this.stderr };
  }

  async end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<Ended> {
    if (this.running) this.child.kill(signal);
    return this.ended();
  }
}

/** Every program of a test file, so that all can be ended after a failed test too. */
export class Programs {
  readonly #started: Program[] = [];

  /** Starts a server without waiting for it. */
  spawn(environment: Record<string, string>, file = 'src/main.ts'): Program {
    const program = new Program(file, [], environment);
    this.#started.push(program);
    return program;
  }

  /** Starts a server and waits until it listens. */
  async start(environment: Record<string, string>, file?: string): Promise<Program & { url: string }> {
    const program = this.spawn(environment, file);
    const [, url = ''] = await program.printed(/ready at (http:\/\/\S+)/);
    return Object.assign(program, { url });
  }

  /** Starts a worker and waits until it runs. */
  async startWorker(environment: Record<string, string>): Promise<Program> {
    const program = this.spawn({ ...environment, ROLE: 'worker' });
    await program.printed(/worker is running/);
    return program;
  }

  /** Runs one admin command to its end. */
  async admin(environment: Record<string, string>, ...args: string[]): Promise<Ended> {
    const program = new Program('src/cli/admin.ts', args, environment);
    this.#started.push(program);
    return program.ended();
  }

  async endAll(): Promise<void> {
    for (const program of this.#started) {
      if (program.running) program.child.kill('SIGTERM');
    }
    for (const program of this.#started) {
      const late = setTimeout(() => program.child.kill('SIGKILL'), 15_000);
      await program.ended();
      clearTimeout(late);
    }
    this.#started.length = 0;
  }
}

/** The status of a GET without credentials. */
export async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

/** Waits until no server listens at a URL any more. */
export async function refuses(url: string): Promise<void> {
  await eventually(async () => {
    const failed = await fetch(url).then(
      () => false,
      () => true,
    );
    if (!failed) throw new Error(`${url} still answers`);
  });
}
