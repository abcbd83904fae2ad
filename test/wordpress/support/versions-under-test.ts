/** Which WordPress versions this run is about. */
import { isWordpressVersion, type WordpressVersion } from './wordpress-files.ts';

/** The versions in the environment's WORDPRESS_VERSIONS (`6.1,6.8`), set by run.ts; 6.8 when Jest was started by hand. */
export function versionsUnderTest(): WordpressVersion[] {
  return (process.env.WORDPRESS_VERSIONS ?? '6.8').split(',').map((version) => {
    if (!isWordpressVersion(version)) {
      throw new Error(`WORDPRESS_VERSIONS names ${version}, which is not one that can be started`);
    }
    return version;
  });
}
