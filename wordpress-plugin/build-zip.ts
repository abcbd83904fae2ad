/**
 * Builds the installable zip of the connector plugin. `npm run plugin:zip`
 *
 * The same sources give the same bytes, so that the hash of a zip can be compared with a release.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Zippable, zipSync } from 'fflate';

const SLUG = 'sitebridge-connector';
const SOURCE = join(import.meta.dirname, SLUG);
const DEFAULT_TARGET = join(import.meta.dirname, '..', 'dist', `${SLUG}.zip`);

/** The files that a plugin may contain. Any other file is there by mistake. */
const ALLOWED = [
  /^[a-z-]+\.php$/,
  /^readme\.txt$/,
  /^includes\/([a-z]+\/)?class-sitebridge-[a-z-]+\.php$/,
  /^languages\/[\w-]+\.(pot|po|mo)$/,
];

/** The zip format has no time before 1980. There is no `Z`, because fflate reads the time as local time. */
const FIXED_TIME = '1980-01-01T00:00:00';

/** The built zip. */
export interface PluginZip {
  /** The plugin's version from its header. */
  version: string;
  /** The zip's path. */
  path: string;
  /** The names of the files in the zip, sorted. */
  files: string[];
}

/**
 * Writes the plugin's zip, by default to `dist/sitebridge-connector.zip`.
 *
 * Throws when a file does not belong in a plugin, or when header, constant and readme.txt have different
 * versions.
 */
export function buildPluginZip(target: string = DEFAULT_TARGET): PluginZip {
  const version = readVersion();
  const entries: Zippable = {};
  const files = listFiles('');
  for (const file of files) {
    if (!ALLOWED.some((pattern) => pattern.test(file))) {
      throw new Error(
        `${join(SOURCE, file)} does not belong in the plugin; remove it or allow it in build-zip.ts`,
      );
    }
    // os 3 = Unix, so that unzip tools read attrs as Unix permissions.
    entries[`${SLUG}/${file}`] = [
      readFileSync(join(SOURCE, file)),
      { mtime: FIXED_TIME, level: 9, os: 3, attrs: 0o100644 << 16 },
    ];
  }
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, zipSync(entries));
  return { version, path: target, files: files.map((file) => `${SLUG}/${file}`) };
}

/** Files under the plugin's folder, without dotfiles. Sorted by bytes: the same order on every machine. */
function listFiles(folder: string): string[] {
  const names: string[] = [];
  for (const entry of readdirSync(join(SOURCE, folder), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) {
      continue;
    }
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      names.push(...listFiles(name));
    } else {
      names.push(name);
    }
  }
  return names.sort();
}

function readVersion(): string {
  const main = readFileSync(join(SOURCE, `${SLUG}.php`), 'utf8');
  const readme = readFileSync(join(SOURCE, 'readme.txt'), 'utf8');
  const version = find(main, /^ \* Version:\s*(\S+)$/m, 'Version in the plugin header');
  const others = {
    SITEBRIDGE_CONNECTOR_VERSION: find(
      main,
      /'SITEBRIDGE_CONNECTOR_VERSION', '([^']+)'/,
      'the version constant',
    ),
    'Stable tag in readme.txt': find(readme, /^Stable tag:\s*(\S+)$/m, 'Stable tag in readme.txt'),
  };
  for (const [name, other] of Object.entries(others)) {
    if (other !== version) {
      throw new Error(`The plugin header says version ${version}, but ${name} says ${other}`);
    }
  }
  return version;
}

function find(text: string, pattern: RegExp, what: string): string {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) {
    throw new Error(`There is no ${what}`);
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const built = buildPluginZip();
  console.log(`${built.path}: version ${built.version}, ${built.files.length} files`);
}
