/** Lists that never end: each run that reads one ends with a clear error. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type Connected, connectApi, connectWordpress } from './connected.ts';
import { answering, type Hook, SITE_HOST } from './front.ts';

let server: TestServer;
let sites: Record<'connector' | 'password' | 'api', Connected>;
beforeAll(async () => {
  server = await startTestServer({ OUTBOUND_ALLOW: `${SITE_HOST}/32`, SYNC_WAIT_S: '120' });
  sites = {
    connector: await connectWordpress(server, 'connector'),
    password: await connectWordpress(server, 'password'),
    api: await connectApi(server),
  };
  for (const site of Object.values(sites)) await site.uses.structure?.();
});
afterAll(async () => {
  await server.stop();
  for (const site of Object.values(sites)) await site.stop();
});

/** Answers the requests for a list with the page that `page` makes of the query. */
function paging(pattern: RegExp, page: (query: URLSearchParams, turn: number) => object): Hook {
  let turn = 0;
  return answering(pattern, (response, request) => {
    turn += 1;
    const { searchParams } = new URL(request.url ?? '/', 'http://a');
    response
      .writeHead(200, {
        'Content-Type': 'application/json',
        'X-WP-Total': '100000000',
        Link: `<http://${request.headers.host}${request.url}>; rel="next"`,
      })
      .end(JSON.stringify(page(searchParams, turn)));
  });
}

const ITEMS = /^GET \/wp-json\/sitebridge\/v1\/items\?.*after_id/;
const LISTS = /^GET \/wp-json\/wp\/v2\/(posts|pages|books)\?.*offset/;
const after = (query: URLSearchParams) => Number(query.get('after_id'));

test.each<[string, keyof typeof sites, Hook, RegExp]>([
  [
    'empty pages of the connector',
    'connector',
    paging(ITEMS, (query) => ({ items: [], forbidden: [], next_after_id: after(query) + 1, total: 5 })),
    /pages without items/,
  ],
  [
    'one page of the connector again and again',
    'connector',
    paging(ITEMS, (query) => ({ items: [], forbidden: [], next_after_id: after(query), total: 5 })),
    /do not go on/,
  ],
  ['empty pages of core', 'password', paging(LISTS, () => []), /without items/],
  [
    'one page of a described API again and again',
    'api',
    paging(/^GET \/v1\/articles\?|^GET \/v1\/articles$/, (_query, turn) => ({
      data: { items: [{ id: 1, attributes: { title: 'One', state: 'live' }, turn }] },
    })),
    /twice/,
  ],
])(
  '%s',
  async (_name, which, hook, told) => {
    const site = sites[which];
    site.front.answer(hook);
    const outcome = await site.uses.pull?.();
    site.front.answer(null);
    const { status, error } = JSON.parse(outcome?.told ?? '{}');
    expect({ status, error }).toEqual({ status: 'failed', error: expect.stringMatching(told) });
    expect(outcome?.told).not.toContain('fault of ours');
  },
  300_000,
);
