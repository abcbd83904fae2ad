import { RemoteError } from '../../../errors.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import type { CheckList } from '../../checkList.ts';
import type { Connection } from '../../connection.ts';
import { runConnectionTest } from '../../connectionTest.ts';
import type { ConnectionTestResult } from '../../platform.ts';
import { fault, faults, type WordpressFault } from '../messages.ts';
import { ConnectorClient, isOutdated, MINIMUM_PLUGIN_VERSION } from '../site/connectorClient.ts';
import { applicationPassword, CoreRest } from '../site/coreRest.ts';
import { type ApiRoot, discoverApi, readHome } from '../site/discovery.ts';
import { servedFromCache } from '../site/faultPages.ts';
import { compareHome, parseSiteAddress } from '../site/siteAddress.ts';
import { isRecord, isRestDisabled, type Outbound, SiteClient } from '../site/siteClient.ts';
import { proveConnector } from './proveConnector.ts';
import { provePassword } from './provePassword.ts';

/** The time limit of the whole test, whatever the site does. Milliseconds. */
const TEST_BUDGET_MS = 30_000;

/**
 * How far the clocks may be apart. Signatures last 300 s, and some further drift must not break them.
 * Milliseconds.
 */
const CLOCK_TOLERANCE_MS = 120_000;

export interface DiagnosisOptions {
  outbound: Outbound;
  /** Milliseconds since 1970. */
  clock: () => number;
}

type Remote = ConnectionTestResult['remote'];

/** Runs the stages of a connection test and stops at the first that fails. Throws only for bugs. */
export async function diagnose(
  connection: Connection,
  options: DiagnosisOptions,
): Promise<ConnectionTestResult> {
  return runConnectionTest(faults, (list, remote) => walk(connection, options, list, remote));
}

async function walk(
  connection: Connection,
  { outbound, clock }: DiagnosisOptions,
  list: CheckList,
  remote: Remote,
): Promise<void> {
  const address = await list.run('address', async () => ({ value: parseSiteAddress(connection.siteUrl) }));
  const client = new SiteClient(outbound, address, TEST_BUDGET_MS);
  const { home, homeFault } = await reach(client, list);
  const root = await list.run('discovery', async () => {
    const found = await discoverApi(client, home, homeFault);
    if (found.home !== null) remote.canonical_url = found.home;
    if (found.name !== null) remote.name = found.name;
    if (found.wordpressVersion !== null) remote.version = found.wordpressVersion;
    checkClock(found, clock, client);
    const note = found.note ?? dirtyNote(client);
    return { value: found, note };
  });

  const connector = new ConnectorClient(client, root.url, clock);
  const credentials = applicationPassword(connection);
  const present = await list.run('connector', async () =>
    findConnector(client, connector, credentials !== null, remote),
  );
  // Without a site key the connector cannot be used, but an application password can.
  const byConnector = present && (connection.siteKey !== null || credentials === null);
  const homeUrl = byConnector
    ? await proveConnector({ list, client, connector, connection, remote })
    : await provePassword({ list, client, core: new CoreRest(client, root.url), root, credentials });
  await list.run('identity', async () => {
    checkIdentity(client, homeUrl ?? root.home);
    // Reported here only if discovery has not reported it already.
    const told = list.checks.some((check) => check.code === 'dirty_json');
    return { value: undefined, note: told ? null : dirtyNote(client) };
  });
}

function dirtyNote(client: SiteClient): WordpressFault | null {
  return client.sawDirtyJson ? fault('dirty_json', { values: client.values }) : null;
}

/** Fetches the home page. Records, from its answer or its fault, how well the site can be reached. */
async function reach(
  client: SiteClient,
  list: CheckList,
): Promise<{ home: OutboundResponse; homeFault: WordpressFault | null }> {
  const started = performance.now();
  try {
    const read = await readHome(client);
    list.reached(read.home, read.homeFault);
    return read;
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    list.notReached(error, performance.now() - started);
    throw error;
  }
}

function checkClock(root: ApiRoot, clock: () => number, client: SiteClient): void {
  if (root.siteTime === null) return;
  const apart = Math.abs(root.siteTime - clock());
  if (apart <= CLOCK_TOLERANCE_MS) return;
  const seconds = String(Math.round(apart / 1000));
  throw fault('clock_skew', { values: { ...client.values, seconds }, detail: `${seconds} s` });
}

/**
 * Calls the connector without a signature: it must exist and refuse. Returns false if there is no connector,
 * but there are credentials for core REST. Throws WordpressFault.
 */
async function findConnector(
  client: SiteClient,
  connector: ConnectorClient,
  hasCredentials: boolean,
  remote: Remote,
) {
  const answer = await connector.unsigned('sitebridge/v1/ping');
  const { error } = answer;
  const values = client.values;
  if (servedFromCache(answer.response)) throw fault('cached_api', { values });
  if (error === null) {
    // We sent no nonce, so an echoed nonce belongs to somebody else's request.
    const nonce = isRecord(answer.value) ? answer.value.nonce : undefined;
    if (typeof nonce === 'string' && nonce !== '') throw fault('cached_api', { values });
    throw fault('auth_not_enforced', { values, detail: 'unsigned request' });
  }
  if (error.code === 'rest_no_route') {
    const missing = fault('connector_missing', { values });
    if (!hasCredentials) throw missing;
    return {
      value: false,
      note: missing,
      detail: 'Not installed; this server signs in with the application password.',
    };
  }
  if (isRestDisabled(error) || !error.code.startsWith('sitebridge_')) throw connector.refusal(answer, error);
  const version = isRecord(error.data) ? error.data.plugin_version : undefined;
  if (typeof version === 'string') {
    remote.plugin_version = version;
    if (isOutdated(version)) {
      throw fault('connector_outdated', {
        values: { ...values, found: version, minimum: MINIMUM_PLUGIN_VERSION },
      });
    }
  }
  if (error.code !== 'sitebridge_signature_missing') throw connector.refusal(answer, error);
  return { value: true };
}

function checkIdentity(client: SiteClient, home: string | null): void {
  if (home === null) return;
  const difference = compareHome(client.address, home);
  if (difference === 'canonical') {
    throw fault('redirect', { values: { ...client.values, canonical: home }, detail: home });
  }
  if (difference === 'other') {
    throw fault('identity_mismatch', { values: { ...client.values, found: home }, detail: home });
  }
}
