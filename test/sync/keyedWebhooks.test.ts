/** Webhooks whose key and post do not belong together change no content. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { Content } from '../../src/database/generated/client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';
import { deliver } from '../support/webhooks.ts';

let server: TestServer;
let site: SyncedSite;

beforeAll(async () => {
  server = await startTestServer();
});
beforeEach(async () => {
  site = await startSyncedSite(server, 'connector');
});
afterEach(() => site.wordpress.stop());
afterAll(() => server.stop());

async function pushed(title: string): Promise<Content> {
  const id = await site.write({ title, body: `<p>${title}</p>`, status: 'ready' });
  await site.sync({ direction: 'both' });
  return site.content(id);
}

/**
 * Sends a webhook about a post, and waits until all jobs are done. Returns the action of the delivery's
 * event.
 */
async function tell(externalId: string | null, key: string): Promise<string[]> {
  const answer = await deliver(server, site.tenant.site, 'metadata', {
    external_id: externalId,
    content_key: key,
    post_type: 'post',
    title: 'Told by a message',
    modified_gmt: new Date(Date.now() + 60_000).toISOString().slice(0, 19),
  });
  expect(answer.status).toBe(202);
  return eventually(async () => {
    const { status } = await server.db.webhookDelivery.findUniqueOrThrow({
      where: { id: Number(answer.body.delivery_id) },
    });
    expect(status).toBe('processed');
    const [waiting] = await server.db.$queryRaw<{ jobs: number }[]>`
      SELECT count(*)::int AS jobs FROM pgboss.job
      WHERE name = 'content' AND state IN ('created', 'active', 'retry')`;
    expect(waiting?.jobs).toBe(0);
    const events = await server.db.syncEvent.findMany({
      where: { siteId: site.tenant.site.siteId, eventType: 'webhook' },
      orderBy: { id: 'desc' },
      take: 1,
    });
    return events.map(({ action }) => action);
  });
}

const texts = ({ key, title, body, externalId, syncState }: Content) => ({
  key,
  title,
  body,
  externalId,
  syncState,
});

it("a key with another content's post leads to an event and nothing else", async () => {
  const [one, other] = [await pushed('One'), await pushed('Other')];
  site.wordpress.state.requests.length = 0;
  expect(await tell(one.externalId, other.key)).toEqual(['link_mismatch']);
  expect(await tell('999', other.key)).toEqual(['link_mismatch']);
  expect([await site.content(one.id), await site.content(other.id)]).toEqual([one, other]);
  expect(await site.contents({ externalId: '999' })).toEqual([]);
  expect(site.wordpress.state.requests).toEqual([]);
});

it("another account's key reveals nothing, and the server reads the post", async () => {
  const own = await pushed('Own');
  const mine = site;
  site = await startSyncedSite(server, 'connector');
  const foreign = await pushed('Foreign');
  const waiting = await site.write({ title: 'Foreign, waiting', status: 'ready' });
  await site.wordpress.stop();
  site = mine;
  const { key } = await site.content(waiting);
  for (const each of [foreign.key, key]) {
    expect(await tell(own.externalId, each)).toEqual(['deferred']);
    expect(await tell('999', each)).toEqual(['unknown_content']);
  }
  expect(texts(await site.content(own.id))).toEqual(texts(own));
  expect(await site.content(foreign.id)).toEqual(foreign);
  expect(await site.content(waiting)).toMatchObject({ externalId: null, syncState: 'local_only' });
  expect(await site.contents({ externalId: '999' })).toEqual([]);
});

it.each(['12', 'not-a-uuid', '00000000-0000-0000-0000-00000000000g', ''])(
  'a key that is not a UUID is refused: %p',
  async (key) => {
    const own = await pushed('Own');
    const answer = await deliver(server, site.tenant.site, 'status', {
      external_id: own.externalId,
      content_key: key,
      post_type: 'post',
      status: 'draft',
      modified_gmt: '2026-12-01T00:00:00',
    });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ field: 'content_key' }] } });
    expect(await site.content(own.id)).toEqual(own);
  },
);
