import { type Program, Programs, testSettings } from '../process/serverProcess.ts';
import { freePort } from '../support/freePort.ts';

export type Member = 'api 1' | 'api 2' | 'worker 1' | 'worker 2';
export const members: readonly Member[] = ['api 1', 'api 2', 'worker 1', 'worker 2'];

/** Two API processes on fixed ports and two worker processes, on one database and one Redis. */
export class Fleet {
  readonly urls: readonly string[];
  /** Every program that was started, also those that have ended. */
  readonly programs: Program[] = [];
  readonly #programs = new Programs();
  readonly #environment: Record<string, string>;
  readonly #running = new Map<Member, Program>();

  private constructor(environment: Record<string, string>, ports: readonly number[]) {
    this.#environment = environment;
    this.urls = ports.map((port) => `http://127.0.0.1:${port}`);
  }

  static async make(settings: { DATABASE_URL: string; REDIS_URL: string }): Promise<Fleet> {
    return new Fleet({ ...testSettings, ...settings }, [await freePort(), await freePort()]);
  }

  /** Starts a process and waits until it works. */
  async start(member: Member): Promise<void> {
    const program = await this.#spawn(member);
    this.#running.set(member, program);
    this.programs.push(program);
  }

  /** Ends a process. Returns its exit code, which is null after SIGKILL. */
  async end(member: Member, signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    const program = this.#running.get(member);
    if (program === undefined) throw new Error(`${member} was not started`);
    if (!program.running) throw new Error(`${member} has ended by itself:\n${program.stderr.slice(-2_000)}`);
    this.#running.delete(member);
    return (await program.end(signal)).code;
  }

  /** The processes that ended by themselves, with the end of their logs. */
  fallen(): string[] {
    return [...this.#running].flatMap(([member, program]) =>
      program.running ? [] : [`${member}: ${program.stderr.slice(-2_000)}`],
    );
  }

  endAll(): Promise<void> {
    return this.#programs.endAll();
  }

  #spawn(member: Member): Promise<Program> {
    if (member.startsWith('worker')) return this.#programs.startWorker(this.#environment);
    const url = this.urls[member === 'api 1' ? 0 : 1] ?? '';
    return this.#programs.start({ ...this.#environment, ROLE: 'api', PORT: new URL(url).port });
  }
}
