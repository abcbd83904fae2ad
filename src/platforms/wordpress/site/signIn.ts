import type { OutboundRequest } from '../../../outbound/httpClient.ts';
import type { Connection } from '../../connection.ts';
import { fault, type WordpressFault } from '../messages.ts';
import { CONNECTOR_NAMESPACE, ConnectorClient, signatureHeaders } from './connectorClient.ts';
import { applicationPassword, CoreRest, passwordHeaders } from './coreRest.ts';
import type { ApiRoot } from './discovery.ts';
import type { ApiAnswer, ApiError, SiteClient } from './siteClient.ts';

/** A request that is to be signed in, as it goes onto the wire. */
interface UnsignedRequest {
  method: string;
  url: string;
  body?: string | Buffer;
}

/** One way to sign in to a site's REST API. */
export interface SignIn {
  /** As the connector's user, by a signature; else by an application password. */
  byConnector: boolean;
  /** Signs one request; to be called anew for each try, since a nonce is good for one. */
  sign(request: UnsignedRequest): Required<Pick<OutboundRequest, 'headers' | 'redirects'>>;
  /** What a refusal means. */
  refusal(this: void, answer: ApiAnswer, error: ApiError): WordpressFault;
}

/**
 * The connector serves where it is installed, else an application password. `clock`: milliseconds since 1970.
 * Throws WordpressFault `connector_missing` when there is neither.
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
  if (credentials === null) throw fault('connector_missing', { values: client.values });
  const core = new CoreRest(client, root.url);
  return {
    byConnector: false,
    // A redirected POST would go on as a GET, without what it brings.
    sign: ({ method }) => ({
      headers: passwordHeaders(credentials),
      redirects: method === 'GET' ? 'same_origin' : 'none',
    }),
    refusal: (answer, error) => core.refusal(answer, error),
  };
}
