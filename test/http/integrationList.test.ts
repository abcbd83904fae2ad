import { describe, expect, test } from '@jest/globals';
import {
  buildAccount,
  buildIntegration,
  buildSite,
  buildTenant,
  integrationsPath as path,
  type TestTenant,
} from '../support/builders.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withTenant } from '../support/stage.ts';

let server: TestServer;
let tenant: TestTenant;
withTenant((stage) => {
  ({ server, tenant } = stage);
});

const asOwner = () => server.as(tenant.owner);

describe('GET the list', () => {
  test('filters and pages', async () => {
    const lister = await buildAccount(server);
    const sites = await Promise.all([1, 2, 3].map(() => buildSite(server, lister.accountId)));
    const ids: number[] = [];
    for (const [index, site] of sites.entries()) {
      ids.push(await buildIntegration(server, lister, site, { is_active: index !== 1 }));
    }
    const list = async (query: string) => {
      const { body } = await server.as(lister).get(`${path}?${query}`).expect(200);
      return body.results.map((row: { id: number }) => row.id);
    };
    expect(await list('')).toEqual(ids);
    expect(await list('is_active=false')).toEqual([ids[1]]);
    expect(await list('is_active=1&platform=wordpress')).toEqual([ids[0], ids[2]]);
    expect(await list('platform=shopify')).toEqual([]);
    expect(await list(`site_id=${sites[2]?.siteId}`)).toEqual([ids[2]]);
    const page = await server.as(lister).get(`${path}/?is_active=true&page_size=1&page=2`).expect(200);
    expect(page.body).toMatchObject({
      count: 2,
      next: null,
      previous: `${server.url}${path}/?is_active=true&page_size=1&page=1`,
    });
    const [row] = page.body.results;
    expect(row).toEqual((await server.as(lister).get(`${path}/${ids[2]}`)).body);
  });

  test.each([
    ['page_size=1000', 'page_size'],
    ['page_size=0', 'page_size'],
    ['page_size=abc', 'page_size'],
    ['is_active=maybe', 'is_active'],
    ['site_id=abc', 'site_id'],
    ['site_id=-1', 'site_id'],
    [`platform=${'x'.repeat(51)}`, 'platform'],
    ['platform=a%00', 'platform'],
  ])('refuses %s', async (query, field) => {
    expectProblem(await asOwner().get(`${path}?${query}`), 400, { fields: [field] });
  });

  test("answers 404 for a missing site or another account's", async () => {
    const other = await buildTenant(server);
    for (const id of [other.site.siteId, 0, 2_147_483_648, '9223372036854775808']) {
      expectProblem(await asOwner().get(`${path}?site_id=${id}`), 404);
    }
  });
});
