/** The workers of a server: a request waits for a free worker, and a worker that ended is replaced. */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { PHPRunOptions } from '@php-wasm/universal';
import type { WorkerMessage, WorkerOptions } from './worker.ts';

/** Receives the parts of a response as they come. */
export interface ResponseSink {
  head(status: number, headers: Record<string, string[]>): void;
  chunk(bytes: Uint8Array): void;
}

/** The end of a request that PHP has answered. */
export interface PhpEnd {
  exitCode: number;
  /** The text that PHP wrote to its standard error. */
  errors: string;
}

/** Starts workers when requests need them, at most `size`. */
export class WorkerPool {
  readonly #options: WorkerOptions;
  readonly #size: number;
  readonly #free: ChildProcess[] = [];
  readonly #waiting: PromiseWithResolvers<ChildProcess>[] = [];
  #count = 0;

  constructor(options: WorkerOptions, size: number) {
    this.#options = options;
    this.#size = size;
  }

  /** Runs a request in a free worker. Rejects when the worker ends before the response does. */
  async run(request: PHPRunOptions, sink: ResponseSink): Promise<PhpEnd> {
    const worker = await this.#take();
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('PHP ended before its response'));
      const receive = (message: WorkerMessage) => {
        if (message.kind === 'head') sink.head(message.status, message.headers);
        if (message.kind === 'chunk') sink.chunk(message.bytes);
        if (message.kind === 'end') {
          worker.off('exit', ended).off('message', receive);
          this.#give(worker);
          resolve(message);
        }
      };
      worker.once('exit', ended).on('message', receive);
      worker.send(request);
    });
  }

  #take(): Promise<ChildProcess> {
    const free = this.#free.pop();
    if (free !== undefined) return Promise.resolve(free);
    const turn = Promise.withResolvers<ChildProcess>();
    this.#waiting.push(turn);
    if (this.#count < this.#size) this.#start();
    return turn.promise;
  }

  #give(worker: ChildProcess): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(worker);
    else next.resolve(worker);
  }

  #start(): void {
    this.#count += 1;
    const worker = fork(join(import.meta.dirname, 'worker.ts'), [JSON.stringify(this.#options)], {
      serialization: 'advanced',
    });
    let isReady = false;
    worker.once('message', () => {
      isReady = true;
      this.#give(worker);
    });
    worker.once('exit', (code) => {
      this.#count -= 1;
      if (!isReady) {
        const failure = new Error(`PHP ${this.#options.version} did not start: exit code ${code}`);
        for (const turn of this.#waiting.splice(0)) turn.reject(failure);
      }
      const index = this.#free.indexOf(worker);
      if (index >= 0) this.#free.splice(index, 1);
      if (this.#waiting.length > 0) this.#start();
    });
  }
}
