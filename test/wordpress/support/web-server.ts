/** Serves a folder with PHP, through PHP's own server or through nginx and fpm. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPhpScript } from './php-script.ts';
import type { PhpVersion } from './php-wasm.ts';
import { phpWasmServer } from './php-wasm-server.ts';
import { accepts, type ProcessGroup, startProcessGroup, waitFor } from './processes.ts';

/** `fpm` has fastcgi_finish_request, `php-S` has not. */
export type WebServerKind = 'php-S' | 'fpm';

/** A web server that can be stopped and started on the same port. */
export interface WebServer {
  startPhp(): Promise<void>;
  /** Stops PHP. Then `php-S` refuses connections, and `fpm` answers 502. */
  stopPhp(): Promise<void>;
  stop(): Promise<void>;
  /** Runs a script of the folder `php` with `input` as JSON, by the server's PHP. Returns its output. */
  runScript(name: string, input: Record<string, unknown>): Promise<string>;
}

/** The served folder and its options. */
export interface WebServerOptions {
  kind: WebServerKind;
  port: number;
  /** The document root. */
  documentRoot: string;
  /** The path of WordPress under the document root: '' or `/blog`. */
  path: string;
  /** Whether paths without a file go to WordPress. */
  pretty: boolean;
  /** Whether the first folder of a path may be a site of a network. `php-S` only. */
  network?: boolean;
  /** The folder for configuration, sockets and logs. */
  workFolder: string;
  /** A PHP of php-wasm, which serves instead of `kind`, and where it reaches the database. */
  wasm?: { version: PhpVersion; database: { port: number; socket: string } };
}

/** PHP settings of both servers. Warnings are logged, as they would otherwise be in the JSON. */
const PHP_SETTINGS: Record<string, string> = {
  display_errors: '0',
  log_errors: '1',
  memory_limit: '256M',
  upload_max_filesize: '32M',
  post_max_size: '32M',
  'opcache.enable': '1',
  // Tests change PHP files, so the cache must check for changes at each request.
  'opcache.revalidate_freq': '0',
};

/** Starts a web server and waits until it answers. */
export async function startWebServer(options: WebServerOptions): Promise<WebServer> {
  mkdirSync(options.workFolder, { recursive: true });
  if (options.wasm !== undefined) return startWasm({ ...options, ...options.wasm });
  return options.kind === 'php-S' ? startBuiltIn(options) : startNginx(options);
}

async function startWasm(
  options: WebServerOptions & NonNullable<WebServerOptions['wasm']>,
): Promise<WebServer> {
  if (options.network === true) throw new Error('php-wasm serves no network of sites');
  const { port, documentRoot, path, pretty, workFolder, version, database } = options;
  const settings = { ...PHP_SETTINGS, error_log: join(workFolder, 'php.log') };
  const php = phpWasmServer({ version, settings, port, documentRoot, path, pretty, workFolder, database });
  await php.start();
  return {
    startPhp: php.start,
    stopPhp: php.stop,
    stop: php.stop,
    runScript: (name, input) => php.runScript(join(import.meta.dirname, 'php', name), input),
  };
}

async function startBuiltIn(options: WebServerOptions): Promise<WebServer> {
  const router = join(options.workFolder, 'router.php');
  const logFile = join(options.workFolder, 'php.log');
  writeFileSync(router, routerSource(options));
  let php: ProcessGroup | undefined;
  const startPhp = async (): Promise<void> => {
    if (php !== undefined) {
      return;
    }
    const settings = Object.entries({ ...PHP_SETTINGS, error_log: logFile }).flatMap(([name, value]) => [
      '-d',
      `${name}=${value}`,
    ]);
    php = startProcessGroup(
      'php8.2',
      [...settings, '-S', `127.0.0.1:${options.port}`, '-t', options.documentRoot, router],
      // A single worker could not answer the server's callback while it waits for that server.
      { logFile, env: { PHP_CLI_SERVER_WORKERS: '4' } },
    );
    await waitFor('php -S', () => accepts({ host: '127.0.0.1', port: options.port }));
  };
  const stopPhp = async (): Promise<void> => {
    await php?.stop();
    php = undefined;
  };
  await startPhp();
  return { startPhp, stopPhp, stop: stopPhp, runScript: runPhpScript };
}

/** Has the effect of Apache's rewrite rules for WordPress: files are served, other paths go to index.php. */
function routerSource({ documentRoot, path, pretty, network = false }: WebServerOptions): string {
  return `<?php
$path = rawurldecode( (string) strtok( $_SERVER['REQUEST_URI'], '?' ) );
${network ? NETWORK_ROUTES.replaceAll('ROOT', phpString(documentRoot + path)).replaceAll('PATH', phpString(path)) : ''}$file = ${phpString(documentRoot)} . $path;
if ( is_file( $file ) || is_file( rtrim( $file, '/' ) . '/index.php' ) ) {
	return false;
}
if ( ! ${pretty ? 'true' : 'false'} || 0 !== strpos( $path, ${phpString(`${path}/`)} ) ) {
	http_response_code( 404 );
	header( 'Content-Type: text/html' );
	echo '<h1>Not Found</h1>';
	return true;
}
$_SERVER['SCRIPT_NAME']     = ${phpString(`${path}/index.php`)};
$_SERVER['PHP_SELF']        = $_SERVER['SCRIPT_NAME'];
$_SERVER['SCRIPT_FILENAME'] = ${phpString(`${documentRoot}${path}/index.php`)};
chdir( dirname( $_SERVER['SCRIPT_FILENAME'] ) );
require $_SERVER['SCRIPT_FILENAME'];
`;
}

/** Has the effect of the rewrite rules of a network: the files of WordPress are in the folder of each site. */
const NETWORK_ROUTES = `
if ( preg_match( '#^' . PATH . '/(?!wp-)[_0-9a-zA-Z-]+/(wp-(?:admin|content|includes)/.*|[^/]+\\.php)$#', $path, $found ) ) {
	$name = is_dir( ROOT . '/' . $found[1] ) ? rtrim( $found[1], '/' ) . '/index.php' : $found[1];
	if ( is_file( ROOT . '/' . $name ) && '.php' === substr( $name, -4 ) ) {
		$_SERVER['SCRIPT_NAME']     = PATH . '/' . $name;
		$_SERVER['PHP_SELF']        = $_SERVER['SCRIPT_NAME'];
		$_SERVER['SCRIPT_FILENAME'] = ROOT . '/' . $name;
		chdir( dirname( $_SERVER['SCRIPT_FILENAME'] ) );
		require $_SERVER['SCRIPT_FILENAME'];
		return true;
	}
}
`;

/** A PHP string literal. */
export function phpString(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

async function startNginx(options: WebServerOptions): Promise<WebServer> {
  const folder = options.workFolder;
  const socket = join(folder, 'fpm');
  const logFile = join(folder, 'php.log');
  writeFileSync(join(folder, 'fpm.conf'), fpmConfig(socket, logFile));
  writeFileSync(join(folder, 'nginx.conf'), nginxConfig(options, socket));
  let php: ProcessGroup | undefined;
  const startPhp = async (): Promise<void> => {
    if (php !== undefined) {
      return;
    }
    const args = ['--nodaemonize', '--fpm-config', join(folder, 'fpm.conf')];
    php = startProcessGroup('php-fpm8.2', isRoot() ? ['--allow-to-run-as-root', ...args] : args, { logFile });
    await waitFor('php-fpm', () => accepts({ path: socket }));
  };
  const stopPhp = async (): Promise<void> => {
    await php?.stop();
    php = undefined;
  };
  await startPhp();
  const nginx = startProcessGroup(
    'nginx',
    ['-c', join(folder, 'nginx.conf'), '-p', folder, '-e', join(folder, 'nginx.log')],
    { logFile: join(folder, 'nginx.log') },
  );
  await waitFor('nginx', () => accepts({ host: '127.0.0.1', port: options.port }));
  return {
    startPhp,
    stopPhp,
    runScript: runPhpScript,
    async stop() {
      await nginx.stop();
      await stopPhp();
    },
  };
}

function fpmConfig(socket: string, logFile: string): string {
  const settings = Object.entries(PHP_SETTINGS).map(([name, value]) => `php_value[${name}] = ${value}`);
  return `[global]
error_log = ${logFile}
[www]
${isRoot() ? 'user = root\ngroup = root' : ''}
listen = ${socket}
pm = static
pm.max_children = 4
catch_workers_output = yes
${settings.join('\n')}
`;
}

function nginxConfig(
  { port, documentRoot, path, pretty, workFolder }: WebServerOptions,
  socket: string,
): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${workFolder}/${name};`,
  );
  return `${isRoot() ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${workFolder}/nginx.pid;
events { worker_connections 128; }
http {
  access_log off;
  include /etc/nginx/mime.types;
  client_max_body_size 32m;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${documentRoot};
    index index.php;
    location ${path}/ { try_files $uri $uri/ ${pretty ? `${path}/index.php?$args` : '=404'}; }
    location ~ \\.php$ {
      try_files $uri =404;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
      fastcgi_param HTTP_HOST $http_host;
      fastcgi_read_timeout 60;
      fastcgi_pass unix:${socket};
    }
  }
}
`;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
