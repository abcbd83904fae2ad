import type { OutboundRequest } from '../../../outbound/httpClient.ts';
import type { SentRequest } from '../../../security/requestSignature.ts';
import type { Connection } from '../../connection.ts';
import type { WordpressFault } from '../messages.ts';
import { CONNECTOR_NAMESPACE, ConnectorClient, type UnsignedRequest } from './connectorClient.ts';
import {
  type ApplicationPassword,
  applicationPassword,
  CoreRest,
  noSignIn,
  passwordHeaders,
} from './coreRest.ts';
import type { ApiRoot } from './discovery.ts';
import { KnownSignatures } from './knownSignatures.ts';
import type { ApiAnswer, ApiError, SiteClient } from './siteClient.ts';

/** One way to sign in to a site's REST API. */
export interface SignIn {
  /** true: requests are signed, as the connector's user. false: they carry an application password. */
  byConnector: boolean;
  /** Signs one request. Call it again for each try, since a nonce is valid once. */
  sign(
    request: UnsignedRequest,
  ): Required<Pick<OutboundRequest, 'headers' | 'redirects'>> & { sent?: SentRequest };
  /** Sends a request that `sign` signs, and sends it anew if the connector needs another signature. */
  agree<T extends { error: ApiError | null }>(send: () => Promise<T>): Promise<T>;
  /** The fault for a refusal. */
  refusal(this: void, answer: ApiAnswer, error: ApiError): WordpressFault;
}

/**
 * Chooses the connector if it is installed and the site has a key, else an application password. `clock`:
 * milliseconds since 1970. `signatures`: what is known of the connector from earlier sessions. Throws WordpressFault
 * `connector_missing` or `outer_needs_connector` if neither can be used.
 */
export function chooseSignIn(
  connection: Connection,
  root: ApiRoot,
  client: SiteClient,
  clock: () => number,
  signatures: KnownSignatures = new KnownSignatures(),
): SignIn {
  const { serverId, siteId, siteKey } = connection;
  const credentials = applicationPassword(connection);
  const installed = root.namespaces.includes(CONNECTOR_NAMESPACE);
  const none = noSignIn(connection, client.values);
  if (!installed && none.code === 'outer_needs_connector') throw none;
  if (siteKey !== null && (installed || credentials === null)) {
    client.nameApiPath(root.url, false);
    const connector = new ConnectorClient(client, root.url, clock, signatures);
    return {
      byConnector: true,
      sign: (request) => {
        const { headers, sent } = connector.sign(request, { serverId, siteId, siteKey });
        return { headers, redirects: 'none', sent };
      },
      agree: (send) => signatures.agree(send),
      refusal: (answer, error) => connector.refusal(answer, error),
    };
  }
  if (credentials === null) throw none;
  return passwordSignIn(credentials, root, client);
}

/** Signs in with an application password. */
export function passwordSignIn(credentials: ApplicationPassword, root: ApiRoot, client: SiteClient): SignIn {
  client.nameApiPath(root.url, true);
  const core = new CoreRest(client, root.url);
  return {
    byConnector: false,
    agree: (send) => send(),
    // A redirect would turn a POST into a GET, without its body.
    sign: ({ method }) => ({
      headers: passwordHeaders(credentials),
      redirects: method === 'GET' ? 'same_origin' : 'none',
    }),
    refusal: (answer, error) => core.refusal(answer, error),
  };
}
