import { RemoteError } from '../../../errors.ts';
import type { OutboundResponse } from '../../../outbound/httpClient.ts';
import type { CheckList } from '../../checkList.ts';
import type { Connection } from '../../connection.ts';
import { runConnectionTest } from '../../connectionTest.ts';
import type { ContentPart } from '../../contentPart.ts';
import type { ConnectionTestResult } from '../../platform.ts';
import { endingAt } from '../../singleReads.ts';
import { fault, faults, WordpressFault } from '../messages.ts';
import { ConnectorClient } from '../site/connectorClient.ts';
import { type ApplicationPassword, applicationPassword, CoreRest } from '../site/coreRest.ts';
import { type ApiRoot, readHome } from '../site/discovery.ts';
import { findApi } from '../site/findApi.ts';
import { compareHome, parseSiteAddress } from '../site/siteAddress.ts';
import { type Outbound, SiteClient } from '../site/siteClient.ts';
import { findConnector } from './findConnector.ts';
import { askXmlRpc } from './passwordEcho.ts';
import { proveConnector } from './proveConnector.ts';
import { provePassword } from './provePassword.ts';
import { proveWrites } from './proveWrites.ts';
import { readPage } from './readPage.ts';

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
  /** Gets findings about the answers that stop nothing, such as `dirty_json`. */
  noticed?: (finding: WordpressFault) => void;
}

/** The content part of WordPress that sends its requests through `outbound`. */
export type ContentThrough = (options: Pick<DiagnosisOptions, 'outbound' | 'noticed'>) => ContentPart;

type Remote = ConnectionTestResult['remote'];

/** Runs the stages of a connection test and stops at the first that fails. Throws only for bugs. */
export async function diagnose(
  connection: Connection,
  options: DiagnosisOptions & { contentThrough: ContentThrough },
): Promise<ConnectionTestResult> {
  return runConnectionTest(faults, (list, remote) => walk(connection, options, list, remote));
}

async function walk(
  connection: Connection,
  { outbound, clock, contentThrough }: DiagnosisOptions & { contentThrough: ContentThrough },
  list: CheckList,
  remote: Remote,
): Promise<void> {
  const address = await list.run('address', async () => ({ value: parseSiteAddress(connection.siteUrl) }));
  const endsAt = performance.now() + TEST_BUDGET_MS;
  const credentials = applicationPassword(connection);
  const client = new SiteClient(outbound, address, TEST_BUDGET_MS, {
    hasPassword: credentials !== null,
  });
  const { home, homeFault } = await reach(client, list);
  const root = await list.run('discovery', async () => {
    const found = await findApi({ client, connection, clock }, { home, homeFault }).catch((error) =>
      wrongPassword(client, credentials, error),
    );
    if (found.home !== null) remote.canonical_url = found.home;
    if (found.name !== null) remote.name = found.name;
    if (found.wordpressVersion !== null) remote.version = found.wordpressVersion;
    checkClock(found, clock, client);
    return { value: found, note: found.note ?? client.dirtyJson };
  });

  const connector = new ConnectorClient(client, root.url, clock);
  const present = await list.run('connector', async () =>
    findConnector({ client, connector, connection, root, remote }),
  );
  // Without a site key the connector cannot be used, but an application password can.
  const byConnector = present && (connection.siteKey !== null || credentials === null);
  client.nameApiPath(root.url, !byConnector);
  const proof = byConnector ? await proveConnector({ list, client, connector, connection, remote }) : null;
  const homeUrl = proof === null ? await byPassword(list, client, root, credentials) : proof.home;
  // Reported once, at the first check that shows it.
  const untold = (finding: WordpressFault | null) =>
    list.checks.some((check) => check.code === 'dirty_json') ? null : finding;
  await list.run('content', async () => {
    let finding: WordpressFault | null = client.dirtyJson;
    const noticed = (each: WordpressFault) => {
      finding ??= each;
    };
    const weakness = await readPage(
      contentThrough({ outbound: endingAt(outbound, endsAt), noticed }),
      connection,
    );
    return { value: undefined, note: untold(finding), ...(weakness === null ? {} : { detail: weakness }) };
  });
  const by = proof === null ? credentials && { password: credentials } : { connector };
  if (by !== null) await proveWrites({ list, client, root: root.url, connection, by });
  await list.run('identity', async () => {
    checkIdentity(client, homeUrl ?? root.home);
    return { value: undefined, note: untold(client.dirtyJson) };
  });
}

function byPassword(
  list: CheckList,
  client: SiteClient,
  root: ApiRoot,
  credentials: ApplicationPassword | null,
): Promise<string | null> {
  client.nameApiPath(root.url, true);
  return provePassword({ list, client, core: new CoreRest(client, root.url), root, credentials });
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

/**
 * A closed API answers a wrong password as it answers everybody; XML-RPC may tell. Throws the fault that fits.
 */
async function wrongPassword(
  client: SiteClient,
  credentials: ApplicationPassword | null,
  error: unknown,
): Promise<never> {
  const isClosed = error instanceof WordpressFault && error.code === 'rest_disabled';
  if (isClosed && credentials !== null && (await askXmlRpc(client, credentials)) === 'refused') {
    throw fault('bad_credentials', {
      values: client.values,
      ...(error.detail ? { detail: error.detail } : {}),
    });
  }
  throw error;
}

function checkClock(root: ApiRoot, clock: () => number, client: SiteClient): void {
  if (root.siteTime === null) return;
  const apart = Math.abs(root.siteTime - clock());
  if (apart <= CLOCK_TOLERANCE_MS) return;
  const seconds = String(Math.round(apart / 1000));
  throw fault('clock_skew', { values: { ...client.values, seconds }, detail: `${seconds} s` });
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
