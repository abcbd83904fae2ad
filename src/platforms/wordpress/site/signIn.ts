import type { OutboundRequest } from '../../../outbound/httpClient.ts';
import type { Connection } from '../../connection.ts';
import type { WordpressFault } from '../messages.ts';
import { CONNECTOR_NAMESPACE, ConnectorClient, signatureHeaders } from './connectorClient.ts';
import { applicationPassword, CoreRest, noSignIn, passwordHeaders } from './coreRest.ts';
import type { ApiRoot } from './discovery.ts';
import type { ApiAnswer, ApiError, SiteClient } from './siteClient.ts';

/** A request before it is signed, as it will be sent. */
interface UnsignedRequest {
  method: string;
  url: string;
  body?: string | Buffer;
}

/** One way to sign in to a site's REST API. */
export interface SignIn {
  /** true: requests are signed, as the connector's user. false: they carry an application password. */
  byConnector: boolean;
  /** Signs one request. Call it again for each try, since a nonce is valid once. */
  sign(request: UnsignedRequest): Required<Pick<OutboundRequest, 'headers' | 'redirects'>>;
  /** The fault for a refusal. */
  refusal(this: void, answer: ApiAnswer, error: ApiError): WordpressFault;
}

/**
 * Chooses the connector if it is installed and the site has a key, else an application password. `clock`:
 * milliseconds since 1970. Throws WordpressFault `connector_missing` or
 * `outer_needs_connector` if neither can be used.
 */
export function chooseSignIn(
  connection: Connection,
  root: ApiRoot,
  client: SiteClient,
  clock: () => number,
): SignIn {
  const { serverId, siteId, siteKey } = connection;
  const credentials = applicationPassword(connection);
  const installed = root.namespaces.includes(CONNECTOR_NAMESPACE);
  const none = noSignIn(connection, client.values);
  if (!installed && none.code === 'outer_needs_connector') throw none;
  if (siteKey !== null && (installed || credentials === null)) {
    const connector = new ConnectorClient(client, root.url, clock);
    return {
      byConnector: true,
      sign: (request) => ({
        headers: signatureHeaders(request, { serverId, siteId, siteKey }, clock()).headers,
        redirects: 'none',
      }),
      refusal: (answer, error) => connector.refusal(answer, error),
    };
  }
  if (credentials === null) throw none;
  const core = new CoreRest(client, root.url);
  return {
    byConnector: false,
    // A redirect would turn a POST into a GET, without its body.
    sign: ({ method }) => ({
      headers: passwordHeaders(credentials),
      redirects: method === 'GET' ? 'same_origin' : 'none',
    }),
    refusal: (answer, error) => core.refusal(answer, error),
  };
}
