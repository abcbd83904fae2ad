/** Ids and metadata of a custom API that a double does not hold: read, stored, shown, edited and sent to the digit. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { ExactNumber } from '../../src/outbound/exactNumber.ts';
import { contentHash, sharedState } from '../../src/services/content/sharedState.ts';
import { credentialsOf, describeApi } from '../../src/simulation/custom/apiDescription.ts';
import { type SimulatedApi, startSimulatedApi } from '../../src/simulation/custom/simulatedApi.ts';
import { buildAccount, buildSite, integrationsPath, type TestUser } from '../support/builders.ts';
import { startTestServer, type TestServer } from '../support/server.ts';

const ID = '1764000000000251231';
/** The neighbour that a double would take it for. */
const NEIGHBOUR = '1764000000000251232';

let server: TestServer;
let owner: TestUser;
let api: SimulatedApi;
let path: string;

beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  owner = await buildAccount(server);
  api = await startSimulatedApi({ items: 3 });
  const [first, second] = api.items;
  Object.assign(first ?? {}, { id: new ExactNumber(ID) });
  Object.assign(second ?? {}, { id: new ExactNumber(NEIGHBOUR) });
  for (const item of api.items) {
    item.attributes.facts = { account: new ExactNumber(ID), price: new ExactNumber('19.90'), stock: 7 };
  }
  const site = await buildSite(server, owner.accountId);
  const description = describeApi(api);
  const map = { ...description.content.map, metadata: { facts: '/attributes/facts' } };
  const made = await server
    .as(owner)
    .post(integrationsPath, {
      site_id: site.siteId,
      platform: 'custom',
      config_json: { ...description, content: { ...description.content, map, write: ['title', 'metadata'] } },
      credentials_json: credentialsOf(api.auth),
    })
    .expect(201);
  path = `${integrationsPath}/${made.body.id}`;
});
afterEach(() => api.stop());
afterAll(() => server.stop());

async function sync(body: object) {
  return (await server.as(owner).post(`${path}/sync`, body).expect(200)).body;
}

/** The stored contents as the API's text, whose numbers no parser has changed. */
async function shown(): Promise<string> {
  return (await server.as(owner).get('/api/v1/content').expect(200)).text;
}

const FACTS = `{"price":19.90,"stock":7,"account":${ID}}`;

it('pulls, shows and pushes ids and metadata to the digit', async () => {
  expect(await sync({ direction: 'from_external' })).toMatchObject({
    status: 'success',
    totals: { created: 3, failed: 0 },
  });
  const stored = await server.db.content.findMany({
    where: { accountId: owner.accountId },
    orderBy: { id: 'asc' },
  });
  expect(stored.map(({ externalId }) => externalId)).toEqual([ID, NEIGHBOUR, '3']);
  expect(await shown()).toContain(FACTS);
  expect(await sync({ direction: 'from_external', full: true })).toMatchObject({
    totals: { updated: 0, unchanged: 3 },
  });

  const { id } = stored[1] ?? { id: 0 };
  await server.as(owner).patch(`/api/v1/content/${id}`, { title: 'Edited here' }).expect(200);
  api.requests.length = 0;
  expect(await sync({ direction: 'both' })).toMatchObject({ status: 'success', totals: { pushed: 1 } });
  const writes = api.requests.filter(({ method }) => method !== 'GET');
  expect(writes.map(({ method, target }) => `${method} ${target}`)).toEqual([
    `PATCH /v1/articles/${NEIGHBOUR}`,
  ]);
  expect(api.items[1]?.attributes).toMatchObject({
    title: 'Edited here',
    facts: { account: new ExactNumber(ID), price: new ExactNumber('19.90') },
  });
});

it('takes and sends metadata that our own caller sends, to the digit', async () => {
  await sync({ direction: 'from_external' });
  const { id } = await server.db.content.findFirstOrThrow({
    where: { externalId: ID, accountId: owner.accountId },
  });
  const facts = { account: new ExactNumber(NEIGHBOUR), price: new ExactNumber('20.00'), stock: 7 };
  const answer = await server.as(owner).patch(`/api/v1/content/${id}`, { metadata: { facts } }).expect(200);
  expect(answer.text).toContain(`"price":20.00`);
  expect(answer.text).toContain(`"account":${NEIGHBOUR}`);
  expect(await sync({ direction: 'to_external' })).toMatchObject({ totals: { pushed: 1, conflicts: 0 } });
  expect(api.items[0]?.attributes.facts).toEqual(facts);
  expect(await shown()).toContain(`"account":${NEIGHBOUR}`);
  expect(await sync({ direction: 'both' })).toMatchObject({
    totals: { pushed: 0, updated: 0, conflicts: 0 },
  });
});

it.each(['both', 'to_external'])(
  'an edit of a content whose numbers an earlier version has rounded is no conflict (%s)',
  async (direction) => {
    await sync({ direction: 'from_external' });
    const row = await server.db.content.findFirstOrThrow({
      where: { externalId: ID, accountId: owner.accountId },
    });
    const metadata = { facts: { account: Number(ID), price: 19.9, stock: 7 } };
    const baseHash = contentHash(sharedState({ ...row, metadata }));
    const before = { metadata, baseHash, remoteHash: baseHash, remoteTag: null };
    await server.db.content.update({ where: { id: row.id }, data: before });
    await server.as(owner).patch(`/api/v1/content/${row.id}`, { title: 'Edited here' }).expect(200);
    expect(await sync({ direction })).toMatchObject({ totals: { pushed: 1, conflicts: 0 } });
    expect(api.items[0]?.attributes).toMatchObject({
      title: 'Edited here',
      facts: { account: new ExactNumber(ID), price: new ExactNumber('19.90') },
    });
  },
);

it('sees a change of the last digit', async () => {
  await sync({ direction: 'from_external' });
  const [, , third] = api.items;
  Object.assign(third?.attributes ?? {}, { facts: { account: new ExactNumber(NEIGHBOUR) } });
  expect(await sync({ direction: 'from_external', full: true })).toMatchObject({
    totals: { updated: 1, unchanged: 2 },
  });
});
