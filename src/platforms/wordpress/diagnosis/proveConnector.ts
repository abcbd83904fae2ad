import { generateSiteKey } from '../../../security/siteKey.ts';
import type { CheckList } from '../../checkList.ts';
import type { Connection } from '../../connection.ts';
import type { ConnectionTestResult } from '../../platform.ts';
import { fault } from '../messages.ts';
import type { ConnectorClient, ConnectorIdentity } from '../site/connectorClient.ts';
import { applicationPassword } from '../site/coreRest.ts';
import { servedFromCache } from '../site/faultPages.ts';
import { firstAnswer } from '../site/firstAnswer.ts';
import { isOtherKey, otherKey } from '../site/otherKey.ts';
import { type ApiAnswer, isRecord, isShutOut, type SiteClient } from '../site/siteClient.ts';
import { missingCapabilities } from './neededCapabilities.ts';
import { shutOut } from './shutOut.ts';

const PING = 'sitebridge/v1/ping';

interface ConnectorProof {
  list: CheckList;
  client: SiteClient;
  connector: ConnectorClient;
  connection: Connection;
  remote: ConnectionTestResult['remote'];
}

/**
 * Proves that the connector accepts us and nobody else: a wrong key must fail before the right key counts.
 * Returns the site's own home URL, null if the connector does not name it. Returns null if the connector holds
 * another key, but there is an application password to go on with. Throws WordpressFault.
 */
export async function proveConnector(proof: ConnectorProof): Promise<{ home: string | null } | null> {
  const { list, client, connector, connection, remote } = proof;
  const { serverId, siteId, siteKey } = connection;
  const values = client.values;

  await list.run('wrong_key', async () => {
    const wrong = await connector
      .signed(PING, { serverId, siteId, siteKey: generateSiteKey() })
      .catch(shutOut);
    if (wrong === null) return { value: undefined };
    const { answer, nonce } = wrong;
    if (answer.error === null) {
      const cached = servedFromCache(answer.response) || nonceOf(answer) !== nonce;
      throw cached ? fault('cached_api', { values }) : fault('auth_not_enforced', { values });
    }
    const { code } = answer.error;
    // Plugins for "logged-in users only" may put their own refusal in the place of the connector's.
    const refused = code.startsWith('sitebridge_')
      ? code === 'sitebridge_bad_signature' || code === 'sitebridge_not_configured'
      : isShutOut(answer.error);
    if (!refused) throw connector.refusal(answer, answer.error);
    return { value: undefined };
  });

  const signed = await list.run<{ ping: Record<string, unknown>; identity: ConnectorIdentity } | null>(
    'signed_ping',
    async () => {
      if (siteKey === null) throw fault('bad_credentials', { variant: 'no_key', values });
      const identity = { serverId, siteId, siteKey };
      const { answer, nonce } = await connector.signed(PING, identity);
      if (answer.error !== null) {
        const refusal = connector.refusal(answer, answer.error);
        if (!isOtherKey(refusal) || applicationPassword(connection) === null) throw refusal;
        return { value: null, note: otherKey(values) };
      }
      if (!isRecord(answer.value) || answer.value.ok !== true) {
        throw fault('unexpected_answer', { values: { ...values, found: 'a ping without ok' } });
      }
      if (servedFromCache(answer.response) || nonceOf(answer) !== nonce)
        throw fault('cached_api', { values });
      return { value: { ping: answer.value, identity } };
    },
  );
  if (signed === null) return null;
  const { ping, identity } = signed;
  if (typeof ping.name === 'string') remote.name = ping.name;
  if (typeof ping.wordpress_version === 'string') remote.version = ping.wordpress_version;
  if (typeof ping.plugin_version === 'string') remote.plugin_version = ping.plugin_version;
  if (typeof ping.home_url === 'string') remote.canonical_url = ping.home_url;

  await list.run('capabilities', async () => {
    const user = isRecord(ping.user) ? ping.user : {};
    const missing = missingCapabilities(user.capabilities);
    if (missing !== '') throw fault('insufficient_role', { values: { ...values, missing }, detail: missing });
    // What the plugin says about the user is not enough: core must accept the signature for that user too.
    const ask = (query: string) => connector.read('wp/v2/posts', identity, query);
    await firstAnswer(ask, 'context=edit&per_page=1&_fields=id');
    return { value: undefined };
  });

  if (String(ping.site_id) !== String(siteId)) {
    await list.run('identity', async () => {
      throw fault('identity_mismatch', { variant: 'site_id', values });
    });
  }
  return { home: typeof ping.home_url === 'string' ? ping.home_url : null };
}

function nonceOf(answer: ApiAnswer): unknown {
  return isRecord(answer.value) ? answer.value.nonce : undefined;
}
