import type { Connection } from '../../connection.ts';
import type { DiagnosisOptions } from '../diagnosis/diagnosis.ts';
import type { WordpressFault } from '../messages.ts';
import { applicationPassword } from './coreRest.ts';
import { type ApiRoot, apiUrl, readHome } from './discovery.ts';
import { findApi } from './findApi.ts';
import { chooseSignIn, passwordSignIn, type SignIn } from './signIn.ts';
import { parseSiteAddress } from './siteAddress.ts';
import { type ApiAnswer, type ApiError, SiteClient } from './siteClient.ts';

/**
 * The REST API of a site that was discovered, with one way to sign in: as the connector's user, or by an
 * application password.
 */
export interface SiteApi {
  client: SiteClient;
  /** Does the connector sign us in? If not, an application password does. */
  byConnector: boolean;
  /**
   * Sends a GET. Returns any answer that is JSON, refusals included. `query` must be encoded. Throws
   * WordpressFault.
   */
  get(route: string, query?: string): Promise<ApiAnswer>;
  /** The same API by an application password, if the connector signs us in and there is a password; else null. */
  byPassword: (() => SiteApi) | null;
  /** The fault for a refusal. */
  refusal(answer: ApiAnswer, error: ApiError): WordpressFault;
}

/**
 * Finds the API of a site and a way to sign in: the connector if it is installed. `budgetMs` is the time for
 * all requests together, in milliseconds. Throws WordpressFault: `connector_missing` if there is neither
 * connector nor application password.
 */
export async function openSiteApi(
  connection: Connection,
  { outbound, clock }: DiagnosisOptions,
  budgetMs: number,
): Promise<SiteApi> {
  const credentials = applicationPassword(connection);
  const address = parseSiteAddress(connection.siteUrl);
  const client = new SiteClient(outbound, address, budgetMs, { hasPassword: credentials !== null });
  const root = await findApi({ client, connection, clock }, await readHome(client));
  const through = (signIn: SignIn) => apiThrough(signIn, root, client);
  const api = through(chooseSignIn(connection, root, client, clock));
  if (!api.byConnector || credentials === null) return api;
  return { ...api, byPassword: () => through(passwordSignIn(credentials, root, client)) };
}

function apiThrough(signIn: SignIn, root: ApiRoot, client: SiteClient): SiteApi {
  return {
    client,
    byPassword: null,
    byConnector: signIn.byConnector,
    get: async (route, query) => {
      const { href: url } = new URL(apiUrl(root.url, route, query));
      return signIn.agree(async () => {
        const { headers, redirects, sent } = signIn.sign({ method: 'GET', url, route });
        const answer = await client.api({ url, headers, redirects });
        return sent === undefined ? answer : { ...answer, sent };
      });
    },
    refusal: signIn.refusal,
  };
}

/** Sends a GET that must succeed. Throws WordpressFault. */
export async function readRoute(api: SiteApi, route: string, query?: string): Promise<ApiAnswer> {
  const answer = await api.get(route, query);
  if (answer.error !== null) throw api.refusal(answer, answer.error);
  return answer;
}
