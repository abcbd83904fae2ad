import type { Connection } from '../../connection.ts';
import type { ContentPart, ContentSession, Pace } from '../../contentPart.ts';
import { PAGE_LIMIT, type SizeMemory } from '../../parts/partSize.ts';
import type { DiagnosisOptions } from '../diagnosis/diagnosis.ts';
import { WordpressFault } from '../messages.ts';
import { CONNECTOR_NAMESPACE } from '../site/connectorClient.ts';
import { applicationPassword } from '../site/coreRest.ts';
import { type ApiRoot, readHome } from '../site/discovery.ts';
import { findApi, readKnownRoot, type Search } from '../site/findApi.ts';
import { KnownSignatures } from '../site/knownSignatures.ts';
import { isOtherKey, otherKey } from '../site/otherKey.ts';
import { chooseSignIn, passwordSignIn, type SignIn } from '../site/signIn.ts';
import { parseSiteAddress } from '../site/siteAddress.ts';
import { closedApi, isRecord, SiteClient } from '../site/siteClient.ts';
import { throughSiteDoor } from '../site/siteDoor.ts';
import { ConnectorMemory } from './connector/connectorMemory.ts';
import { createConnectorSession } from './connector/connectorSession.ts';
import { createCoreSession } from './core/coreSession.ts';
import { PageSize } from './pageSize.ts';
import { closesRoot, patientOutbound, retryable } from './patience.ts';
import { SiteRequests } from './siteRequests.ts';

/** How long the address of a site's API is remembered. Milliseconds. */
const REMEMBERED_MS = 10 * 60_000;

/** How many sites are remembered. */
const MOST_REMEMBERED = 10_000;

/** What discovery found out about a site. */
interface Found {
  url: string;
  /** Does the connector have content routes? null: not checked yet. */
  hasItems: boolean | null;
  pageSize: PageSize;
  signatures: KnownSignatures;
  at: number;
}

/** The content part of WordPress: through the connector if it has content routes, else through core REST. */
export function createWordpressContent({ outbound, clock, noticed }: DiagnosisOptions): ContentPart {
  const remembered = new Map<string, Found>();
  async function open(connection: Connection, pace: Pace, sizes?: SizeMemory): Promise<ContentSession> {
    const address = parseSiteAddress(connection.siteUrl);
    const doored = throughSiteDoor(outbound, connection);
    const credentials = applicationPassword(connection);
    const patient = patientOutbound(doored, clock, () => client.values);
    const hasPassword = credentials !== null;
    const client = new SiteClient(patient, address, Number.POSITIVE_INFINITY, { noticed, hasPassword });
    const known = remembered.get(address.href);
    const isFresh = known !== undefined && clock() - known.at < REMEMBERED_MS;
    remembered.delete(address.href);
    const root = await pace.send(() => rootOf({ client, connection, clock }, isFresh ? known.url : null), {
      repeatable: true,
      writes: false,
    });
    const { pageSize, signatures } = isFresh
      ? known
      : { pageSize: new PageSize(sizes?.get(PAGE_LIMIT)), signatures: new KnownSignatures() };
    const through = (signIn: SignIn) =>
      new SiteRequests({ client, root, signIn, pace, clock, pageSize, sizes });
    const { requests, ping, isPassedOver } = await enter(
      through(chooseSignIn(connection, root, client, clock, signatures)),
      credentials === null ? null : () => through(passwordSignIn(credentials, root, client)),
    );
    if (ping !== null) signatures.hear(ping.signatures);
    const isSame = isFresh && known.url === root.url && root.namespaces.includes(CONNECTOR_NAMESPACE);
    const stillKnown = isSame ? known.hasItems : null;
    const knowsKeys = ping?.links === 'key';
    const hasItems = ping === null ? null : knowsKeys || (stillKnown ?? (await findsItems(requests)));
    const [oldest] = remembered.keys();
    if (oldest !== undefined && remembered.size >= MOST_REMEMBERED) remembered.delete(oldest);
    const at = stillKnown === null ? clock() : (known?.at ?? clock());
    remembered.set(address.href, { url: root.url, hasItems, pageSize, signatures, at });
    return hasItems === true
      ? createConnectorSession(requests, doored, new ConnectorMemory(knowsKeys, ping?.last_operation))
      : createCoreSession(requests, doored, isPassedOver ? otherKey(client.values) : null);
  }
  return { open };
}

/**
 * The root of a site's API. `url` is where it was found last; that address is tried first. Throws
 * RemoteError.
 */
async function rootOf(search: Search, url: string | null): Promise<ApiRoot> {
  try {
    const known = url === null ? null : await readKnownRoot(search, url);
    return known ?? (await findApi(search, await readHome(search.client)));
  } catch (error) {
    if (error instanceof WordpressFault && closesRoot(error)) {
      const { message, detail = '' } = error;
      throw closedApi({ code: detail, message, status: 500, data: {} }, search.client.values);
    }
    // The site was connected before. A page instead of its API, or a broken answer, will most likely pass.
    const mayPass = error instanceof WordpressFault && PASSING.has(`${error.code} ${error.detail}`);
    throw mayPass ? retryable(error) : error;
  }
}

/** The faults of discovery if nothing answers as an API does, by code and detail. */
const PASSING = new Set(['rest_disabled hidden', 'not_wordpress undefined']);

/** The way into a site. `ping`: what the connector says about itself; null without the connector. */
interface Entrance {
  requests: SiteRequests;
  ping: Record<string, unknown> | null;
  /** Is the connector there, but holds another key? */
  isPassedOver: boolean;
}

/**
 * Goes in by the connector, or if it holds another key by an application password that works. Throws RemoteError
 * if the connector refuses us for another reason, or if both do.
 */
async function enter(first: SiteRequests, byPassword: (() => SiteRequests) | null): Promise<Entrance> {
  if (!first.byConnector) return { requests: first, ping: null, isPassedOver: false };
  try {
    return { requests: first, ping: await readPing(first), isPassedOver: false };
  } catch (error) {
    if (byPassword === null || !isOtherKey(error)) throw error;
    const requests = byPassword();
    const me = await requests.get('wp/v2/users/me', 'context=edit&_fields=id');
    if (me.error !== null) throw error;
    return { requests, ping: null, isPassedOver: true };
  }
}

/** What the connector says about itself; empty if it has no ping. Throws RemoteError if it refuses us. */
async function readPing(requests: SiteRequests): Promise<Record<string, unknown>> {
  const answer = await requests.get('sitebridge/v1/ping');
  if (answer.error?.code === 'rest_no_route') return {};
  if (answer.error !== null) throw requests.signInRefusal(answer, answer.error);
  return isRecord(answer.value) ? answer.value : {};
}

/**
 * Does the connector have content routes? Older versions have none. Throws RemoteError if the connector
 * refuses us.
 */
async function findsItems(requests: SiteRequests): Promise<boolean> {
  const answer = await requests.get('sitebridge/v1/items', 'type=post&after_id=0&limit=1');
  if (answer.error === null) return true;
  const { code, status } = answer.error;
  const isInstalled = requests.root.namespaces.includes(CONNECTOR_NAMESPACE);
  if (code === 'rest_no_route' && isInstalled) return false;
  // The route exists, but the site has no posts that this user may see, or no posts at all.
  if (isInstalled && (code === 'rest_forbidden' || status === 404)) return true;
  throw requests.signInRefusal(answer, answer.error);
}
