/** The files of the tested WordPress versions, from Debian's packages. */
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

/** The versions, with the Debian suites that have them. `sid` changes; it had 7.1 when this was written. */
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

/** Whether a text is a version that can be started. */
export function isWordpressVersion(text: string): text is WordpressVersion {
  return Object.hasOwn(SUITES, text);
}

/**
 * A folder with the files of a WordPress version. Downloads the files unless they are in the cache. Do not
 * change the folder, copy it.
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
  // Debian's configuration reads /etc. Each installation gets a configuration of its own.
  rmSync(join(half, 'wp-config.php'));
  renameSync(half, files);
  rmSync(packages, { recursive: true, force: true });
  return files;
}

/** The exact version in a folder of WordPress files, such as `6.8.2`. */
export function exactVersion(files: string): string {
  const source = readFileSync(join(files, 'wp-includes/version.php'), 'utf8');
  const version = /\$wp_version = '([^']+)'/.exec(source)?.[1];
  if (version === undefined) {
    throw new Error(`${files} says no WordPress version`);
  }
  return version;
}

/**
 * Copies a tree and the targets of its links, as Debian replaces bundled libraries by links into other
 * packages. A link to a file that no package here has (`.htaccess` in /etc) is left out.
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
