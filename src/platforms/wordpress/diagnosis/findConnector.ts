import type { Checked } from '../../checkList.ts';
import type { Connection } from '../../connection.ts';
import type { ConnectionTestResult } from '../../platform.ts';
import { fault } from '../messages.ts';
import {
  CONNECTOR_NAMESPACE,
  type ConnectorClient,
  isOutdated,
  MINIMUM_PLUGIN_VERSION,
} from '../site/connectorClient.ts';
import { applicationPassword, noSignIn } from '../site/coreRest.ts';
import type { ApiRoot } from '../site/discovery.ts';
import { servedFromCache } from '../site/faultPages.ts';
import { type ApiAnswer, isRecord, isShutOut, type SiteClient } from '../site/siteClient.ts';
import { shutOut } from './shutOut.ts';

const PING = 'sitebridge/v1/ping';

interface Search {
  client: SiteClient;
  connector: ConnectorClient;
  connection: Connection;
  root: ApiRoot;
  remote: ConnectionTestResult['remote'];
}

/**
 * Is the connector there? It must refuse a request without a signature. If something else refuses that request,
 * a signed one tells. Returns false if there is no connector, but there are credentials for core REST. Throws
 * WordpressFault.
 */
export async function findConnector(search: Search): Promise<Checked<boolean>> {
  const { client, connector, remote } = search;
  const values = client.values;
  const answer = await connector.unsigned(PING).catch(shutOut);
  if (answer === null) return askSigned(search, null);
  const { error } = answer;
  if (servedFromCache(answer.response)) throw fault('cached_api', { values });
  if (error === null) {
    // We sent no nonce, so an echoed nonce belongs to somebody else's request.
    const nonce = isRecord(answer.value) ? answer.value.nonce : undefined;
    if (typeof nonce === 'string' && nonce !== '') throw fault('cached_api', { values });
    throw fault('auth_not_enforced', { values, detail: 'unsigned request' });
  }
  if (error.code === 'rest_no_route') return missing(search);
  if (!error.code.startsWith('sitebridge_')) {
    if (isShutOut(error)) return askSigned(search, answer);
    throw connector.refusal(answer, error);
  }
  checkVersion(error.data.plugin_version, client, remote);
  connector.signatures.hear(error.data.signatures);
  if (error.code !== 'sitebridge_signature_missing') throw connector.refusal(answer, error);
  return { value: true };
}

/** Asks again with the site key, as anonymous callers are shut out. `refused`: the answer that they get. */
async function askSigned(search: Search, refused: ApiAnswer | null): Promise<Checked<boolean>> {
  const { client, connector, connection, root, remote } = search;
  const { serverId, siteId, siteKey } = connection;
  if (siteKey === null) {
    if (root.namespaces.includes(CONNECTOR_NAMESPACE)) return { value: true };
    if (applicationPassword(connection) !== null || refused?.error == null) return missing(search);
    throw connector.refusal(refused, refused.error);
  }
  const { answer } = await connector.signed(PING, { serverId, siteId, siteKey });
  const { error, value } = answer;
  if (error === null) {
    checkVersion(isRecord(value) ? value.plugin_version : undefined, client, remote);
    return { value: true };
  }
  if (error.code === 'rest_no_route') return missing(search);
  if (!error.code.startsWith('sitebridge_')) {
    const byPassword = applicationPassword(connection) !== null;
    if (byPassword && !root.namespaces.includes(CONNECTOR_NAMESPACE)) return missing(search);
    throw connector.refusal(answer, error);
  }
  checkVersion(error.data.plugin_version, client, remote);
  return { value: true };
}

function missing({ client: { values }, connection }: Search): Checked<boolean> {
  if (applicationPassword(connection) === null) throw noSignIn(connection, values);
  return {
    value: false,
    note: fault('connector_missing', { values }),
    detail: 'Not installed; this server signs in with the application password.',
  };
}

function checkVersion(version: unknown, client: SiteClient, remote: Search['remote']): void {
  if (typeof version !== 'string') return;
  remote.plugin_version = version;
  if (!isOutdated(version)) return;
  throw fault('connector_outdated', {
    values: { ...client.values, found: version, minimum: MINIMUM_PLUGIN_VERSION },
  });
}
