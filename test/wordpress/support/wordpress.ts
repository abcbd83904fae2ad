/** A real WordPress on the loopback, with content, users, and switches for faults. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AdminSession, logIn } from './admin-session.ts';
import type { Mariadb } from './mariadb.ts';
import { runPhpScript } from './php-script.ts';
import { freePort } from './processes.ts';
import { phpUnderTest } from './versions-under-test.ts';
import { phpString, startWebServer, type WebServerKind } from './web-server.ts';
import { exactVersion, type WordpressVersion, wordpressFiles } from './wordpress-files.ts';

/** The must-use plugins that can be switched on a running site. Their files are in `mu-plugins/`. */
export type MuPlugin =
  | 'dies-on-mark'
  | 'low-memory'
  | 'allow-private-server'
  | 'rest-restricted'
  | 'only-users'
  | 'login-redirect'
  | 'basic-auth'
  | 'output-around'
  | 'dirty-json'
  | 'odd-fields'
  | 'fatal-error'
  | 'extra-type'
  | 'syncable-meta'
  | 'own-namespace'
  | 'copy-to-two'
  | 'own-letters'
  | 'posts-per-page'
  | 'forced-order'
  | 'low-page-limit'
  | 'no-total'
  | 'small-builder'
  | 'switched-type';

/** The options of a WordPress. */
export interface WordpressOptions {
  version: WordpressVersion;
  /** `php-S` by default. A run on another PHP (versions-under-test.ts) has a server of its own instead. */
  server?: WebServerKind;
  /** Installs into this folder of the web root, such as `blog`. */
  subdirectory?: string;
  /** Plain permalinks: `/wp-json/` is a 404 of the web server, `/?rest_route=` answers. */
  plainPermalinks?: boolean;
  /** A network whose sites are folders of the address, such as `/one`. Needs `php-S`. */
  network?: boolean;
}

type PhpScalar = string | number | boolean;

/** One value in a database row. */
export type SqlValue = string | number | null;

/** A running WordPress. */
export interface Wordpress {
  /** The home URL, without a slash at the end. */
  url: string;
  /** The exact version, such as `6.8.2`. */
  version: string;
  /** The folder with WordPress's files. */
  root: string;
  admin: { user: string; password: string };
  /** User ids by role; the password of each is `pass-` and the role, and the login is the role. */
  users: { editor: number; author: number; subscriber: number };
  /** The address of a REST route such as `/sitebridge/v1/ping`, in the form of this site's permalinks. */
  restUrl(route: string): string;
  /** Queries WordPress's own database. */
  query(sql: string): Promise<Record<string, SqlValue>[]>;
  /**
   * Runs PHP inside WordPress, as on the command line. Returns the value that the code returns, through JSON.
   */
  php(code: string): Promise<unknown>;
  /** Unpacks and activates a plugin without the admin pages. */
  installPlugin(zipPath: string): Promise<void>;
  /** Switches a prepared must-use plugin. `allow-private-server` is on at first, the others are off. */
  setMuPlugin(name: MuPlugin, on: boolean): void;
  /** Logs in through wp-login.php, by default as the administrator. */
  adminSession(user?: string, password?: string): Promise<AdminSession>;
  /** The PHP log so far: errors, warnings, notices, deprecations. */
  phpLog(): string;
  /** Stops PHP. With `fpm`, nginx still runs and answers 502. */
  stopPhp(): Promise<void>;
  /** Starts PHP again on the same port. */
  startPhp(): Promise<void>;
  /** Stops everything, and deletes the files and the database. */
  stop(): Promise<void>;
}

/** Starts a new WordPress with seeded content on a free port. */
export async function startWordpress(mariadb: Mariadb, options: WordpressOptions): Promise<Wordpress> {
  const folder = mkdtempSync(join(tmpdir(), 'sb-wp-'));
  try {
    return await startIn(folder, mariadb, options);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function startIn(folder: string, mariadb: Mariadb, options: WordpressOptions): Promise<Wordpress> {
  const documentRoot = join(folder, 'web');
  const path = options.subdirectory === undefined ? '' : `/${options.subdirectory}`;
  const root = documentRoot + path;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}${path}`;
  const database = `wp_${randomBytes(6).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const debugLog = join(folder, 'debug.log');
  const pretty = options.plainPermalinks !== true;

  mkdirSync(root, { recursive: true });
  execFileSync('cp', ['-a', '--reflink=auto', `${wordpressFiles(options.version)}/.`, root]);
  const version = phpUnderTest();
  const relay = { port: await freePort(), socket: mariadb.socket };
  const host = version === null ? `localhost:${mariadb.socket}` : `127.0.0.1:${relay.port}`;
  const connection = { host, database, debugLog };
  writeFileSync(join(root, 'wp-config.php'), configSource(connection));
  const muPlugins = join(root, 'wp-content/mu-plugins');
  for (const name of ['mu-plugins', 'plugins', 'upgrade', 'uploads']) {
    mkdirSync(join(root, 'wp-content', name), { recursive: true });
  }
  const setMuPlugin = (name: MuPlugin | 'test-site' | 'connector-faults', on: boolean): void => {
    const target = join(muPlugins, `${name}.php`);
    if (on) {
      copyFileSync(join(import.meta.dirname, 'mu-plugins', `${name}.php`), target);
    } else {
      rmSync(target, { force: true });
    }
  };
  setMuPlugin('test-site', true);
  setMuPlugin('connector-faults', true);
  setMuPlugin('allow-private-server', true);

  mariadb.createDatabase(database);
  const server = await startWebServer({
    kind: options.server ?? 'php-S',
    port,
    documentRoot,
    path,
    pretty,
    network: options.network === true,
    workFolder: join(folder, 'server'),
    ...(version === null ? {} : { wasm: { version, database: relay } }),
  });
  const php = async (code: string): Promise<unknown> => {
    const printed = await server.runScript('run.php', { root, url, code });
    const [, value] = printed.split('\n--value--\n');
    if (value === undefined) {
      throw new Error(`The PHP code ended before it returned:\n${printed}`);
    }
    return JSON.parse(value);
  };
  let users: Wordpress['users'];
  try {
    await server.runScript('install.php', {
      root,
      url,
      title: `Brücke & Söhne`,
      password,
      permalinks: pretty ? '/%postname%/' : '',
      network: options.network === true,
    });
    if (options.network === true) {
      writeFileSync(join(root, 'wp-config.php'), configSource(connection, networkConstants(port, path)));
    }
    const seed = readFileSync(join(import.meta.dirname, 'php/seed.php'), 'utf8').replace('<?php', '');
    users = readUsers(await php(seed));
  } catch (error) {
    await server.stop();
    throw error;
  }

  return {
    url,
    version: exactVersion(root),
    root,
    admin: { user: 'admin', password },
    users,
    restUrl: (route) => (pretty ? `${url}/wp-json${route}` : `${url}/?rest_route=${route}`),
    query: async (sql) =>
      JSON.parse(await runPhpScript('query.php', { socket: mariadb.socket, database, sql })),
    php,
    async installPlugin(zipPath) {
      await php(installPluginCode(zipPath));
    },
    setMuPlugin,
    adminSession: (user = 'admin', secret = password) => logIn(url, user, secret),
    phpLog: () => (existsSync(debugLog) ? readFileSync(debugLog, 'utf8') : ''),
    stopPhp: server.stopPhp,
    startPhp: server.startPhp,
    async stop() {
      await server.stop();
      mariadb.dropDatabase(database);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The constants that turn an installed WordPress into a network. */
function networkConstants(port: number, path: string): Record<string, PhpScalar> {
  return {
    MULTISITE: true,
    SUBDOMAIN_INSTALL: false,
    DOMAIN_CURRENT_SITE: `127.0.0.1:${port}`,
    PATH_CURRENT_SITE: `${path}/`,
    SITE_ID_CURRENT_SITE: 1,
    BLOG_ID_CURRENT_SITE: 1,
  };
}

function configSource(
  { host, database, debugLog }: { host: string; database: string; debugLog: string },
  more: Record<string, PhpScalar> = {},
): string {
  const salts = ['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'].flatMap((name) => [
    `${name}_KEY`,
    `${name}_SALT`,
  ]);
  const constants: Record<string, PhpScalar> = {
    DB_NAME: database,
    DB_USER: 'root',
    DB_PASSWORD: '',
    DB_HOST: host,
    DB_CHARSET: 'utf8mb4',
    DB_COLLATE: '',
    ...Object.fromEntries(salts.map((name) => [name, randomBytes(32).toString('hex')])),
    FS_METHOD: 'direct',
    // Otherwise WordPress offers application passwords only over https.
    WP_ENVIRONMENT_TYPE: 'local',
    WP_HTTP_BLOCK_EXTERNAL: true,
    DISABLE_WP_CRON: true,
    AUTOMATIC_UPDATER_DISABLED: true,
    WP_DEBUG: true,
    WP_DEBUG_DISPLAY: false,
    WP_DEBUG_LOG: debugLog,
    ...more,
  };
  const lines = Object.entries(constants).map(
    ([name, value]) =>
      `define( '${name}', ${typeof value === 'string' ? phpString(value) : String(value)} );`,
  );
  return `<?php
${lines.join('\n')}
$table_prefix = 'wp_';
if ( ! defined( 'ABSPATH' ) ) {
	define( 'ABSPATH', __DIR__ . '/' );
}
require_once ABSPATH . 'wp-settings.php';
`;
}

function installPluginCode(zipPath: string): string {
  return `
require_once ABSPATH . 'wp-admin/includes/file.php';
require_once ABSPATH . 'wp-admin/includes/plugin.php';
WP_Filesystem();
$before = array_keys( get_plugins() );
$done   = unzip_file( ${phpString(zipPath)}, WP_PLUGIN_DIR );
if ( is_wp_error( $done ) ) {
	throw new Exception( $done->get_error_message() );
}
wp_cache_delete( 'plugins', 'plugins' );
foreach ( array_diff( array_keys( get_plugins() ), $before ) as $plugin ) {
	$done = activate_plugin( $plugin );
	if ( is_wp_error( $done ) ) {
		throw new Exception( $done->get_error_message() );
	}
}
return true;`;
}

function readUsers(value: unknown): Wordpress['users'] {
  if (
    typeof value === 'object' &&
    value !== null &&
    'editor' in value &&
    'author' in value &&
    'subscriber' in value
  ) {
    const { editor, author, subscriber } = value;
    if (typeof editor === 'number' && typeof author === 'number' && typeof subscriber === 'number') {
      return { editor, author, subscriber };
    }
  }
  throw new Error(`The users were not made: ${JSON.stringify(value)}`);
}
