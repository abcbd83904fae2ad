/**
 * After a database or a site was lost or restored, no content overwrites a post of a real WordPress that it
 * did not create.
 */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { buildTenant } from '../support/builders.ts';
import { copyTestDatabase, createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedTenant, syncedTenant, type Way } from '../support/syncedSite.ts';
import type { AdminSession } from './support/admin-session.ts';
import { CONNECTOR_030, installConnector } from './support/connector.ts';
import type { Mariadb } from './support/mariadb.ts';
import { withMariadb } from './support/stage.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

/** The server address in the plugin, the same for each server. */
const SERVER_URL = 'http://127.0.0.1:9';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

type Means = Way | 'connector 0.3.0';

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let wordpress: Wordpress;
  let admin: AdminSession;
  let database: TestDatabase;
  let server: TestServer;
  let site: SyncedTenant;
  const databases: TestDatabase[] = [];

  beforeEach(async () => {
    wordpress = await startWordpress(mariadb, { version });
    database = await createTestDatabase();
    databases.push(database);
    server = await startTestServer({ SYNC_WAIT_S: '120' }, { database });
  });
  afterEach(async () => {
    await server.stop();
    await wordpress.stop();
    for (const each of databases.splice(0)) await each.drop();
  });

  /** Connects the site to the running server, as the server's first site. */
  const connect = async (means: Means) => {
    site = syncedTenant(server, await buildTenant(server, wordpress.url));
    const { id, key, siteId } = { id: wordpress.users.editor, ...site.tenant.site };
    if (means === 'password') {
      const password = await wordpress.php(
        `return WP_Application_Passwords::create_new_application_password( ${id}, array( 'name' => uniqid() ) )[0];`,
      );
      const credentials_json = { username: 'editor', application_password: String(password) };
      await server.as(site.tenant.owner).patch(site.path(), { credentials_json }).expect(200);
      return;
    }
    admin ??= await wordpress.adminSession();
    const settings = { server_url: SERVER_URL, site_id: String(siteId), api_key: key, user_id: String(id) };
    await admin.pressSettings('Save', settings);
  };

  const install = async (means: Means) => {
    if (means !== 'password')
      admin = await installConnector(wordpress, means === 'connector' ? undefined : CONNECTOR_030);
  };

  /** Stops the server, and starts a server on another database at the same address. */
  const moveTo = async (next: TestDatabase) => {
    await server.stop();
    database = next;
    databases.push(next);
    server = await startTestServer({ SYNC_WAIT_S: '120' }, { database });
  };

  const backup = async (): Promise<TestDatabase> => {
    await server.stop();
    const copy = await copyTestDatabase(database);
    server = await startTestServer({ SYNC_WAIT_S: '120' }, { database });
    site = syncedTenant(server, site.tenant);
    return copy;
  };

  const write = (title: string, fields: object = {}) =>
    site.write({ title, body: `<p>${title}</p>`, status: 'ready', ...fields });

  /** The posts on the site with one of these titles, each with its text. */
  const there = async (...titles: string[]) => {
    const list = titles.map((title) => `'${title}'`).join(',');
    const rows = await wordpress.query(
      `SELECT post_title AS title, post_content AS content FROM wp_posts
      WHERE post_title IN (${list}) AND post_type = 'post' AND post_status <> 'trash' ORDER BY post_title`,
    );
    return rows.map(({ title, content }) => [title, content]);
  };
  const textsOf = (...titles: string[]) => titles.toSorted().map((title) => [title, `<p>${title}</p>`]);

  const ended = async (run: { error: string | null; status: string }) => ({
    status: run.status,
    error: run.error,
  });
  const success = { status: 'success', error: null };

  test.each<Means>(['connector', 'password', 'connector 0.3.0'])(
    'a new server at the same address overwrites no post (%s)',
    async (means) => {
      await install(means);
      await connect(means);
      for (const title of ['Alpha', 'Gamma', 'Delta']) await write(title);
      expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);

      await moveTo(await createTestDatabase());
      await connect(means);
      for (const title of ['Beta0', 'Beta1', 'Beta2']) await write(title);
      // Once before the server has read anything, and once after.
      await site.sync({ direction: 'to_external' });
      await site.sync({ direction: 'both' });
      const old = ['Alpha', 'Gamma', 'Delta'];
      expect(await there(...old)).toEqual(textsOf(...old));
      const contents = await site.contents();
      for (const title of old) expect(contents.filter((each) => each.title === title)).toHaveLength(1);
      if (means === 'connector 0.3.0') {
        // The new contents have the numbers of the previous server's posts. They name the posts they would
        // have overwritten.
        const states = contents.filter(({ title }) => title.startsWith('Beta'));
        expect(states.map(({ syncState }) => syncState)).toContain('conflict');
      } else {
        const made = ['Beta0', 'Beta1', 'Beta2'];
        expect(await there(...made)).toEqual(textsOf(...made));
        expect(contents.filter(({ syncState }) => syncState !== 'in_sync')).toEqual([]);
      }
    },
  );

  test('a restored backup of the database overwrites no post, and is read before it writes (connector)', async () => {
    await install('connector');
    await connect('connector');
    await write('Before');
    expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);
    const copy = await backup();
    const lost = await write('Lost');
    expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);

    await moveTo(copy);
    site = syncedTenant(server, site.tenant);
    const next = await write('Next');
    expect(next).toBe(lost);
    const run = await site.sync({ direction: 'both' });
    expect(run).toMatchObject({ status: 'failed', totals: { pushed: 0 } });
    expect(run.error).toContain('a backup was restored');
    expect(await there('Lost')).toEqual(textsOf('Lost'));
    // The server reads everything by itself. After that, pushes work again.
    await eventually(async () =>
      expect(await site.contents({ title: 'Lost', syncState: 'in_sync' })).toHaveLength(1),
    );
    await eventually(async () => {
      const { body } = await server.as(site.tenant.owner).get(site.path('/debug-status')).expect(200);
      expect(body.problems.map(({ code }: { code: string }) => code)).not.toContain('database_restored');
    });
    expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);
    expect(await there('Before', 'Lost', 'Next')).toEqual(textsOf('Before', 'Lost', 'Next'));
    expect((await site.contents()).filter(({ syncState }) => syncState !== 'in_sync')).toEqual([]);
  });

  test('a content that was waiting in a restored backup is not created twice (password)', async () => {
    await connect('password');
    await write('Waits', { slug: 'waits' });
    const copy = await backup();
    expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);

    await moveTo(copy);
    site = syncedTenant(server, site.tenant);
    expect(await ended(await site.sync({ direction: 'to_external' }))).toEqual(success);
    expect(await there('Waits')).toEqual(textsOf('Waits'));
    const [content] = await site.contents({ title: 'Waits' });
    expect(content).toMatchObject({ syncState: 'in_sync', externalId: expect.any(String) });
    const events = await server.db.syncEvent.findMany({ where: { action: 'already_there' } });
    expect(events.map(({ contentId }) => contentId)).toEqual([content?.id]);
  });

  test.each<Way>(['connector', 'password'])(
    'a post that has a content’s id in a restored site is another post (%s)',
    async (way) => {
      await install(way);
      await connect(way);
      expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);
      const tables = ['wp_posts', 'wp_postmeta', 'wp_term_relationships'];
      if (way === 'connector') tables.push('wp_sitebridge_links', 'wp_sitebridge_items');
      const kept = await savedTables(wordpress, tables);
      const ours = await write('Ours one');
      expect(await ended(await site.sync({ direction: 'both' }))).toEqual(success);
      const { externalId } = await site.content(ours);

      await kept.restore();
      const theirs = await wordpress.php(
        `return wp_insert_post( array( 'import_id' => ${externalId}, 'post_title' => 'Theirs 0', 'post_content' => '<p>Theirs 0</p>', 'post_status' => 'publish', 'post_date' => '2026-01-02 03:04:05', 'post_author' => 1 ) );`,
      );
      expect(String(theirs)).toBe(externalId);
      await site.sync({ direction: 'both', full: true });
      expect(await there('Ours one', 'Theirs 0')).toEqual(textsOf('Theirs 0'));
      expect(await site.content(ours)).toMatchObject({
        title: 'Ours one',
        body: '<p>Ours one</p>',
        syncState: 'deleted_remote',
        externalId: null,
      });
      expect(await site.contents({ externalId })).toMatchObject([
        { title: 'Theirs 0', syncState: 'in_sync' },
      ]);
    },
  );
});

/** Backs up some tables. Returns the function that restores them. */
async function savedTables(wordpress: Wordpress, tables: readonly string[]) {
  const existing: string[] = [];
  for (const table of tables) {
    if ((await wordpress.query(`SHOW TABLES LIKE '${table}'`)).length === 0) continue;
    existing.push(table);
    await wordpress.query(`CREATE TABLE saved_${table} LIKE ${table}`);
    await wordpress.query(`INSERT INTO saved_${table} SELECT * FROM ${table}`);
  }
  return {
    async restore() {
      for (const table of existing) {
        await wordpress.query(`TRUNCATE ${table}`);
        await wordpress.query(`INSERT INTO ${table} SELECT * FROM saved_${table}`);
      }
    },
  };
}
