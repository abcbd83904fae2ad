/** The files of WordPress in the versions that are tested, from Debian's packages. */
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { unpackPackages } from './apt.ts';

/** The versions, by the Debian suite that has them. `sid` moves on: 7.1 is what it had when this was written. */
const SUITES = {
  '6.1': { suite: 'bookworm', extra: ['wordpress-theme-twentytwentythree'] },
  '6.8': { suite: 'trixie', extra: ['libjs-lodash', 'wordpress-theme-twentytwentyfive'] },
  '7.1': {
    suite: 'sid',
    extra: ['libjs-lodash', 'libjs-jquery-ui', 'libphp-phpmailer', 'wordpress-theme-twentytwentyfive'],
  },
};

/** A WordPress version that can be started. */
export type WordpressVersion = keyof typeof SUITES;

/** All versions that can be started. */
export const WORDPRESS_VERSIONS: readonly WordpressVersion[] = ['6.1', '6.8', '7.1'];

const BASE_PACKAGES = ['wordpress', 'php-getid3', 'libjs-cropper', 'libjs-underscore'];
const CACHE = resolve(import.meta.dirname, '../../../.cache/wordpress');

/** Whether a text names a version that can be started. */
export function isWordpressVersion(text: string): text is WordpressVersion {
  return Object.hasOwn(SUITES, text);
}

/**
 * A folder with the files of a WordPress version, downloaded when it is not in the cache. Not to be
 * changed: copy it.
 */
export function wordpressFiles(version: WordpressVersion): string {
  const files = join(CACHE, version);
  if (existsSync(files)) {
    return files;
  }
  const { suite, extra } = SUITES[version];
  const packages = join(CACHE, `${version}.packages`);
  rmSync(packages, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  unpackPackages(suite, [...BASE_PACKAGES, ...extra], packages, join(CACHE, 'apt'));

  const half = `${files}.part`;
  rmSync(half, { recursive: true, force: true });
  copyFollowingLinks(join(packages, 'usr/share/wordpress'), half, packages);
  // Debian's configuration looks into /etc; an installation gets its own.
  rmSync(join(half, 'wp-config.php'));
  renameSync(half, files);
  rmSync(packages, { recursive: true, force: true });
  return files;
}

/** The version that a folder of WordPress files says it is, such as `6.8.2`. */
export function exactVersion(files: string): string {
  const source = readFileSync(join(files, 'wp-includes/version.php'), 'utf8');
  const version = /\$wp_version = '([^']+)'/.exec(source)?.[1];
  if (version === undefined) {
    throw new Error(`${files} says no WordPress version`);
  }
  return version;
}

/**
 * Copies a tree with what its links point at: Debian replaces bundled libraries by links into other
 * packages. A link to what no package here has (`.htaccess` in /etc) is left out.
 */
function copyFollowingLinks(from: string, to: string, packageRoot: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    let source = join(from, name);
    if (lstatSync(source).isSymbolicLink()) {
      const link = readlinkSync(source);
      const meant = link.startsWith('/') ? join(packageRoot, link) : resolve(from, link);
      const found = [meant, link].find((path) => path.startsWith('/') && existsSync(path));
      if (found === undefined || name === '.htaccess') {
        continue;
      }
      source = realpathSync(found);
    }
    if (lstatSync(source).isDirectory()) {
      copyFollowingLinks(source, join(to, name), packageRoot);
    } else {
      copyFileSync(source, join(to, name));
    }
  }
}
