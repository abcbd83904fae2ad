/** How the server applies webhooks that it has stored. */
import { describe, expect, test } from '@jest/globals';
import type { SyncEvent } from '../../src/database/generated/client.ts';
import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedPost } from '../../src/simulation/wordpress/state.ts';
import { buildTenant, integrationsPath, type TestTenant } from '../support/builders.ts';
import { buildContent, editHere, writePost } from '../support/contents.ts';
import { eventually } from '../support/eventually.ts';
import { aKey } from '../support/identity.ts';
import { expectProblem } from '../support/problems.ts';
import type { TestServer } from '../support/server.ts';
import { withWordpress } from '../support/stage.ts';
import { deliver, type Topic, webhooksPath } from '../support/webhooks.ts';

const newsAndGreen = [
  { taxonomy: 'category', slug: 'news', name: 'News' },
  { taxonomy: 'post_tag', slug: 'green', name: 'green' },
];
let server: TestServer;
let wordpress: SimulatedWordpress;
let tenant: TestTenant;
withWordpress((stage) => {
  ({ server, wordpress, tenant } = stage);
});

const path = () => `${integrationsPath}/${tenant.integrationId}`;
const stored = (id: number) => server.db.content.findUniqueOrThrow({ where: { id } });
const contentOf = (post: SimulatedPost) =>
  server.db.content.findFirst({ where: { siteId: tenant.site.siteId, externalId: String(post.id) } });

/** Every event of a type, oldest first. */
const eventsOf = (eventType: SyncEvent['eventType']) =>
  server.db.syncEvent.findMany({ where: { siteId: tenant.site.siteId, eventType }, orderBy: { id: 'asc' } });

/** Sends the plugin's webhook about a post, waits until it is applied, and returns its event. */
async function tell(topic: Topic, post: SimulatedPost, more: object): Promise<SyncEvent> {
  const answer = await deliver(server, tenant.site, topic, {
    external_id: String(post.id),
    post_type: post.type,
    modified_gmt: post.modified_gmt,
    ...more,
  });
  expect(answer.status).toBe(202);
  return applied(Number(answer.body.delivery_id));
}

async function applied(deliveryId: number): Promise<SyncEvent> {
  await eventually(async () => {
    const row = await server.db.webhookDelivery.findUniqueOrThrow({ where: { id: BigInt(deliveryId) } });
    expect(row).toMatchObject({ status: 'processed', processedAt: expect.any(Date), errorMessage: null });
  });
  const events = (await eventsOf('webhook')).filter(({ details }) =>
    Object.entries(details ?? {}).some(([name, value]) => name === 'delivery_id' && value === deliveryId),
  );
  const [event] = events.filter(({ action }) => action !== 'replayed' && action !== 'dead');
  if (!event) throw new Error('no event');
  return event;
}

/** Waits until no pull is left to do. */
async function settled(): Promise<void> {
  await eventually(async () => {
    const [row] = await server.db.$queryRaw<{ open: number }[]>`
      SELECT count(*)::int AS open FROM pgboss.job
      WHERE name IN ('webhook', 'content') AND state IN ('created', 'active', 'retry')
        AND (name = 'webhook' OR (data->>'integrationId')::int = ${tenant.integrationId})`;
    expect(row?.open).toBe(0);
  });
}

/** How many times the server has requested a post. */
const readsOf = (post: SimulatedPost) =>
  wordpress.state.requests.filter(({ target }) => new RegExp(`/wp/v2/posts/${post.id}\\?`).test(target))
    .length;

describe('a status message', () => {
  test('is applied to the content with the site’s external id', async () => {
    const post = writePost(wordpress, { status: 'draft' });
    const content = await buildContent(server, tenant, post);
    expect(content).toMatchObject({ status: 'draft', externalStatus: 'draft', syncState: 'in_sync' });
    Object.assign(post, { status: 'publish', modified_gmt: '2026-03-01T10:00:05' });
    const event = await tell('status', post, { status: 'publish', url: 'https://site.example/published/' });
    expect(event).toMatchObject({
      accountId: tenant.accountId,
      integrationId: tenant.integrationId,
      action: 'updated',
      success: true,
      contentId: content.id,
      externalId: String(post.id),
      details: { topic: 'status', changed: true },
    });
    await settled();
    expect(await stored(content.id)).toMatchObject({
      status: 'published',
      externalStatus: 'publish',
      externalModifiedAt: new Date('2026-03-01T10:00:05Z'),
      syncState: 'in_sync',
      title: content.title,
      body: content.body,
    });
  });

  test('stores the address, if it is on a host of the site', async () => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    // The fault stops the following pull, which would store the site's own address.
    wordpress.setFault('maintenance');
    await tell('status', post, { status: 'publish', url: 'https://127.0.0.1/moved/' });
    expect(await stored(content.id)).toMatchObject({ externalUrl: 'https://127.0.0.1/moved/' });
    for (const url of [
      'https://site.example/published/',
      'https://127.0.0.1.example/',
      'javascript:alert(1)',
    ])
      expect(await tell('status', post, { status: 'draft', url })).toMatchObject({ contentId: content.id });
    expect(await stored(content.id)).toMatchObject({
      externalUrl: 'https://127.0.0.1/moved/',
      status: 'draft',
    });
  });

  test.each<[Topic, object]>([
    ['status', { status: 'draft' }],
    ['metadata', { title: 'Of the site', slug: 'of-the-site' }],
  ])('%s about a post that may be another one ends no conflict', async (topic, more) => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    const birth = { date: null, slug: 'once', author: '1', key: null };
    const data = {
      birth,
      title: 'Ours',
      body: '<p>Ours</p>',
      syncState: 'conflict',
      remoteHash: 'x',
    } as const;
    await server.db.content.update({ where: { id }, data });
    const later = { ...post, modified_gmt: '2026-03-01T10:00:05' };
    expect(await tell(topic, later, more)).toMatchObject({ action: 'deferred', contentId: id });
    await settled();
    expect(await stored(id)).toMatchObject({ title: 'Ours', body: '<p>Ours</p>', syncState: 'conflict' });
  });

  test('about a post that was edited too makes the server read the whole post', async () => {
    const post = writePost(wordpress, { status: 'draft' });
    const content = await buildContent(server, tenant, post);
    Object.assign(post, { status: 'publish', content: '<p>New</p>', modified_gmt: '2026-03-01T10:00:05' });
    await tell('status', post, { status: 'publish' });
    await eventually(async () => expect(await stored(content.id)).toMatchObject({ body: '<p>New</p>' }));
    await settled();
    expect(await stored(content.id)).toMatchObject({ status: 'published', syncState: 'in_sync' });
  });

  test.each(['trash', 'deleted'])(
    '%s marks the content as deleted on the site, and deletes nothing on the server',
    async (status) => {
      const post = writePost(wordpress);
      const content = await buildContent(server, tenant, post);
      const reads = readsOf(post);
      const event = await tell('status', { ...post, modified_gmt: '2026-03-01T10:00:05' }, { status });
      expect(event).toMatchObject({
        action: 'deleted_remote',
        contentId: content.id,
        details: { changed: true },
      });
      expect(await stored(content.id)).toEqual({
        ...content,
        syncState: 'deleted_remote',
        externalStatus: status,
        externalModifiedAt: new Date('2026-03-01T10:00:05Z'),
        updatedAt: expect.any(Date),
      });
      const again = await tell('status', { ...post, modified_gmt: '2026-03-01T10:00:06' }, { status });
      expect(again).toMatchObject({ action: 'unchanged', details: { changed: false } });
      await settled();
      expect(readsOf(post)).toBe(reads);
    },
  );

  test.each(['publish', 'draft'])('%s after the trash brings the content back', async (status) => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    await tell('status', { ...post, modified_gmt: '2026-03-01T10:00:05' }, { status: 'trash' });
    Object.assign(post, { status, modified_gmt: '2026-03-01T10:00:06' });
    expect(await tell('status', post, { status })).toMatchObject({ action: 'updated' });
    await settled();
    expect(await stored(content.id)).toMatchObject({
      syncState: 'in_sync',
      status: status === 'publish' ? 'published' : 'draft',
      externalStatus: status,
      title: content.title,
    });
  });

  test('trash keeps the edits made on the server', async () => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    await editHere(server, content.id, 'Edited here');
    await tell('status', { ...post, modified_gmt: '2026-03-01T10:00:05' }, { status: 'trash' });
    expect(await stored(content.id)).toMatchObject({ title: 'Edited here', syncState: 'deleted_remote' });
    Object.assign(post, { modified_gmt: '2026-03-01T10:00:06' });
    await tell('status', post, { status: 'publish' });
    await settled();
    expect(await stored(content.id)).toMatchObject({ title: 'Edited here', syncState: 'local_changes' });
  });
});

describe('a status message about a post that not everyone can read', () => {
  test('closes the content, and a message alone does not open it', async () => {
    const post = writePost(wordpress, { status: 'private' });
    const { id } = await buildContent(server, tenant, post);
    await server.db.content.update({ where: { id }, data: { status: 'published', visibility: 'public' } });
    expect(await tell('status', post, { status: 'private' })).toMatchObject({ action: 'updated' });
    expect(await stored(id)).toMatchObject({ status: 'private', visibility: 'private' });
    const later = { ...post, modified_gmt: '2026-03-01T10:00:05' };
    await tell('status', later, { status: 'publish' });
    await settled();
    expect(await stored(id)).toMatchObject({ status: 'private', visibility: 'private' });
    post.status = 'publish';
    await tell('status', { ...post, modified_gmt: '2026-03-01T10:00:09' }, { status: 'publish' });
    await settled();
    expect(await stored(id)).toMatchObject({ status: 'published', visibility: 'public' });
  });
});

describe('a metadata message', () => {
  test('is applied, and absent fields stay', async () => {
    const post = writePost(wordpress, { meta: { price: 3, colour: 'red' } });
    const content = await buildContent(server, tenant, post);
    expect(content).toMatchObject({ terms: newsAndGreen, metadata: { price: 3, colour: 'red' } });
    // The message has the stored modification date, so it causes no pull, and only its own fields can change.
    const reads = readsOf(post);
    const told = {
      title: 'Größe 🌉',
      slug: 'groesse',
      excerpt: 'In short',
      terms: [{ taxonomy: 'post_tag', slug: 'blue', name: 'blue' }],
      meta: { price: 4, deep: { list: [1] } },
    };
    const event = await tell('metadata', post, told);
    expect(event).toMatchObject({ action: 'updated', details: { topic: 'metadata', changed: true } });
    await settled();
    const { meta, ...rest } = told;
    expect(await stored(content.id)).toMatchObject({
      ...rest,
      metadata: { ...meta, colour: 'red' },
      body: content.body,
      status: 'published',
      syncState: 'in_sync',
    });
    await tell('metadata', post, { title: 'Only this' });
    expect(await stored(content.id)).toMatchObject({
      title: 'Only this',
      slug: 'groesse',
      terms: told.terms,
    });
    expect(readsOf(post)).toBe(reads);
  });

  test('with a newer date makes the server read the whole post with its body', async () => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    Object.assign(post, { title: 'New', content: '<p>New</p>', modified_gmt: '2026-03-01T10:00:05' });
    await tell('metadata', post, { title: 'New' });
    await eventually(async () =>
      expect(await stored(content.id)).toMatchObject({
        title: 'New',
        body: '<p>New</p>',
        syncState: 'in_sync',
      }),
    );
  });

  test.each<[Topic, object]>([
    ['status', { status: 'publish' }],
    ['metadata', { title: 'At once' }],
  ])(
    '%s from the second of the last read causes a full read, as its date cannot show a change',
    async (topic, more) => {
      const modified_gmt = new Date().toISOString().slice(0, 19);
      const post = writePost(wordpress, { title: 'At once', modified_gmt });
      const content = await buildContent(server, tenant, post);
      post.content = '<p>Edited at once</p>';
      const event = await tell(topic, post, more);
      expect(event).toMatchObject({ action: 'unchanged', contentId: content.id });
      await eventually(async () =>
        expect(await stored(content.id)).toMatchObject({
          body: '<p>Edited at once</p>',
          externalModifiedAt: content.externalModifiedAt,
          syncState: 'in_sync',
        }),
      );
    },
  );

  test('about a content with local edits is not applied: a read finds the conflict', async () => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    await editHere(server, content.id, 'Edited here');
    Object.assign(post, { title: 'Edited there', modified_gmt: '2026-03-01T10:00:05' });
    const event = await tell('metadata', post, { title: 'Edited there' });
    expect(event).toMatchObject({ action: 'deferred', contentId: content.id, details: { changed: false } });
    await eventually(async () => expect(await stored(content.id)).toMatchObject({ syncState: 'conflict' }));
    await settled();
    expect(await stored(content.id)).toMatchObject({
      title: 'Edited here',
      body: content.body,
      baseHash: content.baseHash,
      localVersion: 2,
      syncedVersion: 1,
    });
    expect((await eventsOf('content')).at(-1)).toMatchObject({
      action: 'conflict',
      contentId: content.id,
      details: { outcome: 'conflict', cause: 'webhook' },
    });
    // The title on the site goes back, so only the local edit differs.
    Object.assign(post, { title: content.title, modified_gmt: '2026-03-01T10:00:06' });
    await tell('metadata', post, { title: content.title });
    await eventually(async () =>
      expect(await stored(content.id)).toMatchObject({ syncState: 'local_changes' }),
    );
    expect(await stored(content.id)).toMatchObject({ title: 'Edited here' });
  });

  test('about a content with the same local edit puts it in sync', async () => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    await editHere(server, content.id, 'The same');
    Object.assign(post, { title: 'The same', modified_gmt: '2026-03-01T10:00:05' });
    await tell('metadata', post, { title: 'The same' });
    await eventually(async () =>
      expect(await stored(content.id)).toMatchObject({
        title: 'The same',
        syncState: 'in_sync',
        syncedVersion: 2,
      }),
    );
  });
});

describe('an event reports that nothing changed for', () => {
  test.each<[Topic, object]>([
    ['status', { status: 'draft', url: 'https://site.example/old/' }],
    ['status', { status: 'trash' }],
    ['metadata', { title: 'Old' }],
  ])('%s %j with an older date than the stored one', async (topic, more) => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    const reads = readsOf(post);
    const event = await tell(topic, { ...post, modified_gmt: '2026-03-01T09:59:59' }, more);
    expect(event).toMatchObject({ action: 'outdated', contentId: content.id, details: { changed: false } });
    await settled();
    expect(await stored(content.id)).toEqual(content);
    expect(readsOf(post)).toBe(reads);
  });

  test('the echo of our own write', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    const content = await server.db.content.update({ where: { id }, data: { lastOpId: 'op-9' } });
    const later = { ...post, modified_gmt: '2026-03-01T10:00:05' };
    const event = await tell('metadata', later, { title: 'Ours', op_id: 'op-9' });
    expect(event).toMatchObject({ action: 'echo', contentId: id, details: { changed: false } });
    expect(await stored(id)).toEqual(content);
    expect(await tell('metadata', post, { title: 'Theirs', op_id: 'op-8' })).toMatchObject({
      action: 'updated',
    });
  });

  test('a content that was deleted here', async () => {
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    await server.as(tenant.owner).delete(`/api/v1/content/${id}`).expect(204);
    const before = await stored(id);
    const reads = readsOf(post);
    const later = { ...post, modified_gmt: '2026-03-01T11:00:00' };
    for (const event of [
      await tell('metadata', later, { title: 'Changed there' }),
      await tell('status', later, { status: 'draft' }),
    ])
      expect(event).toMatchObject({ action: 'excluded', contentId: id, details: { changed: false } });
    await settled();
    expect(readsOf(post)).toBe(reads);
    expect(await stored(id)).toEqual(before);
    expect(await tell('status', later, { status: 'trash' })).toMatchObject({ action: 'excluded' });
    expect(await stored(id)).toMatchObject({ syncState: 'excluded', externalStatus: 'trash', title: '' });
  });

  test('the stored state', async () => {
    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    const same = { title: post.title, slug: post.slug, excerpt: '', terms: [...newsAndGreen].reverse() };
    for (const event of [
      await tell('status', post, { status: 'publish', url: content.externalUrl }),
      await tell('metadata', post, same),
    ])
      expect(event).toMatchObject({
        action: 'unchanged',
        contentId: content.id,
        details: { changed: false },
      });
    const { title, slug, terms, metadata, syncState, baseHash } = content;
    expect(await stored(content.id)).toMatchObject({ title, slug, terms, metadata, syncState, baseHash });
  });
});

describe('a message with our content id', () => {
  test("gives a content without an answer to its create the site's id", async () => {
    const post = writePost(wordpress, { terms: [] });
    const content = await server.db.content.create({
      data: {
        accountId: tenant.accountId,
        siteId: tenant.site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        title: post.title,
        slug: post.slug,
        body: post.content,
        status: 'published',
        lastOpId: 'op-1',
      },
    });
    await tell('status', post, { status: 'publish', content_key: content.key, op_id: 'op-1' });
    await eventually(async () =>
      expect(await stored(content.id)).toMatchObject({ externalId: String(post.id), syncState: 'in_sync' }),
    );
    expect(await server.db.content.count({ where: { siteId: tenant.site.siteId } })).toBe(1);
  });

  test('beyond the range of ids finds no content, and causes no fault', async () => {
    for (const content_id of [2 ** 31, Number.MAX_SAFE_INTEGER]) {
      const post = writePost(wordpress);
      expect(await tell('status', post, { status: 'publish', content_id })).toMatchObject({
        contentId: null,
      });
    }
  });

  test.each(["another site's", 'another post’s'])('changes no content that is %s', async (which) => {
    const post = writePost(wordpress);
    const other = which === "another site's" ? await buildTenant(server, wordpress.url) : tenant;
    const content = await server.db.content.create({
      data: {
        accountId: other.accountId,
        siteId: other.site.siteId,
        platform: 'wordpress',
        contentType: 'post',
        externalId: other === tenant ? '987654' : null,
      },
    });
    expect(await tell('status', post, { status: 'publish', content_id: content.id })).toMatchObject({
      action: 'unknown_content',
      contentId: null,
    });
    await eventually(async () => expect(await contentOf(post)).toMatchObject({ syncState: 'in_sync' }));
    expect(await stored(content.id)).toEqual(content);
  });
});

describe('a message about an unknown content', () => {
  test('is stored as an event, and the server reads the post', async () => {
    const post = writePost(wordpress, {
      title: 'Größe & <em>more</em>',
      excerpt: 'Short',
      meta: { price: 3 },
    });
    expect(await tell('metadata', post, { title: 'Told' })).toMatchObject({
      action: 'unknown_content',
      success: true,
      contentId: null,
      externalId: String(post.id),
      integrationId: tenant.integrationId,
      details: { changed: false },
    });
    await eventually(async () =>
      expect(await contentOf(post)).toMatchObject({
        accountId: tenant.accountId,
        contentType: 'post',
        title: 'Größe & <em>more</em>',
        slug: post.slug,
        body: post.content,
        excerpt: 'Short',
        status: 'published',
        terms: newsAndGreen,
        metadata: { price: 3 },
        externalStatus: 'publish',
        externalUrl: `${wordpress.url}/${post.slug}/`,
        externalModifiedAt: new Date('2026-03-01T10:00:00Z'),
        syncState: 'in_sync',
      }),
    );
    expect((await eventsOf('content')).at(-1)).toMatchObject({
      action: 'pulled',
      success: true,
      externalId: String(post.id),
      details: { outcome: 'created', cause: 'webhook', untold: false },
    });
  });

  test('of a custom type makes the server read where the structure says', async () => {
    await server.as(tenant.owner).post(`${path()}/sync`, { direction: 'metadata' }).expect(200);
    const post = writePost(wordpress, { type: 'book', terms: [4] });
    await tell('status', post, { status: 'publish' });
    await eventually(async () =>
      expect(await contentOf(post)).toMatchObject({
        contentType: 'book',
        terms: [{ taxonomy: 'genre', slug: 'poetry', name: 'Poetry' }],
      }),
    );
  });

  test('that is deleted causes no read', async () => {
    const post = writePost(wordpress, { status: 'trash' });
    expect(await tell('status', post, { status: 'trash' })).toMatchObject({ action: 'unknown_content' });
    await settled();
    expect([await contentOf(post), readsOf(post)]).toEqual([null, 0]);
  });

  test.each([{ is_active: false }, { sync_enabled: false }])('causes no read when %j', async (change) => {
    await server.as(tenant.owner).patch(path(), change).expect(200);
    const post = writePost(wordpress);
    expect(await tell('status', post, { status: 'publish' })).toMatchObject({ action: 'unknown_content' });
    await settled();
    expect([await contentOf(post), readsOf(post)]).toEqual([null, 0]);
  });

  test('is read in the end when the site is down at first', async () => {
    const post = writePost(wordpress);
    wordpress.setFault('maintenance');
    await tell('status', post, { status: 'publish' });
    await eventually(async () =>
      expect((await eventsOf('content')).at(-1)).toMatchObject({
        action: 'pull_failed',
        success: false,
        details: { code: 'maintenance', cause: 'webhook' },
      }),
    );
    wordpress.clearFaults();
    // The site asked for a pause of ten minutes. A passing connection test ends the pause.
    await server
      .as(tenant.owner)
      .post(`${integrationsPath}/${tenant.integrationId}/test-connection`)
      .expect(200);
    await eventually(async () => {
      await server.db.$executeRaw`
        UPDATE pgboss.job SET start_after = now() WHERE name = 'content' AND state = 'retry'`;
      expect(await contentOf(post)).toMatchObject({ syncState: 'in_sync' });
    });
  });
});

describe('a delivery that cannot be applied', () => {
  /** Stores a delivery with a body that no version of the server would have stored. */
  async function unreadable(attempts: number): Promise<number> {
    const post = writePost(wordpress);
    const delivery = await server.db.webhookDelivery.create({
      data: {
        accountId: tenant.accountId,
        siteId: tenant.site.siteId,
        webhookId: `broken-${post.id}`,
        topic: 'status',
        subject: `post:${post.id}`,
        body: { external_id: [] },
        bodyHash: '',
        attempts,
      },
    });
    // The row was inserted directly, so it has no job yet. A replay creates one.
    await server.as(tenant.owner).post(`${deliveries()}/${delivery.id}/replay`).expect(200);
    return Number(delivery.id);
  }
  const deliveries = () => `${webhooksPath}/deliveries`;
  const row = (id: number) => server.db.webhookDelivery.findUniqueOrThrow({ where: { id: BigInt(id) } });
  const list = async (query: string) => {
    const { body } = await server.as(tenant.owner).get(`${deliveries()}?${query}`).expect(200);
    return body;
  };
  const counts = async () => (await server.as(tenant.owner).get(`${path()}/debug-status`).expect(200)).body;
  /** Makes the next try due now. */
  const hurry = (id: number) => server.db.$executeRaw`
    UPDATE pgboss.job SET start_after = now()
    WHERE name = 'webhook' AND state = 'retry' AND data->>'deliveryId' = ${String(id)}`;

  test('is retried at growing intervals, then dead, reported, and applied when it is replayed', async () => {
    const id = await unreadable(0);
    await eventually(async () => expect(await row(id)).toMatchObject({ status: 'failed', attempts: 1 }));
    expect(await row(id)).toMatchObject({
      errorMessage: 'The stored body cannot be read.',
      processedAt: null,
    });
    expect((await counts()).webhooks).toMatchObject({ received_24h: 1, pending: 0, failed: 1, dead: 0 });
    const [retry] = await eventually(async () => {
      const jobs = await server.db.$queryRaw<{ wait: number }[]>`
        SELECT extract(epoch FROM start_after - now())::float AS wait FROM pgboss.job
        WHERE name = 'webhook' AND state = 'retry' AND data->>'deliveryId' = ${String(id)}`;
      expect(jobs).toHaveLength(1);
      return jobs;
    });
    expect(retry?.wait).toBeLessThan(60);
    // Skips the tries in between.
    await server.db.webhookDelivery.update({ where: { id: BigInt(id) }, data: { attempts: 8 } });
    await eventually(async () => {
      await hurry(id);
      expect(await row(id)).toMatchObject({ status: 'dead', attempts: 9 });
    });
    await settled();
    expect((await eventsOf('webhook')).at(-1)).toMatchObject({
      action: 'dead',
      success: false,
      errorMessage: 'The stored body cannot be read.',
      details: { delivery_id: id, attempts: 9 },
    });
    const status = await counts();
    expect(status.webhooks).toMatchObject({ received_24h: 1, pending: 0, failed: 0, dead: 1 });
    expect(status.problems).toContainEqual(
      expect.objectContaining({ code: 'webhooks_dead', severity: 'error' }),
    );
    expect(await list('status=dead')).toEqual({
      results: [
        {
          id,
          key: aKey,
          site_id: tenant.site.siteId,
          webhook_id: expect.stringMatching(/^broken-/),
          topic: 'status',
          status: 'dead',
          attempts: 9,
          body: { external_id: [] },
          error_message: 'The stored body cannot be read.',
          received_at: expect.any(String),
          processed_at: null,
        },
      ],
      next_cursor: null,
    });

    const post = writePost(wordpress);
    const content = await buildContent(server, tenant, post);
    post.status = 'draft';
    const body = {
      external_id: String(post.id),
      post_type: 'post',
      status: 'draft',
      modified_gmt: '2026-03-01T10:00:00',
    };
    await server.db.webhookDelivery.update({
      where: { id: BigInt(id) },
      data: { body, subject: `post:${post.id}` },
    });
    const replayed = await server.as(tenant.owner).post(`${deliveries()}/${id}/replay`).expect(200);
    expect(replayed.body).toMatchObject({ id, status: 'pending', attempts: 0, error_message: null });
    expect(await applied(id)).toMatchObject({ action: 'updated', contentId: content.id });
    expect(await stored(content.id)).toMatchObject({ status: 'draft' });
    expectProblem(await server.as(tenant.owner).post(`${deliveries()}/${id}/replay`), 409, {
      code: 'already_processed',
    });
    expect((await eventsOf('webhook')).filter(({ action }) => action === 'replayed').at(-1)).toMatchObject({
      details: { delivery_id: id, user_id: tenant.owner.userId },
    });
  });

  test('delays no other delivery: a later one about the same post is applied', async () => {
    const id = await unreadable(0);
    await eventually(async () => expect(await row(id)).toMatchObject({ status: 'failed' }));
    const [, postId] = (await row(id)).subject.split(':');
    const post = wordpress.state.posts.find((each) => each.id === Number(postId));
    if (!post) throw new Error('no post');
    expect(await tell('status', post, { status: 'publish' })).toMatchObject({ action: 'unknown_content' });
    await server.db.webhookDelivery.delete({ where: { id: BigInt(id) } });
  });

  test('is in the list, which has pages, newest first, filters, and only own rows', async () => {
    const stranger = await buildTenant(server, wordpress.url);
    await deliver(server, stranger.site, 'status', {
      external_id: '1',
      post_type: 'post',
      status: 'trash',
      modified_gmt: '2026-03-01T10:00:00',
    });
    const ids: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      const answer = await deliver(server, tenant.site, 'status', {
        external_id: '1',
        post_type: 'post',
        status: 'trash',
        modified_gmt: `2026-03-01T10:00:0${count}`,
      });
      ids.unshift(Number(answer.body.delivery_id));
    }
    for (const id of ids) await applied(id);
    const seen: number[] = [];
    let cursor: string | null = '';
    do {
      const page: { results: { id: number; status: string }[]; next_cursor: string | null } = await list(
        `limit=2${cursor ? `&cursor=${cursor}` : ''}`,
      );
      seen.push(...page.results.map(({ id }) => id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(ids);
    expect((await list(`site_id=${tenant.site.siteId}&status=processed`)).results).toHaveLength(5);
    expect((await list('status=dead')).results).toEqual([]);
    for (const query of ['status=done', 'cursor=x', 'limit=0', 'limit=201', 'site_id=x'])
      expectProblem(await server.as(tenant.owner).get(`${deliveries()}?${query}`), 400, {
        fields: [query.split('=')[0] ?? ''],
      });
  });

  test("answers 404 for the deliveries of a missing site or another account's", async () => {
    const other = await buildTenant(server);
    for (const id of [other.site.siteId, 2_000_000_000])
      expectProblem(await server.as(tenant.owner).get(`${deliveries()}?site_id=${id}`), 404);
  });
});

describe('debug-status', () => {
  const status = async () => (await server.as(tenant.owner).get(`${path()}/debug-status`).expect(200)).body;
  const codes = async () => (await status()).problems.map(({ code }: { code: string }) => code);

  test('counts the deliveries of a day, and gives the time of the last one', async () => {
    const post = writePost(wordpress);
    await tell('status', post, { status: 'publish' });
    await tell('metadata', post, { title: 'Told' });
    const [first, last] = await server.db.webhookDelivery.findMany({
      where: { siteId: tenant.site.siteId },
      orderBy: { id: 'asc' },
    });
    expect((await status()).webhooks).toEqual({
      received_24h: 2,
      pending: 0,
      failed: 0,
      dead: 0,
      last_received_at: last?.receivedAt.toISOString(),
    });
    const longAgo = new Date('2026-01-01T00:00:00Z');
    await server.db.webhookDelivery.update({ where: { id: first?.id ?? 0n }, data: { receivedAt: longAgo } });
    expect((await status()).webhooks).toMatchObject({ received_24h: 1 });
    await server.db.webhookDelivery.update({ where: { id: last?.id ?? 0n }, data: { receivedAt: longAgo } });
    expect((await status()).webhooks).toMatchObject({
      received_24h: 0,
      last_received_at: longAgo.toISOString(),
    });
  });

  test('reports webhooks_silent when a pull found a change and no webhook came', async () => {
    await server.as(tenant.owner).post(`${path()}/test-connection`).expect(200);
    await server.as(tenant.owner).post(`${path()}/sync`, { direction: 'metadata' }).expect(200);
    const post = writePost(wordpress);
    const { id } = await buildContent(server, tenant, post);
    const longAgo = () =>
      server.db.syncEvent.updateMany({
        where: { siteId: tenant.site.siteId, eventType: 'content' },
        data: { createdAt: new Date(Date.now() - 11 * 60_000) },
      });
    // A pull without a change does not make the webhooks silent.
    await server.db.syncEvent.deleteMany({ where: { siteId: tenant.site.siteId, eventType: 'content' } });
    const pull = () =>
      server.as(tenant.owner).post(`${path()}/sync-wordpress-content`, { content_id: id }).expect(200);
    await pull();
    await longAgo();
    expect(await codes()).toEqual([]);
    Object.assign(post, { title: 'Changed', modified_gmt: '2026-03-01T10:00:05' });
    await pull();
    // The webhook may still come.
    expect(await codes()).toEqual([]);
    await longAgo();
    expect(await codes()).toEqual(['webhooks_silent']);
    await tell('metadata', post, { title: 'Changed' });
    expect(await codes()).toEqual([]);
  });
});
