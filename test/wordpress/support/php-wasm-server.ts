/** Serves a folder with a PHP that Debian does not have, through php-wasm. */
import { mkdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { ServerOptions } from '../php-wasm/server.ts';
import type { PhpVersion } from './php-wasm.ts';
import { accepts, type ProcessGroup, startProcessGroup, waitFor } from './processes.ts';

const SERVER = join(import.meta.dirname, '../php-wasm/server.ts');

/** A php-wasm web server that can be stopped and started on the same port. */
export interface PhpWasmServer {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Runs a PHP file with `input` as JSON in the body of a request. Returns its output. */
  runScript(path: string, input: Record<string, unknown>): Promise<string>;
}

/** Prepares a server that is not started yet. `workFolder` holds its sockets, caches and logs. */
export function phpWasmServer(
  options: Omit<ServerOptions, 'version' | 'workers' | 'scriptSocket'> & {
    version: PhpVersion;
    workFolder: string;
  },
): PhpWasmServer {
  const { workFolder, settings, ...rest } = options;
  const scriptSocket = join(workFolder, 'scripts');
  const cache = join(workFolder, 'opcache');
  mkdirSync(cache, { recursive: true });
  const whole: ServerOptions = {
    ...rest,
    scriptSocket,
    // A single worker could not answer a request of the site to itself.
    workers: 3,
    settings: {
      ...settings,
      ignore_repeated_errors: '0',
      // Compiling WordPress takes seconds. The workers share the result.
      'opcache.file_cache': cache,
      'opcache.file_cache_only': '0',
      'opcache.memory_consumption': '64',
    },
  };
  let group: ProcessGroup | undefined;
  return {
    async start() {
      if (group !== undefined) return;
      group = startProcessGroup(process.execPath, [SERVER, JSON.stringify(whole)], {
        logFile: join(workFolder, 'php-wasm.log'),
      });
      await waitFor('php-wasm', () => accepts({ host: '127.0.0.1', port: options.port }));
      await waitFor('php-wasm scripts', () => accepts({ path: scriptSocket }));
    },
    async stop() {
      await group?.stop();
      group = undefined;
    },
    runScript: (path, input) => post(scriptSocket, path, JSON.stringify(input)),
  };
}

function post(socketPath: string, script: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath, method: 'POST', headers: { 'x-script': script } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${script} failed:\n${text}`));
      });
    });
    sent.on('error', reject).end(body);
  });
}
