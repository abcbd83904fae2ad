import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutboundClient } from '../../../src/outbound/httpClient.ts';
import type { Connection } from '../../../src/platforms/connection.ts';
import { createWordpressPlatform } from '../../../src/platforms/wordpress/wordpress.platform.ts';
import { contentWrite, POST, readOut, testPace } from '../../support/contentCaller.ts';
import { SERVER_ID } from '../../support/identity.ts';
import { type PassedRequest, type SiteProxy, startSiteProxy } from '../../wordpress/support/site-proxy.ts';
import { type ContractSite, unique } from './contractSite.ts';

type Rewriting = (request: PassedRequest) => Partial<PassedRequest>;

/** The path below which the proxy shows the site, in the test with a folder that it strips. */
const FOLDER = '/front';

/** The last content id that a test used. */
let lastContentId = 7_000_000 + (Math.floor(Date.now() / 1000) % 1_000_000);

function newContentId(): number {
  lastContentId += 1;
  return lastContentId;
}

function withQuery(change: (pairs: string[]) => string[]): Rewriting {
  return ({ target }) => {
    const [path = '', query = ''] = target.split('?');
    const pairs = change(query === '' ? [] : query.split('&'));
    return { target: pairs.length === 0 ? path : `${path}?${pairs.join('&')}` };
  };
}

/** WordPress itself obeys such a change of a request that is not signed. */
function whenSigned(rewriting: Rewriting): Rewriting {
  return (request) => ('x-sitebridge-signature' in request.headers ? rewriting(request) : {});
}

const isRoute = (target: string, route: string) => decodeURIComponent(target).includes(route);

/** Rewritings that change nothing of what a request means. */
const HARMLESS: ReadonlyArray<readonly [string, Rewriting]> = [
  ['sorts the query', withQuery((pairs) => pairs.toSorted())],
  ['turns the query around', withQuery((pairs) => pairs.toReversed())],
  [
    'encodes the query anew',
    withQuery((pairs) => pairs.map((pair) => pair.replaceAll('%20', '+').replaceAll('%2C', ','))),
  ],
  ['adds a parameter', withQuery((pairs) => ['utm=1', ...pairs])],
  ['adds a parameter against caches', withQuery((pairs) => [...pairs, '_=1764583200'])],
  [
    'adds a parameter that WordPress knows',
    whenSigned(withQuery((pairs) => [...pairs, '_embed=1', '_envelope=1'])),
  ],
  ['adds a method', whenSigned(withQuery((pairs) => [...pairs, '_method=DELETE']))],
  [
    'adds a header with a method',
    whenSigned(({ headers }) => ({ headers: { ...headers, 'x-http-method-override': 'DELETE' } })),
  ],
  [
    'strips a folder',
    ({ target }) => ({ target: target.startsWith(FOLDER) ? target.slice(FOLDER.length) : target }),
  ],
];

/** Rewritings of reads and of writes that change a request, and the words that name the change. */
const HARMFUL: ReadonlyArray<readonly [string, 'read' | 'write', Rewriting, RegExp]> = [
  [
    'a method',
    'read',
    ({ method, target }) => (isRoute(target, '/items') && method === 'GET' ? { method: 'POST' } : {}),
    /turned GET into POST/,
  ],
  [
    'a route',
    'read',
    ({ target }) => ({ target: target.replace('sitebridge/v1/items', 'sitebridge/v1/inventory') }),
    /turned \/sitebridge\/v1\/items into \/sitebridge\/v1\/inventory/,
  ],
  [
    'a parameter',
    'read',
    withQuery((pairs) => pairs.map((pair) => pair.replace(/^type=.*/, 'type=page'))),
    /changed the parameter type/,
  ],
  [
    'a parameter less',
    'read',
    withQuery((pairs) => pairs.filter((pair) => !pair.startsWith('type='))),
    /took away the parameter type/,
  ],
  [
    'a parameter twice',
    'read',
    withQuery((pairs) => pairs.flatMap((pair) => (pair.startsWith('type=') ? [pair, pair] : pair))),
    /added the parameter type/,
  ],
  [
    'a header of ours',
    'read',
    ({ target, headers }) =>
      isRoute(target, '/items') ? { headers: { ...headers, 'x-sitebridge-timestamp': '1' } } : {},
    /changed one of our X-Sitebridge headers/,
  ],
  [
    'a body',
    'write',
    ({ body }) => ({ body: Buffer.from(body.toString().replace('Sent', 'Spam')) }),
    /changed the body/,
  ],
  [
    'a write',
    'write',
    ({ method }) => (method === 'POST' ? { method: 'GET', body: Buffer.alloc(0) } : {}),
    /turned POST into GET.*changed the body/,
  ],
];

/** What our platform does behind a proxy that rewrites requests. */
export function describeRewriting(site: () => ContractSite, outbound: OutboundClient): void {
  describe('behind a proxy', () => {
    const platform = createWordpressPlatform({ outbound, clock: Date.now });
    let proxy: SiteProxy;
    beforeAll(async () => {
      proxy = await startSiteProxy(new URL(site().url).origin);
    });
    afterAll(() => proxy.stop());

    function through(rewriting: Rewriting, folder = ''): Connection {
      proxy.requests.length = 0;
      const { host } = new URL(site().url);
      proxy.rewrite((request) => {
        const own = { ...request, headers: { ...request.headers, host } };
        return { ...own, ...rewriting(own) };
      });
      return {
        serverId: SERVER_ID,
        siteId: site().siteId,
        siteKey: site().siteKey,
        siteUrl: proxy.url + folder + new URL(site().url).pathname,
        credentials: {},
        config: {},
      };
    }

    const open = (connection: Connection) => {
      if (platform.content === undefined) throw new Error('WordPress has contents.');
      return platform.content.open(connection, testPace());
    };

    it.each(HARMLESS)('that %s, it reads and writes', async (name, rewriting) => {
      const connection = through(rewriting, name === 'strips a folder' ? FOLDER : '');
      const test = await platform.testConnection(connection);
      // The site itself has another address than the proxy.
      expect(test.checks.filter(({ ok }) => !ok).map(({ name: check }) => check)).toEqual(['identity']);
      const session = await open(connection);
      const id = newContentId();
      const title = unique('Sent');
      const [made] = await session.write(POST, [contentWrite(id, { title })]);
      if (made?.result !== 'written') throw new Error(JSON.stringify(made));
      const changed = `${title} & again`;
      const [update] = await session.write(POST, [
        contentWrite(id, {
          title: changed,
          externalId: made.remote.externalId,
          expectedTag: made.remote.tag,
        }),
      ]);
      expect(update).toMatchObject({ result: 'written', created: false, remote: { title: changed } });
      const all = await readOut(session.readAll({ type: POST, newest: null, cursor: null }));
      expect(all.items.filter((item) => item.title === changed)).toHaveLength(1);
      expect(all.end.incomplete).toBeUndefined();
      expect([...new Set(proxy.requests.map(({ method }) => method))].sort()).toEqual(['GET', 'POST']);
    });

    it.each(HARMFUL)(
      'that changes %s of a %s, it says so and does nothing',
      async (_, kind, rewriting, words) => {
        const session = await open(through(({ ...request }) => request));
        through(rewriting);
        const title = unique('Sent');
        const outcome =
          kind === 'read'
            ? await readOut(session.readAll({ type: POST, newest: null, cursor: null })).catch(
                (error) => error,
              )
            : await session
                .write(POST, [contentWrite(newContentId(), { title })])
                .then(([written]) => (written?.result === 'failed' ? written.fault : written))
                .catch((error) => error);
        expect(outcome).toMatchObject({ code: 'request_rewritten' });
        expect(outcome.message).toMatch(words);
        through(({ ...request }) => request);
        const all = await readOut(session.readAll({ type: POST, newest: null, cursor: null }));
        expect(all.items.filter((item) => /Spam/.test(item.title) || item.title === title)).toEqual([]);
      },
    );
  });
}
