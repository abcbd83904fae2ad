/**
 * Changes that leave no date on the posts of a real WordPress: the plugin tells them, and they are right on the server
 * by the message alone, without a sync that a person or a schedule starts.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildAccount, buildSite, type TestSite, type TestUser } from '../support/builders.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { Mariadb } from './support/mariadb.ts';
import { type ConnectedSite, connectSite, idOf } from './support/outbox.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let server: TestServer;
  let wordpress: Wordpress;
  let site: ConnectedSite;
  let owner: TestUser;
  let account: TestSite;
  let path: string;

  beforeAll(async () => {
    server = await startTestServer({ SYNC_WAIT_S: '60' });
    wordpress = await startWordpress(mariadb, { version });
    owner = await buildAccount(server);
    account = await buildSite(server, owner.accountId, wordpress.url);
    site = await connectSite(wordpress, { url: server.url, siteId: account.siteId, key: account.key });
    const { id } = await server.db.siteIntegration.findFirstOrThrow({ where: { siteId: account.siteId } });
    path = `/api/v1/integration/integrations/${id}`;
  });
  afterAll(async () => {
    await wordpress.stop();
    await server.stop();
  });

  const php = (code: string) => wordpress.php(code);
  const makeTerm = async (base: string, fields: Record<string, unknown>) =>
    idOf(await site.rest('POST', `/wp/v2/${base}`, fields));
  const contentOf = (postId: number) =>
    server.db.content.findFirstOrThrow({ where: { siteId: account.siteId, externalId: String(postId) } });
  const slugsOf = async (postId: number) =>
    ((await contentOf(postId)).terms as { slug: string }[]).map(({ slug }) => slug).sort();
  const topicsSince = async (deliveryId: bigint) =>
    (
      await server.db.webhookDelivery.findMany({
        where: { siteId: account.siteId, id: { gt: deliveryId } },
        orderBy: { id: 'asc' },
      })
    ).map(({ topic }) => topic);
  const lastDelivery = async () =>
    (
      await server.db.webhookDelivery.findFirst({
        where: { siteId: account.siteId },
        orderBy: { id: 'desc' },
      })
    )?.id ?? 0n;
  /** Waits until the site has sent everything, and the server has done everything that it has to do about it. */
  const settled = async () => {
    await site.settled();
    await eventually(async () => {
      const where = { siteId: account.siteId, status: { not: 'processed' as const } };
      expect(await server.db.webhookDelivery.count({ where })).toBe(0);
      const [jobs] = await server.db.$queryRaw<{ open: number }[]>`
        SELECT count(*)::int AS open FROM pgboss.job
        WHERE name IN ('webhook', 'content', 'sync') AND state IN ('created', 'active', 'retry')`;
      expect(jobs?.open).toBe(0);
    }, 60_000);
  };
  const sync = async (body: object) => {
    await settled();
    return (await server.as(owner).post(`${path}/sync`, body).expect(200)).body;
  };
  /** Makes a change on the site. Returns the topics of its messages. */
  const toldOf = async (change: () => Promise<unknown>) => {
    await settled();
    const last = await lastDelivery();
    await change();
    await settled();
    return topicsSince(last);
  };
  /** Expects that a reading of everything finds nothing that the messages have not told. */
  const expectEqual = async () => {
    const run = await sync({ direction: 'from_external', full: true });
    expect(run).toMatchObject({
      status: 'success',
      totals: { created: 0, updated: 0, deleted: 0, conflicts: 0, failed: 0 },
    });
  };

  test('a renamed category is right in all contents that hold it', async () => {
    const category = await makeTerm('categories', { name: 'Weather' });
    const posts = [];
    for (const title of ['One', 'Two', 'Three'])
      posts.push(await site.makePost({ title, categories: [category] }));
    await sync({ direction: 'from_external' });
    const before = await Promise.all(posts.map(contentOf));
    expect(
      await toldOf(() =>
        php(
          `wp_update_term( ${category}, 'category', array( 'name' => 'Wetter & mehr', 'slug' => 'wetter' ) ); return true;`,
        ),
      ),
    ).toEqual(['terms']);
    const term = { taxonomy: 'category', slug: 'wetter', name: 'Wetter & mehr' };
    for (const [index, post] of posts.entries()) {
      const content = await contentOf(post);
      expect(content).toMatchObject({ terms: [term], syncState: 'in_sync', title: before[index]?.title });
      expect(content.externalModifiedAt).toEqual(before[index]?.externalModifiedAt);
    }
    await expectEqual();
  });

  test('a deleted category leaves all contents, which get the default category as on the site', async () => {
    const [one, two] = [
      await makeTerm('categories', { name: 'Short' }),
      await makeTerm('categories', { name: 'Long' }),
    ];
    const alone = await site.makePost({ title: 'Alone', categories: [one] });
    const both = await site.makePost({ title: 'Both', categories: [one, two] });
    const tag = await makeTerm('tags', { name: 'Fleeting' });
    await site.rest('POST', `/wp/v2/posts/${both}`, { tags: [tag] });
    await sync({ direction: 'from_external' });
    expect(await slugsOf(both)).toEqual(['fleeting', 'long', 'short']);
    expect(await toldOf(() => site.rest('DELETE', `/wp/v2/categories/${one}?force=true`))).toEqual(['terms']);
    expect(await slugsOf(alone)).toEqual(['uncategorized']);
    expect(await slugsOf(both)).toEqual(['fleeting', 'long']);
    expect(await toldOf(() => site.rest('DELETE', `/wp/v2/tags/${tag}?force=true`))).toEqual(['terms']);
    expect(await slugsOf(both)).toEqual(['long']);
    await expectEqual();
  });

  test('a changed slug of a parent is right in the terms and in the edits that name the path', async () => {
    const parent = await makeTerm('categories', { name: 'World' });
    const child = await makeTerm('categories', { name: 'Europe', parent });
    const post = await site.makePost({ title: 'Below', categories: [child] });
    await sync({ direction: 'from_external' });
    const { body: draft } = await server
      .as(owner)
      .post('/api/v1/content', {
        site_id: account.siteId,
        content_type: 'post',
        title: 'A draft here',
        terms: [{ taxonomy: 'category', slug: 'world/europe', name: 'Europe' }],
      })
      .expect(201);
    expect(
      await toldOf(() =>
        php(`wp_update_term( ${parent}, 'category', array( 'slug' => 'earth' ) ); return true;`),
      ),
    ).toEqual(['terms']);
    expect(await slugsOf(post)).toEqual(['europe']);
    const { terms } = await server.db.content.findUniqueOrThrow({ where: { id: draft.id } });
    expect(terms).toEqual([{ taxonomy: 'category', slug: 'earth/europe', name: 'Europe' }]);
    // The deletion of a parent moves its children up.
    expect(await toldOf(() => site.rest('DELETE', `/wp/v2/categories/${parent}?force=true`))).toEqual([
      'terms',
    ]);
    const moved = await server.db.siteTerm.findFirst({
      where: { siteId: account.siteId, taxonomy: 'category', externalId: String(child) },
    });
    expect(moved?.parentId).toBeNull();
    await server.as(owner).delete(`/api/v1/content/${draft.id}`).expect(204);
    await expectEqual();
  });

  test('posts of a deleted user that were given to another have their new author', async () => {
    const author = await php(
      "return wp_insert_user( array( 'user_login' => 'leaving', 'user_pass' => 'x', 'role' => 'author' ) );",
    );
    const post = await site.makePost({ title: 'Given away', author });
    await sync({ direction: 'from_external' });
    expect((await contentOf(post)).birth).toMatchObject({ author: String(author) });
    const told = await toldOf(() =>
      php(
        `require_once ABSPATH . 'wp-admin/includes/user.php'; return wp_delete_user( ${author}, ${wordpress.users.editor} );`,
      ),
    );
    expect(told).toEqual(['site']);
    expect((await contentOf(post)).birth).toMatchObject({ author: String(wordpress.users.editor) });
    await expectEqual();
  });

  test('a picture that was deleted from the library leaves its posts', async () => {
    const picture = await php(
      "return wp_insert_attachment( array( 'post_title' => 'p', 'post_mime_type' => 'image/png', 'post_status' => 'inherit' ), 'p.png' );",
    );
    const post = await site.makePost({ title: 'With a picture' });
    await php(`return (bool) update_post_meta( ${post}, '_thumbnail_id', ${picture} );`);
    await sync({ direction: 'from_external' });
    expect((await contentOf(post)).metadata).toMatchObject({ featured_media: picture });
    expect(await toldOf(() => php(`return (bool) wp_delete_attachment( ${picture}, true );`))).toEqual([
      'metadata',
    ]);
    expect((await contentOf(post)).metadata).not.toHaveProperty('featured_media');
    await expectEqual();
  });

  test('a changed permalink structure has the links read, and other settings of the site are told', async () => {
    await sync({ direction: 'from_external' });
    const integration = () =>
      server.db.siteIntegration.findFirstOrThrow({ where: { siteId: account.siteId } });
    const told = await toldOf(() =>
      php(`update_option( 'blogname', 'Salt &amp; pepper' ); update_option( 'timezone_string', 'Europe/Berlin' );
        update_option( 'permalink_structure', '/%year%/%postname%/' ); return true;`),
    );
    expect(told).toEqual(['site']);
    expect((await integration()).siteFacts).toMatchObject({
      home: wordpress.url,
      site_url: wordpress.url,
      name: 'Salt & pepper',
      permalink_structure: '/%year%/%postname%/',
      time_zone: 'Europe/Berlin',
    });
    const runs = () => server.db.syncRun.count({ where: { siteId: account.siteId } });
    const before = await runs();
    expect(await toldOf(() => php("update_option( 'blogname', 'Salt' ); return true;"))).toEqual(['site']);
    expect(await runs()).toBe(before);
    const last = await lastDelivery();
    await toldOf(() => php("update_option( 'permalink_structure', '/%postname%/' ); return true;"));
    expect(await runs()).toBe(before + 1);
    const event = await server.db.syncEvent.findFirst({
      where: { siteId: account.siteId, eventType: 'webhook', action: 'links_changed' },
      orderBy: { id: 'desc' },
    });
    expect(Object(event?.details).delivery_id).toBeGreaterThan(Number(last));
  });
});
