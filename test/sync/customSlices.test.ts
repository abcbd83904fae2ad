/** A custom API that is asked only for what has changed is compared a few pages at a time. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import { makeItem } from '../../src/simulation/custom/items.ts';
import { startSimulatedApi } from '../../src/simulation/custom/simulatedApi.ts';
import { buildConnected, integrationsPath } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ SYNC_WAIT_S: '120' });
});
afterAll(() => server.stop());

test('changes and deletions without a date are found in a few syncs', async () => {
  const api = await startSimulatedApi({ paging: 'offset', pageSize: 50 });
  try {
    const { content, ...config } = describeApi(api);
    const list = { ...content.list, since_param: 'updated_since' };
    for (let id = api.items.length + 1; id <= 600; id += 1) api.items.push(makeItem(id));
    const { owner, site, integrationId } = await buildConnected(server, {
      platform: 'custom',
      config_json: { ...config, content: { ...content, list } },
      credentials_json: credentialsOf(api.auth),
    });
    const pull = async () =>
      (
        await server
          .as(owner)
          .post(`${integrationsPath}/${integrationId}/sync`, { direction: 'from_external' })
          .expect(200)
      ).body;
    await pull();
    const [, gone] = api.items.splice(0, 2);
    for (const item of api.items) item.attributes.title = `Undated ${item.id}`;
    const found: number[] = [];
    for (let run = 0; run < 4; run += 1) {
      expect(await pull()).toMatchObject({ status: 'success', error: null });
      found.push(
        await server.db.content.count({ where: { siteId: site.siteId, title: { startsWith: 'Undated' } } }),
      );
    }
    expect(found[0]).toBeGreaterThan(0);
    expect(found.at(-1)).toBe(api.items.length);
    const deleted = await server.db.content.findMany({
      where: { siteId: site.siteId, syncState: 'deleted_remote' },
    });
    expect(deleted.map(({ externalId }) => externalId)).toContain(String(gone?.id));
    expect(deleted.length).toBe(2);
  } finally {
    await api.stop();
  }
});
