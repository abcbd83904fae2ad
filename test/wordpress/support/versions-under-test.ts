/** The WordPress versions of this test run. */
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
