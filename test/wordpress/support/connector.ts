/** Installs and calls the connector plugin on a test site. */
import { join } from 'node:path';
import { buildPluginZip } from '../../../wordpress-plugin/build-zip.ts';
import type { AdminSession } from './admin-session.ts';
import { type JsonAnswer, type SigningOptions, signedFetch } from './signed-request.ts';
import type { Wordpress } from './wordpress.ts';

/** The plugin's main file, as WordPress identifies plugins. */
export const CONNECTOR = 'sitebridge-connector/sitebridge-connector.php';

/** Builds the plugin's zip next to the site and returns its path. */
export function connectorZip(wordpress: Wordpress): string {
  return buildPluginZip(join(wordpress.root, '../sitebridge-connector.zip')).path;
}

/** The connector 0.3.0, released before contents had keys. */
export const CONNECTOR_030 = join(import.meta.dirname, 'plugins/sitebridge-connector-0.3.0.zip');

/** The connector 0.5.0, whose signatures cover the request target as it is sent. */
export const CONNECTOR_050 = join(import.meta.dirname, 'plugins/sitebridge-connector-0.5.0.zip');

/**
 * Uploads and activates the connector (today's, or that of `zip`) as an administrator does. Returns their
 * session.
 */
export async function installConnector(
  wordpress: Wordpress,
  zip = connectorZip(wordpress),
): Promise<AdminSession> {
  const admin = await wordpress.adminSession();
  await admin.uploadPlugin(zip);
  await admin.activatePlugin(CONNECTOR);
  return admin;
}

/** A signed GET of one of the site's REST routes, such as `/sitebridge/v1/ping`. */
export async function signedGet(
  wordpress: Wordpress,
  route: string,
  options: SigningOptions,
): Promise<JsonAnswer> {
  return signedFetch(wordpress.restUrl(route), options);
}
