import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import type { Connection } from '../../connection.ts';
import { WordpressFault } from '../messages.ts';
import { CONNECTOR_NAMESPACE, ConnectorClient } from './connectorClient.ts';
import { applicationPassword, CoreRest, isOfPassword } from './coreRest.ts';
import {
  type ApiRoot,
  discoverApi,
  MAY_BE_OF_ANONYMOUS,
  namedRoot,
  ROOT_FIELDS,
  readRoot,
  rootOf,
  siteTime,
} from './discovery.ts';
import { type ApiAnswer, closedApi, isRecord, type SiteClient } from './siteClient.ts';

/** A site whose API is looked for, with everything to sign in there. `clock`: milliseconds since 1970. */
export interface Search {
  client: SiteClient;
  connection: Connection;
  clock: () => number;
}

/**
 * Finds the root of a site's API. Anonymous callers may be shut out, so a refusal is no verdict: the root is then
 * read signed in, by the connector's signature and by the application password. Throws WordpressFault.
 */
export async function findApi(
  search: Search,
  { home, homeFault }: { home: OutboundResponse; homeFault: WordpressFault | null },
): Promise<ApiRoot> {
  const { client } = search;
  const found = await discoverApi(client, home, homeFault);
  if (!('refusedAt' in found)) return found;
  let verdict = found.fault;
  for (const url of found.refusedAt) {
    const read = await readSignedIn(search, url);
    if (read !== null && !(read instanceof WordpressFault)) return namedRoot(client, read, home);
    // What a caller hears who is signed in is nearer to the cause. A fault that may pass stays one.
    if (read !== null && !verdict.retryable) verdict = read;
  }
  throw verdict;
}

/** Reads the root at the address where it was found last; null if it is not there. Throws WordpressFault. */
export async function readKnownRoot(search: Search, url: string): Promise<ApiRoot | null> {
  try {
    return await readRoot(search.client, url);
  } catch (error) {
    if (!(error instanceof WordpressFault) || !MAY_BE_OF_ANONYMOUS.has(error.code)) throw error;
    const read = (await readSignedIn(search, url)) ?? error;
    if (read instanceof WordpressFault) throw error.retryable ? error : read;
    return read;
  }
}

/** Reads the root at one address signed in. Returns the fault of a refusal, and null if nothing answers there. */
async function readSignedIn(search: Search, url: string): Promise<ApiRoot | WordpressFault | null> {
  const byConnector = await readByConnector(search, url).catch(faultOf);
  const isRefused = byConnector instanceof RefusedRoot;
  if (byConnector !== null && !isRefused && !(byConnector instanceof WordpressFault)) return byConnector;
  const byPassword = await readByPassword(search, url).catch(faultOf);
  if (isRefused) {
    return byPassword === null || byPassword instanceof WordpressFault ? byConnector.root : byPassword;
  }
  return byPassword ?? byConnector;
}

/** The root of a site whose connector refuses our signature. */
class RefusedRoot {
  readonly root: ApiRoot;

  constructor(root: ApiRoot) {
    this.root = root;
  }
}

function faultOf(error: unknown): WordpressFault {
  if (error instanceof WordpressFault) return error;
  throw error;
}

async function readByConnector(
  { client, connection: { serverId, siteId, siteKey }, clock }: Search,
  url: string,
): Promise<ApiRoot | RefusedRoot | WordpressFault | null> {
  if (siteKey === null) return null;
  const connector = new ConnectorClient(client, url, clock);
  const identity = { serverId, siteId, siteKey };
  const { answer } = await connector.signed('', identity, ROOT_FIELDS);
  const root = rootOf(url, answer);
  if (root !== null) return root;
  if (answer.error?.code.startsWith('sitebridge_') === true) {
    // Since 0.4.0 the connector does not open the root. Whatever it says, it is there.
    const ping = await connector.signed('sitebridge/v1/ping', identity);
    const pinged = rootOfPing(url, ping.answer);
    return ping.answer.error === null ? pinged : new RefusedRoot(pinged);
  }
  return answer.error === null ? null : closedApi(answer.error, client.values);
}

/** The ping holds most facts of the root. Sessions of the connector need no time zone. */
function rootOfPing(url: string, { response, value }: ApiAnswer): ApiRoot {
  const ping = isRecord(value) ? value : {};
  const text = (found: unknown) => (typeof found === 'string' ? found : null);
  return {
    url,
    name: text(ping.name),
    home: text(ping.home_url),
    namespaces: [CONNECTOR_NAMESPACE],
    applicationPasswords: false,
    wordpressVersion: text(ping.wordpress_version),
    siteTime: siteTime(response),
    zone: { offset: null, name: null },
    note: null,
  };
}

async function readByPassword(
  { client, connection }: Search,
  url: string,
): Promise<ApiRoot | WordpressFault | null> {
  const credentials = applicationPassword(connection);
  if (credentials === null) return null;
  const core = new CoreRest(client, url);
  const answer = await core.get('', credentials, ROOT_FIELDS);
  const root = rootOf(url, answer);
  if (root !== null || answer.error === null) return root;
  return isOfPassword(answer.error)
    ? core.refusal(answer, answer.error)
    : closedApi(answer.error, client.values);
}
