import { afterEach, describe, expect, it } from '@jest/globals';
import { OutboundClient } from '../../src/outbound/httpClient.ts';
import type { ContentSession } from '../../src/platforms/contentPart.ts';
import type { WriteOutcome } from '../../src/platforms/contentWrite.ts';
import type { RemoteContent } from '../../src/platforms/remoteContent.ts';
import { createShopifyPlatform } from '../../src/platforms/shopify/shopify.platform.ts';
import { createWordpressPlatform } from '../../src/platforms/wordpress/wordpress.platform.ts';
import { startSimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { contentWrite, POST, readOut, testPace, typeOf } from '../support/contentCaller.ts';
import { testShop } from './shopify/testShop.ts';
import { connectionTo, PASSWORD, SITE_ID, SITE_KEY } from './wordpress/testSite.ts';

const cleanups: Array<() => unknown> = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** An outbound client that records the method of each request. */
function recorder() {
  const client = new OutboundClient({ allow: ['127.0.0.0/8'] });
  cleanups.push(() => client.close());
  const methods = new Set<string>();
  const outbound = {
    request: (request: Parameters<OutboundClient['request']>[0]) => {
      methods.add(request.method ?? 'GET');
      return client.request(request);
    },
  };
  return { outbound, methods };
}

function remoteOf(outcome: WriteOutcome | undefined): RemoteContent {
  if (outcome?.result !== 'written') throw new Error(`Not written: ${JSON.stringify(outcome)}`);
  return outcome.remote;
}

/** Creates one content, edits it, and creates some more at once, with terms. */
async function writeAll(session: ContentSession, type: typeof POST | ReturnType<typeof typeOf>) {
  const [made] = await session.write(type, [contentWrite(1, { status: 'draft' })]);
  const onSite = remoteOf(made);
  const edit = { externalId: onSite.externalId, expectedTag: onSite.tag, onSite, title: 'Edited' };
  const [edited] = await session.write(type, [contentWrite(1, { ...edit, status: null })]);
  expect(remoteOf(edited).title).toBe('Edited');
  const more = [2, 3, 4].map((id) => contentWrite(id, { status: 'draft' }));
  for (const outcome of await session.write(type, more)) expect(remoteOf(outcome).externalId).toBeTruthy();
}

describe('nothing but GET and POST is sent', () => {
  it.each([
    ['the connector', { version: '0.6.0' }],
    ['the connector 0.5.0', { version: '0.5.0' }],
    ['the connector 0.3.0, which knows PUT alone', { version: '0.3.0' }],
    ['core REST', null],
  ])('to WordPress through %s', async (_, connector) => {
    const site = await startSimulatedWordpress({ siteId: SITE_ID, siteKey: SITE_KEY, connector });
    cleanups.push(site.stop);
    const { outbound, methods } = recorder();
    const platform = createWordpressPlatform({ outbound, clock: Date.now });
    const connection = connectionTo(site.url, connector === null ? { credentials: PASSWORD } : {});
    expect(await platform.testConnection(connection)).toMatchObject({ code: 'ok' });
    await platform.readStructure?.(connection);
    const session = await platform.content?.open(connection, testPace());
    if (session === undefined) throw new Error('WordPress has contents.');
    await readOut(session.readAll({ type: POST, newest: null, cursor: null }));
    await writeAll(session, POST);
    expect([...methods].sort()).toEqual(['GET', 'POST']);
    const seen = new Set(site.state.requests.map(({ method }) => method));
    expect([...seen].sort()).toEqual(['GET', 'POST']);
  });

  it('to Shopify', async () => {
    const shop = await testShop();
    cleanups.push(shop.stop);
    const { outbound, methods } = recorder();
    const platform = createShopifyPlatform({
      outbound,
      clock: shop.time.clock,
      wait: shop.time.wait,
      baseUrl: shop.shopify.baseUrl,
      apiVersion: '2026-10',
    });
    expect(await platform.testConnection(shop.connection())).toMatchObject({ code: 'ok' });
    const session = await platform.content?.open(shop.connection(), testPace());
    if (session === undefined) throw new Error('Shopify has contents.');
    await readOut(session.readAll({ type: typeOf('article'), newest: null, cursor: null }));
    await writeAll(session, typeOf('article'));
    expect([...methods]).toEqual(['POST']);
  });
});
