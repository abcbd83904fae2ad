/**
 * A web server whose PHP is WebAssembly, for PHP versions that Debian does not have. Each request is a new
 * one for PHP, as under any web server. The first argument is JSON of the type `ServerOptions`. Ends with
 * its process.
 */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { join, posix } from 'node:path';
import type { PHPRunOptions } from '@php-wasm/universal';
import { WorkerPool } from './pool.ts';

/** The options of the server. */
export interface ServerOptions {
  /** Such as `7.4`. */
  version: string;
  /** PHP settings by name. */
  settings: Record<string, string>;
  /** The most requests that PHP answers at once. */
  workers: number;
  /** The port of the web server, on the loopback. */
  port: number;
  documentRoot: string;
  /** The path of WordPress under the document root: '' or `/blog`. */
  path: string;
  /** Whether paths without a file go to WordPress. */
  pretty: boolean;
  /** A socket that runs the script whose path is in the header `x-script`, with the body as its input. */
  scriptSocket: string;
  /** WebAssembly speaks TCP alone: this port on the loopback leads to the socket of the database. */
  database: { port: number; socket: string };
}

const options: ServerOptions = JSON.parse(process.argv[2] ?? '');
const pool = new WorkerPool({ version: options.version, settings: options.settings }, options.workers);

createTcpServer((client) => {
  const database = connect(options.database.socket);
  client.on('error', () => database.destroy()).on('close', () => database.destroy());
  database.on('error', () => client.destroy()).on('close', () => client.destroy());
  client.pipe(database).pipe(client);
}).listen(options.database.port, '127.0.0.1');
createServer((incoming, outgoing) => {
  serve(incoming, outgoing).catch((error: unknown) => {
    process.stderr.write(`${error}\n`);
    outgoing.destroy();
  });
}).listen(options.port, '127.0.0.1');
createServer(runScript).listen(options.scriptSocket);

async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const target = new URL(incoming.url ?? '/', `http://${incoming.headers.host ?? '127.0.0.1'}`);
  const name = scriptOf(decodeURIComponent(target.pathname));
  if (name === null) {
    outgoing.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>Not Found</h1>');
  } else if (!name.endsWith('.php')) {
    createReadStream(options.documentRoot + name).pipe(outgoing);
  } else {
    await respond(outgoing, {
      scriptPath: options.documentRoot + name,
      relativeUri: incoming.url ?? '/',
      method: incoming.method ?? 'GET',
      headers: headersOf(incoming),
      body: await bodyOf(incoming),
      $_SERVER: {
        DOCUMENT_ROOT: options.documentRoot,
        SCRIPT_NAME: name,
        PHP_SELF: name,
        SCRIPT_FILENAME: options.documentRoot + name,
        SERVER_NAME: '127.0.0.1',
        SERVER_PORT: String(options.port),
        REMOTE_ADDR: '127.0.0.1',
        SERVER_PROTOCOL: 'HTTP/1.1',
      },
    });
  }
}

/** Sends PHP's response while PHP writes it. PHP goes on when the client has left. */
async function respond(outgoing: ServerResponse, request: PHPRunOptions): Promise<void> {
  const { errors } = await pool.run(request, {
    head: (status, headers) => outgoing.writeHead(status, headers),
    chunk: (bytes) => outgoing.write(bytes),
  });
  outgoing.end();
  process.stderr.write(errors);
}

/** Answers 200 with the output of a script, or 500 with its output and errors when it failed. */
async function runScript(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const scriptPath = String(incoming.headers['x-script']);
  const request = {
    scriptPath,
    relativeUri: '/',
    method: 'POST',
    headers: { 'content-type': 'application/json', host: '127.0.0.1' },
    body: await bodyOf(incoming),
    $_SERVER: { SCRIPT_NAME: '/', PHP_SELF: '/', SCRIPT_FILENAME: scriptPath },
  };
  const output: Uint8Array[] = [];
  try {
    const end = await pool.run(request, { head: () => {}, chunk: (bytes) => output.push(bytes) });
    if (end.exitCode !== 0) output.push(Buffer.from(end.errors));
    outgoing.writeHead(end.exitCode === 0 ? 200 : 500);
  } catch (error) {
    output.push(Buffer.from(String(error)));
    outgoing.writeHead(500);
  }
  outgoing.end(Buffer.concat(output));
}

/** The file that answers a path, as a path from the document root: a script, or a file as it is. */
function scriptOf(pathname: string): string | null {
  const path = posix.normalize(pathname);
  for (const name of [path, posix.join(path, 'index.php')]) {
    if (statSync(join(options.documentRoot, name), { throwIfNoEntry: false })?.isFile()) return name;
  }
  return options.pretty && path.startsWith(`${options.path}/`) ? `${options.path}/index.php` : null;
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

async function bodyOf(incoming: IncomingMessage): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  return Buffer.concat(chunks);
}
