/** Marked secrets in every field that takes one, through every use: they are stored, printed and shown nowhere. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { API_SECRET } from '../../src/simulation/custom/simulatedApi.ts';
import { startSimulatedShopify } from '../../src/simulation/shopify/simulatedShopify.ts';
import { credentialKeys, jwtSecret } from '../support/server.ts';
import { abuse } from './abuse.ts';
import { type Connected, connectApi, connectShop, connectWordpress } from './connected.ts';
import { exercise } from './exercise.ts';
import { SITE_HOST, startFront } from './front.ts';
import { Marks } from './marks.ts';
import { type RecordedServer, startRecordedServer } from './recordedServer.ts';
import { SHOWN } from './secretFields.ts';

const marks = new Marks();
let server: RecordedServer;
let sites: Connected[];

beforeAll(async () => {
  const shopify = await startSimulatedShopify({ bucket: { maximumAvailable: 20_000, restoreRate: 20_000 } });
  const front = await startFront(new URL(shopify.baseUrl).origin);
  server = await startRecordedServer({
    OUTBOUND_ALLOW: `${SITE_HOST}/32`,
    SHOPIFY_BASE_URL: `${front.url}/{shop}`,
    LOG_LEVEL: 'trace',
  });
  marks.add('setting JWT_SECRET', jwtSecret);
  marks.add('setting CREDENTIAL_KEYS', credentialKeys.split(':')[1] ?? '');
  marks.add('secret of the API', API_SECRET);
  for (const [name, value] of Object.entries(shopify.state.app)) {
    if (/token|id|secret/i.test(name) && typeof value === 'string') marks.add(`${name} of the shop`, value);
  }
  const applicationPassword = marks.make('application password');
  const header = (site: string) => ({ 'X-Door': marks.make(`outer header of ${site}`) });
  const basic = { username: 'staging', password: marks.make('outer password') };
  const doors = { basic, headers: header('WordPress by connector') };
  sites = [
    await connectWordpress(server, 'connector', undefined, undefined, doors),
    await connectWordpress(server, 'password', undefined, applicationPassword, {
      headers: header('WordPress'),
    }),
    await connectApi(server, undefined, { headers: header('the API') }),
    await connectShop(server, shopify, front),
  ];
  for (const { name, tenant } of sites) {
    marks.add(`site key of ${name}`, tenant.site.key);
    marks.add(`access token of the owner of ${name}`, tenant.owner.token);
    marks.add(`password of the owner of ${name}`, tenant.owner.password);
  }
  await Promise.all(sites.map((site) => exercise(site)));
  await abuse(server, sites, marks);
}, 600_000);
afterAll(async () => {
  for (const site of sites) await site.stop();
  await server.stop();
});

test('the attack has used every secret', () => {
  expect(marks.names.length).toBeGreaterThan(25);
});

/** Which secrets the texts contain, with the place of each. */
function found(texts: Iterable<{ place: string; text: string }>): string[] {
  const all = new Set<string>();
  for (const { place, text } of texts) {
    for (const name of marks.in(text)) {
      const at = text.toLowerCase().indexOf(marks.value(name).toLowerCase());
      all.add(`${name} in ${place}: …${text.slice(Math.max(0, at - 150), at + 60)}`);
    }
  }
  return [...all];
}

describe('no secret stands', () => {
  test('in a row of the database', async () => {
    const rows = await server.rows();
    expect(new Set(rows.map(({ table }) => table)).size).toBeGreaterThan(12);
    expect(found(rows.map(({ table, text }) => ({ place: table, text })))).toEqual([]);
  });

  test('in the log, at the level trace', () => {
    const lines = server.printed().split('\n');
    expect(lines.length).toBeGreaterThan(100);
    expect(found(lines.map((text) => ({ place: 'the log', text })))).toEqual([]);
  });

  test('in an answer that is not meant to show it', () => {
    const wrong = server.answers.flatMap(({ call, text }) => {
      const shown = SHOWN.filter(({ call: pattern }) => pattern.test(call));
      const named = marks.in(text).filter((name) => !shown.some(({ secret }) => secret.test(name)));
      return named.map((name) => `${name} in the answer to ${call}: ${text.slice(0, 600)}`);
    });
    expect(server.answers.length).toBeGreaterThan(300);
    expect(wrong).toEqual([]);
  });

  test('in the metrics', async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    expect(metrics).toContain('sitebridge_connection_tests_total');
    expect(found([{ place: 'the metrics', text: metrics }])).toEqual([]);
  });

  test('in a file of DATA_DIR', async () => {
    expect(found((await server.files()).map(({ file, text }) => ({ place: file, text })))).toEqual([]);
  });
});
