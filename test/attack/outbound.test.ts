/** Every way out with every way of writing a private address: nothing is sent there, and the answer says why. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CONNECTION_EXPLANATIONS } from '../../src/platforms/connectionExplanations.ts';
import { buildAccount, buildSite, integrationsPath } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { PRIVATE_ANSWERS, privateUrls, refusedUrls } from './addresses.ts';
import { SITE_HOST } from './front.ts';
import { NameServer, startServerWithNames } from './nameServer.ts';
import type { Outcome } from './outcomes.ts';
import { startTrap, type Trap } from './trap.ts';
import { type Way, waysOf } from './ways.ts';

const LIMIT_MS = 600_000;

let trap: Trap;
beforeAll(async () => {
  trap = await startTrap();
});
afterAll(() => trap.stop());

/** A run tells the message of the fault, and everything else its code. */
const toldPrivate = ({ code, told, passed }: Outcome) =>
  !passed && (code === 'private_address' || (code === null && told.includes(PRIVATE_MESSAGE)));
const PRIVATE_MESSAGE = CONNECTION_EXPLANATIONS.private_address?.message ?? 'missing';

/** The fields that take an address. */
const ADDRESS_FIELD = /^(site_url|url|config_json\.(site_url|base_url|shop_domain))$/;
const toldRefused = ({ code, fields, passed }: Outcome) =>
  !passed && (code === 'invalid_url' || (fields.length === 1 && ADDRESS_FIELD.test(fields[0] ?? '')));

/** Runs need a job each. Each of them takes every second address, and two neighbours take all of them. */
function shareOf(urls: readonly string[], name: string, index: number): readonly string[] {
  const isRun = /sync|pull$|push$|structure|webhook/.test(name);
  return isRun ? urls.filter((_, at) => at % 2 === index % 2) : urls;
}

/** Uses every way with every address, and returns what was told otherwise than expected. */
async function tried(
  groups: Record<string, Way>[],
  urls: readonly string[],
  expected: (outcome: Outcome) => boolean,
): Promise<string[]> {
  const others: string[] = [];
  await Promise.all(
    groups.map(async (group) => {
      for (const [index, [name, way]] of Object.entries(group).entries()) {
        for (const url of shareOf(urls, name, index)) {
          const outcome = await way(url);
          if (!expected(outcome)) others.push(`${name} with ${url}: ${outcome.told}`);
        }
      }
    }),
  );
  return others;
}

describe('an address as it is written', () => {
  let server: TestServer;
  let groups: Record<string, Way>[];
  beforeAll(async () => {
    server = await startTestServer({ OUTBOUND_ALLOW: `${SITE_HOST}/32` });
    groups = await waysOf(server);
  });
  afterAll(() => server.stop());

  test(
    'is refused where it leads to a private host',
    async () => {
      expect(privateUrls(trap.port).length).toBeGreaterThan(70);
      const told = (outcome: Outcome) => toldPrivate(outcome) || toldRefused(outcome);
      expect(await tried(groups, privateUrls(trap.port), told)).toEqual([]);
      expect(trap.caught).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'is refused as input where it is no plain web address',
    async () => {
      expect(await tried(groups, refusedUrls(trap.port), toldRefused)).toEqual([]);
      expect(trap.caught).toEqual([]);
    },
    LIMIT_MS,
  );

  test('is no domain of a shop', async () => {
    const owner = await buildAccount(server);
    const { siteId } = await buildSite(server, owner.accountId);
    const urls = [...privateUrls(trap.port), ...refusedUrls(trap.port)];
    const hosts = urls.map((url) => url.replace(/^[a-z]+:[/\\]*/i, '').replace(/[/\\]$/, ''));
    const tails = hosts.flatMap((host) => [
      `${host}/.myshopify.com`,
      `${host}#.myshopify.com`,
      `a.myshopify.com@${host}`,
    ]);
    const accepted: string[] = [];
    for (const shop_domain of [...urls, ...hosts, ...tails]) {
      const body = {
        site_id: siteId,
        platform: 'shopify',
        config_json: { shop_domain },
        credentials_json: { access_token: 'a' },
      };
      const answer = await server.as(owner).post(integrationsPath, body);
      const [field] = answer.body.errors ?? [];
      if (answer.status !== 400 || field?.field !== 'config_json.shop_domain') accepted.push(shop_domain);
    }
    expect(accepted).toEqual([]);
  });
});

describe('a name', () => {
  const names = new NameServer();
  let server: TestServer;
  let groups: Record<string, Way>[];
  beforeAll(async () => {
    server = await startServerWithNames(names);
    groups = await waysOf(server);
  });
  afterAll(() => server.stop());

  test(
    'is refused where it resolves to a private address, alone or beside a public one',
    async () => {
      const urls = PRIVATE_ANSWERS.flatMap((address, index) => {
        names.tells(`inside${index}.example`, [address]);
        const both = ['93.184.216.34', address];
        names.tells(`mixed${index}.example`, index % 2 === 0 ? both : both.toReversed());
        return ['inside', 'mixed'].map((kind) => `http://${kind}${index}.example:${trap.port}/`);
      });
      expect(await tried(groups, urls, toldPrivate)).toEqual([]);
      expect(trap.caught).toEqual([]);
    },
    LIMIT_MS,
  );

  test.each(PRIVATE_ANSWERS)('of a shop is refused where it resolves to %s', async (address) => {
    names.tells('shop.myshopify.com', [address]);
    const owner = await buildAccount(server);
    const { siteId } = await buildSite(server, owner.accountId);
    const body = {
      site_id: siteId,
      platform: 'shopify',
      config_json: { shop_domain: 'shop.myshopify.com' },
      credentials_json: { client_id: 'a', client_secret: 'b' },
    };
    const made = await server.as(owner).post(integrationsPath, body).expect(201);
    const path = `${integrationsPath}/${made.body.id}`;
    const tested = await server.as(owner).post(`${path}/test-connection`).expect(200);
    expect(tested.body).toMatchObject({ success: false, code: 'private_address' });
    const run = await server.as(owner).post(`${path}/sync`, { direction: 'both' }).expect(200);
    expect(run.body).toMatchObject({ status: 'failed', error: PRIVATE_MESSAGE });
  });
});
