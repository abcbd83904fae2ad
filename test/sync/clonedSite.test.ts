/** A copy of a site, such as a staging site, has the key of the site. It changes nothing here. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { enterKey } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { connectSite, type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';
import { webhooksPath } from '../support/webhooks.ts';

let server: TestServer;
let site: SyncedSite;
let copy: SimulatedWordpress;

withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

beforeEach(async () => {
  site = await startSyncedSite(server, 'connector');
  expect((await site.wordpress.connect({ serverUrl: server.url })).structure?.status).toBe(200);
  await site.sync({ direction: 'both' });
  copy = await site.wordpress.copy();
  copy.clock.offsetMs += 60_000;
});
afterEach(() => copy.stop());

/** A plugin that was updated on the copy alone does not know the home of the site. */
function forgetHome(): void {
  const { connector } = copy.state;
  if (connector) connector.installation.home = '';
}

const send = (wordpress: SimulatedWordpress) => wordpress.deliverWebhooks({ serverUrl: server.url });
const owner = () => server.as(site.tenant.owner);
const firstPost = () => site.wordpress.state.posts.find(({ type }) => type === 'post')?.id ?? 0;

async function contentOf(postId: number) {
  const [content] = await site.contents({ contentType: 'post', externalId: String(postId) });
  return content;
}

async function deliveries() {
  const { body } = await owner().get(
    `${webhooksPath}/deliveries?site_id=${site.tenant.site.siteId}&limit=100`,
  );
  return body.results as { id: number; webhook_id: string; status: string; error_message: string | null }[];
}

async function settled(): Promise<void> {
  await eventually(async () => {
    expect((await deliveries()).filter(({ status }) => status === 'pending')).toEqual([]);
    const [jobs] = await server.db.$queryRaw<{ waiting: number }[]>`
      SELECT count(*)::int AS waiting FROM pgboss.job
      WHERE name IN ('webhook', 'content') AND state IN ('created', 'active', 'retry')`;
    expect(jobs?.waiting).toBe(0);
  });
}

async function problems(): Promise<{ code: string; message: string }[]> {
  return (await owner().get(site.path('/debug-status')).expect(200)).body.problems;
}

it('sends nothing, as its plugin knows the home of the site', async () => {
  copy.editor.edit(firstPost(), { title: 'Edited on the copy' });
  expect(await send(copy)).toEqual([]);
  expect(copy.webhooks.length).toBeGreaterThan(0);
});

describe('whose plugin sends', () => {
  beforeEach(forgetHome);

  it('has its webhooks held, and the problem says so', async () => {
    const before = await site.contents();
    const gone = site.wordpress.state.posts.filter(({ type }) => type === 'post')[1]?.id ?? 0;
    copy.editor.edit(firstPost(), { title: 'Edited on the copy' });
    copy.editor.delete(gone);
    copy.editor.create('post', { title: 'New on the copy', status: 'publish' });
    const answers = await send(copy);
    expect(answers.length).toBeGreaterThan(3);
    for (const { status, body } of answers) expect([status, body.received]).toEqual([202, true]);
    await settled();
    expect(await site.contents()).toEqual(before);
    const held = await deliveries();
    expect(held.map(({ status }) => status)).toEqual(held.map(() => 'held'));
    expect(held[0]?.error_message).toContain(copy.url);
    const listed = await owner().get(`${webhooksPath}/deliveries?status=held`).expect(200);
    expect(listed.body.results).toHaveLength(held.length);
    const events = await server.db.syncEvent.findMany({
      where: { siteId: site.tenant.site.siteId, action: 'held' },
    });
    expect(events).toHaveLength(held.length);
    expect(await problems()).toContainEqual(
      expect.objectContaining({ code: 'cloned_site', message: expect.stringContaining(copy.url) }),
    );
    const replay = await owner().post(`${webhooksPath}/deliveries/${held[0]?.id}/replay`);
    expectProblem(replay, 409, { code: 'held' });
  });

  it('cannot report its structure', async () => {
    copy.state.connector = { ...copy.state.connector, integrationId: site.tenant.integrationId } as never;
    const answer = await copy.pushStructure({ serverUrl: server.url });
    expect(answer).toMatchObject({ status: 409, body: { code: 'cloned_site' } });
  });

  it('cannot take the connection over', async () => {
    const before = await server.db.siteIntegration.findMany({
      where: { siteId: site.tenant.site.siteId },
    });
    const { test } = await copy.connect({ serverUrl: server.url });
    expect(test).toMatchObject({
      status: 400,
      body: { success: false, code: 'identity_mismatch', stage: 'identity' },
    });
    expect(test.body.message).toContain(site.wordpress.url);
    expect(copy.state.requests).toEqual([]);
    expect(await server.db.siteIntegration.findMany({ where: { siteId: site.tenant.site.siteId } })).toEqual(
      before,
    );
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
  });

  it('becomes the site once a person says that the site has moved', async () => {
    copy.editor.edit(firstPost(), { title: 'Edited after the move' });
    await send(copy);
    expect((await deliveries()).every(({ status }) => status === 'held')).toBe(true);
    const { test } = await copy.connect({ serverUrl: server.url, moved: true });
    expect(test.status).toBe(200);
    await settled();
    expect((await deliveries()).map(({ status }) => status)).not.toContain('held');
    expect(await contentOf(firstPost())).toMatchObject({ title: 'Edited after the move' });
    expect((await problems()).map(({ code }) => code)).not.toContain('cloned_site');
    // The old site is the copy now.
    site.wordpress.clock.offsetMs += 120_000;
    site.wordpress.editor.edit(firstPost(), { title: 'Edited on the old site' });
    if (site.wordpress.state.connector) site.wordpress.state.connector.installation.home = '';
    await send(site.wordpress);
    await settled();
    expect(await contentOf(firstPost())).toMatchObject({ title: 'Edited after the move' });
  });

  it('becomes a site of its own', async () => {
    const own = await connectSite(server, copy, 'connector');
    enterKey(copy, own.tenant.site);
    if (copy.state.connector) copy.state.connector.installation = { id: '', home: '' };
    expect((await copy.connect({ serverUrl: server.url })).test.status).toBe(200);
    await own.sync({ direction: 'both' });
    copy.editor.edit(firstPost(), { title: 'Edited on the copy' });
    await send(copy);
    await settled();
    expect(await own.contents({ title: 'Edited on the copy' })).toHaveLength(1);
    expect(await site.contents({ title: 'Edited on the copy' })).toEqual([]);
  });

  it('sends the copied messages of the site first, and the site loses none', async () => {
    site.wordpress.editor.edit(firstPost(), { title: 'Edited before the copy' });
    const waiting = [...site.wordpress.webhooks];
    await copy.stop();
    copy = await site.wordpress.copy();
    forgetHome();
    expect(copy.webhooks).toEqual(waiting);
    await send(copy);
    expect((await deliveries()).map(({ status }) => status)).toEqual(waiting.map(() => 'held'));
    for (const { status, body } of await send(site.wordpress))
      expect([status, body.duplicate]).toEqual([202, true]);
    await settled();
    expect((await deliveries()).map(({ status }) => status)).toEqual(waiting.map(() => 'processed'));
    expect(await contentOf(firstPost())).toMatchObject({ title: 'Edited before the copy' });
  });

  it('loses no webhook that arrives while the site moves', async () => {
    copy.editor.edit(firstPost(), { title: 'Edited after the move' });
    const { integrationId } = site.tenant;
    let sent: ReturnType<typeof send> | undefined;
    await server.db.$transaction(async (tx) => {
      await tx.siteIntegration.update({
        where: { id: integrationId },
        data: { config: { site_url: copy.url } },
      });
      sent = send(copy);
      await eventually(async () => {
        const [locks] = await server.db.$queryRaw<{ waiting: number }[]>`
          SELECT count(*)::int AS waiting FROM pg_stat_activity
          WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR SHARE%'`;
        expect(locks?.waiting).toBeGreaterThan(0);
      });
    });
    await sent;
    await settled();
    expect((await deliveries()).map(({ status }) => status)).not.toContain('held');
    expect(await contentOf(firstPost())).toMatchObject({ title: 'Edited after the move' });
  });
});

it('of another installation at the same home has its webhooks held', async () => {
  const { connector } = site.wordpress.state;
  if (connector) connector.installation.id = '0b0e3a52-7f2e-4a3c-9d55-5d0a3b0f6f11';
  site.wordpress.editor.edit(firstPost(), { title: 'Edited on a rebuilt site' });
  await send(site.wordpress);
  expect((await deliveries()).every(({ status }) => status === 'held')).toBe(true);
  expect((await site.wordpress.connect({ serverUrl: server.url })).test.status).toBe(200);
  await settled();
  expect((await deliveries()).every(({ status }) => status === 'processed')).toBe(true);
});
