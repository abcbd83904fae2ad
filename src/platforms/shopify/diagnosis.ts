import { RemoteError } from '../../errors.ts';
import type { OutboundResponse } from '../../outbound/httpClient.ts';
import type { Checked, CheckList } from '../checkList.ts';
import type { Connection } from '../connection.ts';
import { CONNECTION_EXPLANATIONS } from '../connectionExplanations.ts';
import { runConnectionTest } from '../connectionTest.ts';
import type { ConnectionTestResult } from '../platform.ts';
import { endingAt } from '../singleReads.ts';
import { AdminClient } from './api/adminClient.ts';
import type { CostBuckets } from './api/costBucket.ts';
import type { ShopifyOptions } from './api/options.ts';
import { readShop } from './api/shopFacts.ts';
import { fault, faults } from './faults.ts';
import { requireScopes, wantedScopes } from './neededScopes.ts';
import { readKinds } from './readKinds.ts';

/** The time limit of the whole test. Milliseconds. */
const TEST_BUDGET_MS = 30_000;

type Remote = ConnectionTestResult['remote'];

/**
 * Runs the stages of a connection test and stops at the first that fails. What a sync cannot read must not pass. Throws
 * only for bugs.
 */
export async function diagnose(
  connection: Connection,
  options: ShopifyOptions,
  buckets: CostBuckets,
): Promise<ConnectionTestResult> {
  return runConnectionTest(faults, (list, remote) => walk(connection, options, buckets, list, remote));
}

async function walk(
  connection: Connection,
  options: ShopifyOptions,
  buckets: CostBuckets,
  list: CheckList,
  remote: Remote,
): Promise<void> {
  const endsInTime = AbortSignal.timeout(TEST_BUDGET_MS);
  const outbound = endingAt(options.outbound, performance.now() + TEST_BUDGET_MS);
  const client = await list.run('address', async () => ({
    value: new AdminClient(connection, { ...options, outbound }, buckets),
  }));
  const way = new Way(list);
  client.patience = { attempts: 2, waitMs: 5000 };
  client.onAnswer = (answer) => way.answered(answer);
  client.token.onAnswer = (answer) => way.answered(answer);

  if (client.token.renewable) await way.check('token', async () => ({ value: await client.token.current() }));
  const shop = await way.check('shop', async () => {
    const value = await readShop(client);
    return { value, note: client.renewed ? fault('token_expired') : null };
  });
  remote.name = shop.name;
  remote.canonical_url = shop.url;
  remote.version = client.answeredVersion ?? options.apiVersion;

  await list.run('version', async () => {
    const found = client.answeredVersion;
    const values = { found: found ?? '', asked: options.apiVersion };
    return { value: undefined, note: found === null ? null : fault('version_unavailable', { values }) };
  });
  await list.run('scopes', async () => {
    requireScopes(shop.scopes, 'read and write');
    return { value: undefined, note: wantedScopes(shop.scopes) };
  });
  await list.run('content', async () => ({
    value: await readKinds(client, shop, endsInTime),
  }));
  await list.run('identity', async () => {
    const found = shop.myshopifyDomain;
    const same = found === client.shop;
    return { value: undefined, note: same ? null : fault('identity_mismatch', { values: { found } }) };
  });
}

/**
 * Records the connection checks to Shopify with the first request that gets an answer, whichever request that
 * is.
 */
class Way {
  readonly #list: CheckList;
  #told = false;

  constructor(list: CheckList) {
    this.#list = list;
  }

  answered(answer: OutboundResponse): void {
    if (this.#told) return;
    this.#told = true;
    this.#list.reached(answer);
  }

  /**
   * Runs one check that calls Shopify. A connection fault before the first answer counts as a fault on the
   * way to Shopify.
   */
  async check<T>(name: string, work: () => Promise<Checked<T>>): Promise<T> {
    const started = performance.now();
    try {
      const { value, note } = await work();
      this.#list.passed(name, performance.now() - started, note ?? null);
      return value;
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      const ms = performance.now() - started;
      if (this.#told || !(error.code in CONNECTION_EXPLANATIONS)) this.#list.failed(name, ms, error);
      else this.#list.notReached(error, ms);
      throw error;
    }
  }
}
