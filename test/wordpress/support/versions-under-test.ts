/** The WordPress and PHP versions of this test run. */
import { isPhpVersion, type PhpVersion } from './php-wasm.ts';
import { isWordpressVersion, type WordpressVersion } from './wordpress-files.ts';

/** The versions in WORDPRESS_VERSIONS (`6.1,6.8`), which run.ts sets. Without it, 6.8. */
export function versionsUnderTest(): WordpressVersion[] {
  return (process.env.WORDPRESS_VERSIONS ?? '6.8').split(',').map((version) => {
    if (!isWordpressVersion(version)) {
      throw new Error(`WORDPRESS_VERSIONS names ${version}, a version that cannot be started`);
    }
    return version;
  });
}

/** The PHP of php-wasm in PHP_VERSION (`7.4`), which run.ts sets. Without it null: Debian's PHP. */
export function phpUnderTest(): PhpVersion | null {
  const version = process.env.PHP_VERSION ?? '';
  if (version === '') return null;
  if (!isPhpVersion(version)) {
    throw new Error(`PHP_VERSION names ${version}, a version that cannot be started`);
  }
  return version;
}

/** The shapes that this run's PHP serves. php-wasm has one web server, which stands in for `php-S`. */
export function shapesUnderTest<T extends { server?: string }>(shapes: T[]): T[] {
  return phpUnderTest() === null ? shapes : shapes.filter(({ server }) => server !== 'fpm');
}

/** PHP code that ends PHP at once, without a shutdown. php-wasm has no signals: its worker knows a message. */
export const END_OF_PHP =
  phpUnderTest() === null ? 'posix_kill( getmypid(), 9 );' : "post_message_to_js( 'end' );";
