/**
 * A process with one PHP, which answers one request after the other. Its parent is server.ts. The first
 * argument is JSON of the type `WorkerOptions`.
 */
import { loadNodeRuntime, useHostFilesystem } from '@php-wasm/node';
import { FileLockManagerInMemory, PHP, type PHPRunOptions, setPhpIniEntries } from '@php-wasm/universal';

/** The PHP of a worker. */
export interface WorkerOptions {
  /** Such as `7.4`. */
  version: string;
  /** PHP settings by name. */
  settings: Record<string, string>;
}

/** The parts of a response, in this order: `head`, any number of `chunk`, `end`. */
export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'head'; status: number; headers: Record<string, string[]> }
  | { kind: 'chunk'; bytes: Uint8Array }
  | { kind: 'end'; exitCode: number; errors: string };

const options: WorkerOptions = JSON.parse(process.argv[2] ?? '');
const runtime = await loadNodeRuntime(options.version, {
  fileLockManager: new FileLockManagerInMemory(),
  emscriptenOptions: { processId: process.pid },
});
const php = new PHP(runtime);
useHostFilesystem(php);
await setPhpIniEntries(php, options.settings);
// A test that wants PHP to end at once calls post_message_to_js('end'): there are no signals in WebAssembly.
php.onMessage((message) => {
  if (message === 'end') process.exit(1);
});

process.on('message', (request: PHPRunOptions) => answer(request));
process.on('disconnect', () => process.exit(0));
send({ kind: 'ready' });

async function answer(request: PHPRunOptions): Promise<void> {
  const response = await php.runStream(request);
  send({ kind: 'head', status: await response.httpStatusCode, headers: await response.headers });
  for await (const bytes of response.stdout) {
    send({ kind: 'chunk', bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) });
  }
  send({ kind: 'end', exitCode: await response.exitCode, errors: await response.stderrText });
}

function send(message: WorkerMessage): void {
  process.send?.(message);
}
