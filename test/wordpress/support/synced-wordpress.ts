/** A real WordPress with many contents, a server, and workers in processes of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { type Program, Programs, testSettings } from '../../process/serverProcess.ts';
import { buildTenant } from '../../support/builders.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { eventually } from '../../support/eventually.ts';
import { Relay } from '../../support/relay.ts';
import { startTestServer, type TestServer } from '../../support/server.ts';
import { type SyncedTenant, syncedTenant, type Way } from '../../support/syncedSite.ts';
import type { AdminSession } from './admin-session.ts';
import { CONNECTOR, installConnector } from './connector.ts';
import { databaseContents, storedContent } from './database-contents.ts';
import type { Mariadb } from './mariadb.ts';
import { type SiteProxy, startSiteProxy } from './site-proxy.ts';
import { startWordpress, type Wordpress, type WordpressOptions } from './wordpress.ts';

export class SyncedWordpress {
  readonly wordpress: Wordpress;
  /** The address at which the server reaches the WordPress. */
  readonly proxy: SiteProxy;
  readonly server: TestServer;
  readonly #database: TestDatabase;
  readonly #programs = new Programs();
  /** The address at which the WordPress reaches the server. */
  readonly #relay: Relay;
  readonly #admin: AdminSession;
  #worker: Program | null = null;
  #hasConnector = true;
  /** The log of the workers that have ended. */
  #logged = '';

  private constructor(parts: {
    wordpress: Wordpress;
    proxy: SiteProxy;
    server: TestServer;
    database: TestDatabase;
    relay: Relay;
    admin: AdminSession;
  }) {
    this.wordpress = parts.wordpress;
    this.proxy = parts.proxy;
    this.server = parts.server;
    this.#database = parts.database;
    this.#relay = parts.relay;
    this.#admin = parts.admin;
  }

  /** Starts everything except a worker. */
  static async start(mariadb: Mariadb, options: WordpressOptions): Promise<SyncedWordpress> {
    const database = await createTestDatabase();
    const server = await startTestServer({ ROLE: 'api', SYNC_WAIT_S: '120' }, { database });
    const wordpress = await startWordpress(mariadb, options);
    const proxy = await startSiteProxy(wordpress.url);
    wordpress.setMuPlugin('syncable-meta', true);
    wordpress.setMuPlugin('own-namespace', true);
    await wordpress.php(
      // An editor may not edit the privacy policy page that WordPress creates.
      `update_option( 'home', '${proxy.url}' ); return delete_option( 'wp_page_for_privacy_policy' );`,
    );
    await wordpress.php(phpFile('many-contents.php'));
    const admin = await installConnector(wordpress);
    return new SyncedWordpress({ wordpress, proxy, server, database, relay: new Relay(0), admin });
  }

  /** Creates a new account with this site, without stored contents. */
  async connect(way: Way): Promise<SyncedTenant> {
    const tenant = await buildTenant(this.server, this.proxy.url);
    const site = syncedTenant(this.server, tenant);
    const { editor } = this.wordpress.users;
    // A run reads posts again that were edited in the seconds before the last read. Older dates avoid that.
    await this.wordpress.query(
      `UPDATE wp_posts SET post_modified = post_modified - INTERVAL 1 HOUR,
        post_modified_gmt = post_modified_gmt - INTERVAL 1 HOUR
      WHERE post_modified_gmt > UTC_TIMESTAMP() - INTERVAL 1 HOUR`,
    );
    if ((way === 'connector') !== this.#hasConnector) {
      if (way === 'connector') await this.#admin.activatePlugin(CONNECTOR);
      else await this.#admin.deactivatePlugin(CONNECTOR);
      this.#hasConnector = way === 'connector';
    }
    if (way === 'connector') {
      await this.#admin.pressSettings('Save', {
        server_url: `http://127.0.0.1:${await this.#relay.port()}`,
        site_id: String(tenant.site.siteId),
        api_key: tenant.site.key,
        user_id: String(editor),
      });
      return site;
    }
    const password = await this.wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${editor}, array( 'name' => 'test-' . uniqid() ) )[0];`,
    );
    await this.server
      .as(tenant.owner)
      .patch(site.path(), {
        credentials_json: { username: 'editor', application_password: String(password) },
      })
      .expect(200);
    return site;
  }

  /** On the site, edits 100 contents, trashes 10, deletes 10 and creates 10. */
  async changeMany(): Promise<void> {
    await this.wordpress.php(phpFile('many-changes.php'));
  }

  /** Saves a post on the site, as wp-admin does. */
  async save(externalId: string | null, title: string): Promise<void> {
    await this.wordpress.php(
      `return wp_update_post( wp_slash( array( 'ID' => ${Number(externalId)}, 'post_title' => '${title}' ) ) );`,
    );
  }

  /** The number of posts for each title that begins with `prefix`. */
  async titled(prefix: string): Promise<Map<string, number>> {
    const rows = await this.wordpress.query(
      `SELECT post_title AS title, COUNT(*) AS count FROM wp_posts
      WHERE post_title LIKE '${prefix}%' AND post_type <> 'revision' GROUP BY post_title`,
    );
    return new Map(rows.map((row) => [String(row.title), Number(row.count)]));
  }

  /** Expects that both sides have the same contents, field by field, each once. */
  async expectEqual(site: SyncedTenant): Promise<number> {
    const there = await databaseContents(this.wordpress, this.proxy.url);
    const contents = await site.contents({ syncState: { not: 'deleted_remote' } });
    const here = contents.map(storedContent).sort((one, other) => one.id - other.id);
    expect(here.map(({ id }) => id)).toEqual(there.map(({ id }) => id));
    for (const [index, content] of here.entries()) expect(content).toEqual(there[index]);
    expect(contents.filter(({ syncState }) => syncState !== 'in_sync')).toEqual([]);
    return here.length;
  }

  async startWorker(): Promise<void> {
    this.#worker = await this.#programs.startWorker({
      ...testSettings,
      DATABASE_URL: this.#database.url,
    });
  }

  /** Kills the worker. The next worker gets its jobs at its next look. */
  async killWorker(): Promise<void> {
    const ended = await this.#worker?.end('SIGKILL');
    this.#logged += ended?.stderr ?? '';
    // A worker counts as dead after 10 seconds without a heartbeat.
    await this.server.db.$executeRaw`
      UPDATE pgboss.job SET heartbeat_on = heartbeat_on - interval '1 minute' WHERE state = 'active'`;
  }

  /** The log of all workers. */
  logged(): string {
    return this.#logged + (this.#worker?.stderr ?? '');
  }

  async stop(): Promise<void> {
    await this.#programs.endAll();
    await this.proxy.stop();
    await this.wordpress.stop();
    await this.#relay.stop();
    await this.server.stop();
    await this.#database.drop();
  }
}

/** Waits until a run has ended. Returns its outcome. */
export function runEnded(server: TestServer, site: SyncedTenant, id: number) {
  return eventually(async () => {
    const { body } = await server
      .as(site.tenant.owner)
      .get(site.path(`/runs/${id}`))
      .expect(200);
    expect(['success', 'partial', 'failed', 'cancelled']).toContain(body.status);
    return body;
  }, 90_000);
}

function phpFile(name: string): string {
  return readFileSync(join(import.meta.dirname, 'php', name), 'utf8').replace('<?php', '');
}
