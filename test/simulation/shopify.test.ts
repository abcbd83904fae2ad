/**
 * The behaviour of the simulated Shopify, as on Shopify's own pages, which its source names. The tests send
 * plain requests, so that no code of ours is in between.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import {
  type SimulatedShopify,
  startSimulatedShopify,
} from '../../src/simulation/shopify/simulatedShopify.ts';

let now = 0;
let shopify: SimulatedShopify;
beforeEach(async () => {
  now = Date.parse('2026-11-24T12:00:00Z');
  shopify = await startSimulatedShopify({
    clock: () => now,
    bucket: { maximumAvailable: 100, restoreRate: 10 },
    versions: ['2026-07', '2026-10'],
  });
});
afterEach(() => shopify.stop());

const answerShape = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.record(z.string(), z.unknown()).optional() }))
    .optional(),
  extensions: z
    .object({
      cost: z.object({
        requestedQueryCost: z.number(),
        actualQueryCost: z.number().nullable(),
        throttleStatus: z.object({
          maximumAvailable: z.number(),
          currentlyAvailable: z.number(),
          restoreRate: z.number(),
        }),
      }),
    })
    .optional(),
});

const url = (path: string) => shopify.baseUrl.replace('{shop}', shopify.shop) + path;

function post(query: string, options: { token?: string; version?: string; variables?: object } = {}) {
  return fetch(url(`/admin/api/${options.version ?? '2026-10'}/graphql.json`), {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Shopify-Access-Token': options.token ?? shopify.state.app.accessToken,
    },
    body: JSON.stringify({ query, variables: options.variables ?? {} }),
  });
}

async function ask(query: string, variables: object = {}) {
  return answerShape.parse(await (await post(query, { variables })).json());
}

function mint(changes: Record<string, string> = {}) {
  const { clientId, clientSecret } = shopify.state.app;
  return fetch(url('/admin/oauth/access_token'), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
      ...changes,
    }),
  });
}

describe('cost', () => {
  it('is charged in advance, refunded after the query, and restored over time', async () => {
    const { extensions } = await ask('{ pages(first: 20) { nodes { id } } }');
    expect(extensions?.cost).toEqual({
      requestedQueryCost: 22,
      actualQueryCost: 4,
      throttleStatus: { maximumAvailable: 100, currentlyAvailable: 96, restoreRate: 10 },
    });
    now += 200;
    const later = await ask('{ shop { name } }');
    expect(later.extensions?.cost.throttleStatus.currentlyAvailable).toBe(97);
  });

  it('beyond the bucket is throttled: 200, no data, no effect', async () => {
    await ask('{ articles(first: 90) { nodes { id } } }');
    shopify.throttle.take(60);
    const answer = await ask('{ pages(first: 90) { nodes { id } } }');
    expect(answer.data).toBeUndefined();
    expect(answer.errors).toMatchObject([{ message: 'Throttled', extensions: { code: 'THROTTLED' } }]);
    expect(answer.extensions?.cost.actualQueryCost).toBeNull();
    now += 10_000;
    expect((await ask('{ pages(first: 90) { nodes { id } } }')).errors).toBeUndefined();
  });

  it('of one query is limited, whatever the bucket has', async () => {
    const { errors } = await ask(
      '{ products(first: 250) { nodes { collections(first: 50) { nodes { id } } } } }',
    );
    expect(errors).toMatchObject([{ extensions: { code: 'MAX_COST_EXCEEDED', maxCost: 1000 } }]);
  });

  it('of a mutation is ten plus its selection', async () => {
    const { extensions } = await ask('mutation { pageCreate(page: { title: "A" }) { page { id } } }');
    expect(extensions?.cost.requestedQueryCost).toBe(12);
  });
});

describe('tokens', () => {
  it('are minted for 24 hours', async () => {
    const granted = z
      .object({ access_token: z.string(), expires_in: z.literal(86_399), scope: z.string() })
      .parse(await (await mint()).json());
    const token = granted.access_token;
    expect((await post('{ shop { name } }', { token })).status).toBe(200);
    now += 86_400_000;
    expect((await post('{ shop { name } }', { token })).status).toBe(401);
  });

  it('are refused with a page that has the reason', async () => {
    expect(await (await mint({ client_id: 'x' })).text()).toContain('application_cannot_be_found');
    expect(await (await mint({ client_secret: 'x' })).text()).toContain('invalid_client');
    shopify.state.app.installed = false;
    const refused = await mint();
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain('<title>400 - Oauth error app_not_installed</title>');
  });
});

describe('versions', () => {
  it.each([
    ['2026-10', '2026-10'],
    ['2025-01', '2026-07'],
  ])('%s is answered with %s', async (asked, answered) => {
    const response = await post('{ shop { name } }', { version: asked });
    expect(response.headers.get('x-shopify-api-version')).toBe(answered);
  });
});

describe('scopes', () => {
  it('deny a field by name, with the required scope', async () => {
    shopify.state.app.scopes = ['read_products'];
    const { data, errors } = await ask('{ pages(first: 1) { nodes { id } } }');
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        message: expect.stringContaining('Access denied for pages field'),
        extensions: { code: 'ACCESS_DENIED', requiredAccess: expect.stringContaining('`read_content`') },
      },
    ]);
    // Shopify returns partial data when the field may be null.
    const counts = await ask('{ pagesCount { count } productsCount { count } }');
    expect(counts.data).toMatchObject({ pagesCount: null, productsCount: { count: 1 } });
    expect(counts.errors).toHaveLength(1);
  });
});

describe('lists', () => {
  it('need a page size of at most 250, and a valid cursor', async () => {
    for (const args of ['', '(first: 251)', '(first: 1, after: "x")']) {
      const { errors } = await ask(`{ pages${args} { pageInfo { hasNextPage } } }`);
      expect(errors).toHaveLength(1);
    }
  });

  it('have pages with cursors', async () => {
    const first = await ask('{ pages(first: 1) { nodes { title } pageInfo { hasNextPage endCursor } } }');
    const { pages } = z
      .object({
        pages: z.object({ pageInfo: z.object({ hasNextPage: z.literal(true), endCursor: z.string() }) }),
      })
      .parse(first.data);
    const query =
      'query($after: String) { pages(first: 1, after: $after) { nodes { title } pageInfo { hasNextPage } } }';
    const second = await ask(query, { after: pages.pageInfo.endCursor });
    expect(second.data).toEqual({
      pages: { nodes: [{ title: 'Imprint' }], pageInfo: { hasNextPage: false } },
    });
  });

  it('of products have only active ones, unless the request names a status', async () => {
    const titles = async (query: string) => {
      const { data } = await ask(`{ products(first: 9, query: "${query}") { nodes { title } } }`);
      return data;
    };
    expect(await titles('')).toEqual({ products: { nodes: [{ title: 'Hat' }] } });
    expect(await titles('status:draft,archived')).toEqual({
      products: { nodes: [{ title: 'Scarf' }, { title: 'Old coat' }] },
    });
  });
});

describe('mutations', () => {
  it('return errors of the input as user errors', async () => {
    const create = (title: string, handle: string) =>
      ask(
        `mutation { pageCreate(page: { title: "${title}", handle: "${handle}" }) { page { id } userErrors { field code } } }`,
      );
    expect((await create('', 'a')).data).toMatchObject({
      pageCreate: { page: null, userErrors: [{ field: ['page', 'title'], code: 'BLANK' }] },
    });
    expect((await create('A', 'about-us')).data).toMatchObject({
      pageCreate: { page: null, userErrors: [{ field: ['page', 'handle'], code: 'TAKEN' }] },
    });
  });

  it('store metafields, and date their changes', async () => {
    now += 60_000;
    const { data } = await ask(`mutation { pageUpdate(id: "gid://shopify/Page/1005", page: {
      metafields: [{ namespace: "a", key: "b", type: "single_line_text_field", value: "c" }]
    }) { page { updatedAt metafield(namespace: "a", key: "b") { value } } } }`);
    expect(data).toEqual({
      pageUpdate: { page: { updatedAt: '2026-11-24T12:01:00.000Z', metafield: { value: 'c' } } },
    });
  });
});

it('a malformed query, an unknown field and an unknown shop get Shopify’s responses', async () => {
  expect((await ask('{ shop {')).errors).toHaveLength(1);
  expect((await ask('{ shop { nothing } }')).errors).toMatchObject([
    { message: expect.stringContaining('nothing') },
  ]);
  const other = await fetch(shopify.baseUrl.replace('{shop}', 'nobody.myshopify.com'), { method: 'POST' });
  expect(other.status).toBe(404);
});
