/** What sites answer to send the server elsewhere: redirects, links, names that change. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startSimulatedShopify } from '../../src/simulation/shopify/simulatedShopify.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { privateUrls, refusedUrls } from './addresses.ts';
import { type Connected, connectApi, connectShop, connectWordpress, shapeOf } from './connected.ts';
import { type Hook, SITE_HOST, startFront } from './front.ts';
import type { Outcome } from './outcomes.ts';
import { startTrap, type Trap } from './trap.ts';
import { used } from './ways.ts';

let server: TestServer;
let trap: Trap;
let sites: Connected[];
beforeAll(async () => {
  trap = await startTrap();
  const shopify = await startSimulatedShopify({ bucket: { maximumAvailable: 20_000, restoreRate: 20_000 } });
  const front = await startFront(new URL(shopify.baseUrl).origin);
  server = await startTestServer({
    OUTBOUND_ALLOW: `${SITE_HOST}/32`,
    SHOPIFY_BASE_URL: `${front.url}/{shop}`,
  });
  sites = [
    await connectWordpress(server, 'connector'),
    await connectWordpress(server, 'password'),
    await connectApi(server),
    await connectShop(server, shopify, front),
  ];
});
afterAll(async () => {
  await server.stop();
  for (const site of sites) await site.stop();
  await trap.stop();
});

const LIMIT_MS = 600_000;

/** How a redirect of a request is told. Of the request that proves that writes pass, it blocks the writes. */
const CODES: ReadonlySet<string> = new Set(['redirect', 'writes_blocked']);
const TOLD = /redirects|lives under|a refusal \(redirect\)/;
/** A header is ASCII. */
const IN_HEADER = /^[\t -~]+$/;
const STATUSES = [301, 302, 303, 307, 308];

/** The requests that a use makes, without what differs from time to time. */
async function requestsOf({ front }: Connected, use: () => Promise<Outcome>): Promise<string[]> {
  const from = front.seen.length;
  const { passed, told } = await use();
  if (!passed) throw new Error(`The use fails without an attack: ${told}`);
  return [...new Set(front.seen.slice(from).map(shapeOf))];
}

/** Redirects every request of a shape: at once, or after two more redirects within the site. */
function redirecting(
  shape: string,
  status: number,
  target: string,
  isChain: boolean,
): Hook & { hits: number } {
  const answer = (response: ServerResponse, location: string) =>
    void response.writeHead(status, { Location: location }).end();
  const hook = Object.assign(
    (request: IncomingMessage, response: ServerResponse) => {
      const [path = ''] = (request.url ?? '').split('?');
      const isHop = path.startsWith('/hop-');
      if (!isHop && shapeOf(`${request.method} ${request.url}`) !== shape) return false;
      hook.hits += 1;
      answer(response, path === '/hop-1' ? '/hop-2' : isHop || !isChain ? target : '/hop-1');
      return true;
    },
    { hits: 0 },
  );
  return hook;
}

/** Does a redirect of a site to this URL leave the site? `http:127.0.0.1` is a path of the site: RFC 3986, 5.2.2. */
function leaves(url: string, site: string): boolean {
  return !URL.canParse(url, site) || new URL(url, site).host !== new URL(site).host;
}

/** Redirects each request of each use, with two of the statuses, always to the next private address. */
async function redirectAll(site: Connected): Promise<string[]> {
  const all = [...privateUrls(trap.port), ...refusedUrls(trap.port)];
  const targets = all.filter((url) => IN_HEADER.test(url) && leaves(url, site.front.url));
  const wrong: string[] = [];
  const shapes = new Set<string>();
  const met = new Set<string>();
  let turn = 0;
  for (const [name, use] of Object.entries(site.uses)) {
    for (const shape of await requestsOf(site, use)) {
      shapes.add(shape);
      for (let more = 0; more < 2; more += 1) {
        const target = targets[turn % targets.length] ?? '';
        const hook = redirecting(shape, STATUSES[turn % STATUSES.length] ?? 302, target, turn % 3 === 0);
        turn += 1;
        site.front.answer(hook);
        const { passed, code, told } = await use();
        site.front.answer(null);
        const isTold = !passed && CODES.has(code ?? 'redirect') && TOLD.test(told);
        if (hook.hits > 0 && !isTold) wrong.push(`${site.name}, ${name}: ${shape} to ${target}: ${told}`);
        if (hook.hits > 0) met.add(shape);
      }
    }
  }
  // Some requests are not made each time: the server remembers what it found.
  const unmet = [...shapes]
    .filter((shape) => !met.has(shape))
    .map((shape) => `${site.name}: ${shape} was never redirected`);
  return [...wrong, ...unmet];
}

test(
  'a redirect to a private address is followed by no request of any platform',
  async () => {
    expect((await Promise.all(sites.map(redirectAll))).flat()).toEqual([]);
    expect(trap.caught).toEqual([]);
  },
  LIMIT_MS,
);

/** Lets every URL in the answers of a site lead to the trap, and uses the site. */
async function mislead(site: Connected): Promise<void> {
  const hosts = ['127.0.0.1', '[::1]', 'localhost'];
  for (const host of hosts) {
    site.front.showAs(`http://${host}:${trap.port}`);
    for (const use of Object.values(site.uses)) await use();
  }
  site.front.showAs(null);
}

test(
  'the URLs in the answers of a site are not followed to another server',
  async () => {
    await Promise.all(sites.map(mislead));
    expect(trap.caught).toEqual([]);
    for (const site of sites) expect(await site.uses.test()).toMatchObject({ passed: true });
  },
  LIMIT_MS,
);

test('a link to the next page on another server ends the run of a described API', async () => {
  const [, , api] = sites;
  if (api === undefined) throw new Error('There is no described API.');
  api.front.showAs(`http://127.0.0.1:${trap.port}`);
  const outcome = await api.uses.pull?.();
  api.front.showAs(null);
  expect(outcome).toMatchObject({ passed: false, told: expect.stringContaining('another server') });
  expect(trap.caught).toEqual([]);
});

describe('the image of a content', () => {
  test.each([0, 1])('is not loaded from a private address, %#', async (index) => {
    const site = sites[index];
    if (site === undefined) throw new Error('There is no such site.');
    const { siteId } = site.tenant.site;
    const redirected = `${site.front.url}/image.png`;
    site.front.answer((request, response) => {
      if (request.url !== '/image.png') return false;
      response.writeHead(302, { Location: `http://127.0.0.1:${trap.port}/` }).end();
      return true;
    });
    const urls = [...privateUrls(trap.port), ...refusedUrls(trap.port), redirected];
    const since = new Date();
    for (const url of urls) {
      const content = { site_id: siteId, content_type: 'post', title: url, status: 'ready' };
      const body = { ...content, metadata: { featured_image_url: url } };
      await server.as(site.tenant.owner).post('/api/v1/content', body).expect(201);
    }
    const outcome = await used(server, site.tenant).post('/sync', { direction: 'to_external' });
    site.front.answer(null);
    expect(JSON.parse(outcome.told)).toMatchObject({ status: 'partial', totals: { failed: urls.length } });
    const events = await server.db.syncEvent.findMany({
      where: { siteId, createdAt: { gte: since }, eventType: 'content', errorMessage: { not: null } },
    });
    const told = events.map(({ errorMessage }) => errorMessage);
    expect(told).toHaveLength(urls.length);
    const refusal = /cannot be downloaded \((private_address|invalid_url|redirect)\)/;
    expect(told.filter((message) => !refusal.test(message ?? ''))).toEqual([]);
    expect(trap.caught).toEqual([]);
  });
});
