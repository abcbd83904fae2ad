/**
 * The server stores every change in a real WordPress although processes die. Plugin, server and database are
 * real.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { migrateDatabase } from '../../src/database/migrate.ts';
import { createLogger } from '../../src/logger.ts';
import { Folder, type User } from '../database/embeddedUser.ts';
import { Programs, testSettings } from '../process/serverProcess.ts';
import { buildAccount, buildSite, type TestSite, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { expectProblem } from '../support/problems.ts';
import { Relay } from '../support/relay.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { syncedTenant } from '../support/syncedSite.ts';
import { post, signedHeaders } from '../support/webhooks.ts';
import { type Mariadb, startMariadb } from './support/mariadb.ts';
import { type ConnectedSite, connectSite, idOf } from './support/outbox.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const SITES = versionsUnderTest().flatMap((version) => [
  { version, server: 'php-S' as const },
  { version, server: 'fpm' as const },
]);
const POSTS = 200;
const PUSHED = 10;
/** The number of posts that are saved at once, as by several editors. */
const EDITORS = 4;

const programs = new Programs();
let mariadb: Mariadb;
let folder: Folder;
let postgres: User;
/** Fixed addresses, whatever restarts behind them. */
let databaseRelay: Relay;
let serverRelay: Relay;
let databaseUrl: string;
let serverUrl: string;
let server: Awaited<ReturnType<Programs['start']>>;
/** Reads the database and answers the dashboard's calls. It receives no webhooks. */
let observer: TestServer;

const startServer = async () => {
  server = await programs.start({ ...testSettings, DATABASE_URL: databaseUrl });
  serverRelay.pointTo(Number(new URL(server.url).port));
};

beforeAll(async () => {
  mariadb = await startMariadb();
  folder = await Folder.make();
  postgres = await folder.open();
  databaseRelay = new Relay(Number(postgres.port));
  const address = new URL(postgres.url);
  address.port = String(await databaseRelay.port());
  databaseUrl = address.href;
  await migrateDatabase({ url: databaseUrl, logger: createLogger('silent') });
  serverRelay = new Relay(0);
  serverUrl = `http://127.0.0.1:${await serverRelay.port()}`;
  await startServer();
  observer = await startTestServer({ ROLE: 'api' }, { database: { url: databaseUrl } });
});
afterAll(async () => {
  await observer.stop();
  await programs.endAll();
  await serverRelay.stop();
  await databaseRelay.stop();
  await folder.remove();
  await mariadb.stop();
});

describe.each(SITES)('WordPress $version on $server', (options) => {
  let wordpress: Wordpress;
  let site: ConnectedSite;
  let owner: TestUser;
  let account: TestSite;

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    owner = await buildAccount(observer);
    account = await buildSite(observer, owner.accountId, wordpress.url);
    site = await connectSite(wordpress, { url: serverUrl, siteId: account.siteId, key: account.key });
  });
  afterAll(async () => {
    await wordpress.stop();
  });

  /** The content of a post, as the dashboard reads it. */
  const contentOf = async (postId: number) => {
    const query = `site_id=${account.siteId}&limit=200`;
    const { body } = await observer.as(owner).get(`/api/v1/content?${query}`).expect(200);
    return body.results.find((each: { external_id: string }) => each.external_id === String(postId));
  };
  const seen = (postId: number, expected: object) =>
    eventually(async () => expect(await contentOf(postId)).toMatchObject(expected), 20_000);
  const editPost = (id: number, fields: Record<string, unknown>) =>
    site.rest('POST', `/wp/v2/posts/${id}`, fields);
  const webhookEvents = async (postId: number) =>
    (
      await observer.db.syncEvent.findMany({
        where: { siteId: account.siteId, eventType: 'webhook', externalId: String(postId) },
        orderBy: { id: 'asc' },
      })
    ).map(({ action }) => action);
  /** Waits until no delivery is pending. */
  const applied = () =>
    eventually(async () => {
      const where = { siteId: account.siteId, status: { not: 'processed' as const } };
      expect(await observer.db.webhookDelivery.count({ where })).toBe(0);
    }, 60_000);

  test('the server stores each publish, edit, trash, untrash and delete of a post', async () => {
    const id = await site.makePost({ title: 'Tom & Jerry 😀', content: 'What was <b>written</b>' });
    await seen(id, {
      title: 'Tom & Jerry 😀',
      status: 'published',
      body: 'What was <b>written</b>',
      external_status: 'publish',
      external_url: expect.stringMatching(/^http/),
      sync_state: 'in_sync',
    });
    expect(await webhookEvents(id)).toContain('unknown_content');

    const tag = idOf(await site.rest('POST', '/wp/v2/tags', { name: 'Green & blue' }));
    await editPost(id, { title: 'Another title', slug: 'another', tags: [tag], content: 'Anew' });
    await seen(id, {
      title: 'Another title',
      slug: 'another',
      body: 'Anew',
      terms: expect.arrayContaining([{ taxonomy: 'post_tag', slug: 'green-blue', name: 'Green & blue' }]),
      sync_state: 'in_sync',
    });

    await editPost(id, { status: 'draft' });
    await seen(id, { status: 'draft', external_status: 'draft' });
    await site.rest('DELETE', `/wp/v2/posts/${id}`);
    await seen(id, { external_status: 'trash', sync_state: 'deleted_remote', title: 'Another title' });
    await wordpress.php(`return (bool) wp_untrash_post( ${id} );`);
    await seen(id, { external_status: 'draft', sync_state: 'in_sync' });
    await site.rest('DELETE', `/wp/v2/posts/${id}?force=true`);
    await seen(id, { external_status: 'deleted', sync_state: 'deleted_remote' });

    await site.settled();
    await applied();
    // Each message has left its event, and each had an effect.
    const told = { siteId: account.siteId, subject: `post:${id}` };
    expect(await webhookEvents(id)).toHaveLength(await observer.db.webhookDelivery.count({ where: told }));
    const { body } = await observer
      .as(owner)
      .get(`/api/v1/sites/${account.siteId}/events?event_type=webhook&success=false`)
      .expect(200);
    expect(body.results).toEqual([]);
  });

  test('a repeated message changes nothing; late, tampered and changed messages are refused', async () => {
    serverRelay.pointTo(0);
    const id = await site.makePost({ title: 'Told once' });
    const [row] = await wordpress.query(
      `SELECT webhook_id, body FROM wp_sitebridge_outbox WHERE post_id = ${id} AND topic = 'metadata'`,
    );
    serverRelay.pointTo(Number(new URL(server.url).port));
    await site.hurry();
    await site.settled();
    await applied();
    const deliveries = { siteId: account.siteId, subject: `post:${id}` };
    const kept = await observer.db.webhookDelivery.findMany({ where: deliveries });
    const events = await webhookEvents(id);
    expect(events).toHaveLength(2);

    // The message that the plugin sent, byte by byte.
    const text = String(row?.body);
    const send = (body: string, headers: Record<string, string>) =>
      post({ url: serverUrl }, 'metadata', body, { 'X-Site-Id': String(account.siteId), ...headers });
    const signed = (body: string, at = new Date()) =>
      signedHeaders(account.key, body, { id: String(row?.webhook_id), at });
    const again = await send(text, signed(text));
    expect([again.status, again.body]).toEqual([
      202,
      {
        received: true,
        delivery_id: Number(kept.find(({ topic }) => topic === 'metadata')?.id),
        duplicate: true,
      },
    ]);
    expectProblem(await send(text, signed(text, new Date(Date.now() - 360_000))), 401);
    const changed = text.replace('Told once', 'Told twice');
    expect(changed).not.toBe(text);
    expectProblem(await send(changed, signed(text)), 401);
    expectProblem(await send(changed, signed(changed)), 409, { code: 'webhook_id_reused' });

    expect(await observer.db.webhookDelivery.findMany({ where: deliveries })).toEqual(kept);
    expect(await webhookEvents(id)).toEqual(events);
    await seen(id, { title: 'Told once' });
  });

  test('the echo of a push changes nothing, and an edit on the site does', async () => {
    const { id: integrationId } = await observer.db.siteIntegration.findFirstOrThrow({
      where: { siteId: account.siteId },
    });
    const { accountId } = owner;
    const tenant = syncedTenant(observer, { accountId, owner, site: account, integrationId });
    await tenant.sync({ direction: 'from_external' });
    const push = async () => {
      expect(await tenant.sync({ direction: 'to_external' })).toMatchObject({
        status: 'success',
        totals: { pushed: PUSHED, conflicts: 0, failed: 0 },
      });
      const pushed = await tenant.contents({ id: { in: ids } });
      await site.hurry();
      await site.settled();
      await applied();
      return pushed;
    };
    const ids: number[] = [];
    for (let n = 0; n < PUSHED; n += 1)
      ids.push(await tenant.write({ title: `Pushed "${n}" & co`, body: '<p>Here</p>', status: 'ready' }));
    const first = await push();
    for (const id of ids) await tenant.edit(id, { title: `Pushed again ${id}`, excerpt: 'Short' });
    const second = await push();
    for (const pushed of [first, second]) {
      expect(pushed).toHaveLength(PUSHED);
      expect(new Set(pushed.map(({ syncState }) => syncState))).toEqual(new Set(['in_sync']));
    }
    // Not even the modification times of the contents changed.
    expect(await tenant.contents({ id: { in: ids } })).toEqual(second);
    for (const { externalId } of second) {
      const told = await webhookEvents(Number(externalId));
      expect(told.length).toBeGreaterThanOrEqual(3);
      expect(new Set(told)).toEqual(new Set(['echo']));
    }
    const quiet = await tenant.sync({ direction: 'both' });
    expect(quiet.totals).toMatchObject({ created: 0, updated: 0, pushed: 0, conflicts: 0, failed: 0 });

    const edited = Number(second[0]?.externalId);
    await editPost(edited, { title: 'Edited there', content: 'There' });
    await seen(edited, { title: 'Edited there', body: 'There', sync_state: 'in_sync' });
    expect(new Set(await webhookEvents(edited))).not.toEqual(new Set(['echo']));
  }, 120_000);

  test(`${POSTS} posts are saved while server and database go down: all arrive, each once`, async () => {
    const titles = new Map<number, string>();
    let next = 0;
    /** Saves posts up to this number, several at once. */
    const saveUpTo = async (count: number) => {
      const editor = async () => {
        while (next < count) {
          next += 1;
          const title = `Post ${next} of ${POSTS}`;
          titles.set(await site.makePost({ title }), title);
        }
      };
      await Promise.all(Array.from({ length: EDITORS }, editor));
    };
    const saving = (count: number) => eventually(() => expect(next).toBeGreaterThanOrEqual(count), 120_000);

    const saved = saveUpTo(POSTS);
    await saving(50);
    await server.end('SIGKILL');
    await saving(80);
    expect(await postgres.close()).toBe(0);
    await saving(120);
    // The server starts first and waits for its database.
    postgres = await folder.open();
    databaseRelay.pointTo(Number(postgres.port));
    await saving(150);
    await startServer();
    await saved;
    expect(titles.size).toBe(POSTS);

    await eventually(async () => {
      await site.hurry();
      await site.cron();
      expect(await site.rows()).toBe(0);
    }, 120_000);
    await applied();
    // Some posts were saved while no server was reachable.
    const posts = [...titles.keys()].map(String);
    const deliveries = await observer.db.webhookDelivery.groupBy({
      by: ['subject', 'topic'],
      where: { siteId: account.siteId, subject: { in: posts.map((post) => `post:${post}`) } },
      _count: { _all: true },
    });
    expect(deliveries).toHaveLength(2 * POSTS);
    expect(deliveries.every(({ _count }) => _count._all === 1)).toBe(true);

    const where = { siteId: account.siteId, contentType: 'post', externalId: { in: posts } };
    await eventually(async () => expect(await observer.db.content.count({ where })).toBe(POSTS), 120_000);
    const contents = await observer.db.content.findMany({ where });
    const found = contents.map((content) => [Number(content.externalId), content.title] as const);
    expect(new Map(found)).toEqual(titles);
    expect(contents.every(({ syncState }) => syncState === 'in_sync')).toBe(true);
    const created = await observer.db.$queryRaw<{ external: string; times: number }[]>`
      SELECT external_id AS external, count(*)::int AS times FROM sync_event
      WHERE site_id = ${account.siteId} AND event_type = 'content' AND details->>'outcome' = 'created'
      GROUP BY external_id`;
    const times = new Map(created.map((row) => [row.external, row.times]));
    expect(posts.map((post) => times.get(post))).toEqual(posts.map(() => 1));
  }, 400_000);

  test('neither side logged a fault', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
    expect(server.stderr).not.toContain('fault of ours');
    expect(server.stdout + server.stderr).not.toContain(account.key);
  });
});
