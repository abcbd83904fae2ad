import type { Connection } from '../platform.ts';
import { CONNECTOR_NAMESPACE, ConnectorClient } from './connectorClient.ts';
import { type ApplicationPassword, CoreRest } from './coreRest.ts';
import type { DiagnosisOptions } from './diagnosis.ts';
import { discoverApi, readHome } from './discovery.ts';
import { fault, type WordpressFault } from './messages.ts';
import { parseSiteAddress } from './siteAddress.ts';
import { type ApiAnswer, type ApiError, SiteClient } from './siteClient.ts';

/** A site's REST API, found, with one way to sign in: as the connector's user, or by an application password. */
export interface SiteApi {
  client: SiteClient;
  /** Does the connector let us in? Else an application password does. */
  byConnector: boolean;
  /** Any answer that is JSON comes back, a refusal too. `query` must be encoded. */
  get(route: string, query?: string): Promise<ApiAnswer>;
  /** What a refusal means. */
  refusal(answer: ApiAnswer, error: ApiError): WordpressFault;
}

/**
 * Finds the API of a site. The connector serves where it is installed; `budgetMs` is for all that is asked.
 * Throws WordpressFault, `connector_missing` when there is neither connector nor application password.
 */
export async function openSiteApi(
  connection: Connection,
  { outbound, clock }: DiagnosisOptions,
  budgetMs: number,
): Promise<SiteApi> {
  const client = new SiteClient(outbound, parseSiteAddress(connection.siteUrl), budgetMs);
  const { home, homeFault } = await readHome(client);
  const root = await discoverApi(client, home, homeFault);
  const credentials = applicationPassword(connection);
  const { siteId, siteKey } = connection;
  const installed = root.namespaces.includes(CONNECTOR_NAMESPACE);
  if (siteKey !== null && (installed || credentials === null)) {
    const connector = new ConnectorClient(client, root.url, clock);
    return {
      client,
      byConnector: true,
      get: async (route, query) => (await connector.signed(route, { siteId, siteKey }, query)).answer,
      refusal: (answer, error) => connector.refusal(answer, error),
    };
  }
  if (credentials === null) throw fault('connector_missing', { values: client.values });
  const core = new CoreRest(client, root.url);
  return {
    client,
    byConnector: false,
    get: (route, query) => core.get(route, credentials, query),
    refusal: (answer, error) => core.refusal(answer, error),
  };
}

/** A GET that must succeed. Throws WordpressFault. */
export async function readRoute(api: SiteApi, route: string, query?: string): Promise<ApiAnswer> {
  const answer = await api.get(route, query);
  if (answer.error !== null) throw api.refusal(answer, answer.error);
  return answer;
}

function applicationPassword({ credentials }: Connection): ApplicationPassword | null {
  const { username, application_password } = credentials;
  return username && application_password ? { username, application_password } : null;
}
