import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Mariadb } from './support/mariadb.ts';
import { accept, type ConnectedSite, connectToRecorder, KEY, messages } from './support/outbox.ts';
import { waitFor } from './support/processes.ts';
import type { RecordedAnswer, RecordingServer } from './support/recording-server.ts';
import { withRecorder } from './support/stage.ts';
import { END_OF_PHP, shapesUnderTest, versionsUnderTest } from './support/versions-under-test.ts';
import { startWordpress, type Wordpress } from './support/wordpress.ts';

const SITES = versionsUnderTest().flatMap((version) =>
  shapesUnderTest([
    { version, server: 'php-S' as const },
    { version, server: 'fpm' as const },
  ]),
);
const OUTBOX = 'SELECT post_id, webhook_id, state, attempts, due_at, answer_status FROM wp_sitebridge_outbox';
const STATE = "return get_option( 'sitebridge_connector_delivery' );";

let mariadb: Mariadb;
let server: RecordingServer;
withRecorder((started) => {
  ({ mariadb, server } = started);
});

describe.each(SITES)('delivery on $version, $server', (options) => {
  let wordpress: Wordpress;
  let site: ConnectedSite;

  beforeAll(async () => {
    wordpress = await startWordpress(mariadb, options);
    site = await connectToRecorder(wordpress, server);
  });
  afterAll(async () => {
    await wordpress.stop();
  });
  beforeEach(async () => {
    await site.clear();
    server.answerWith(accept);
  });

  const edit = (id: number, title: string) => site.rest('POST', `/wp/v2/posts/${id}`, { title });
  const arrived = (count: number) => waitFor(`${count} messages`, () => messages(server).length >= count);
  /** A post whose messages are all sent. Then the server gives the same response to every message. */
  const settledPost = async (answer: () => RecordedAnswer): Promise<number> => {
    const id = await site.makePost();
    await site.settled();
    server.answerWith((request) => (request.target.includes('/webhooks/') ? answer() : accept(request)));
    return id;
  };
  /** Edits a post, and waits until the failed attempt is recorded. */
  const failOnce = async (id: number) => {
    await edit(id, 'Not taken');
    await waitFor('the failure', async () => {
      const rows = await wordpress.query(OUTBOX);
      return rows.length === 1 && rows[0]?.attempts === 1;
    });
    const [row] = await wordpress.query(OUTBOX);
    return row ?? {};
  };

  test.each([500, 501, 404, 401, 403, 200, 302])(
    'HTTP %d leads to a retry with the same id',
    async (status) => {
      const id = await settledPost(() => ({ status }));
      const row = await failOnce(id);
      expect(row).toMatchObject({ post_id: id, state: 'waiting', answer_status: status });
      expect(Number(row.due_at)).toBeGreaterThan(Date.now() / 1000);
      const [first] = messages(server);
      server.answerWith(accept);
      await site.hurry();
      await site.settled();
      const [second, ...more] = messages(server);
      expect(more).toEqual([]);
      expect(second?.id).toBe(first?.id);
      expect(second?.request.body).toBe(first?.request.body);
      expect(second?.timestamp).toBeGreaterThanOrEqual(first?.timestamp ?? Number.NaN);
    },
  );

  test.each([400, 409, 413, 422])(
    'HTTP %d makes the message dead and shown, and a person can retry it',
    async (status) => {
      const id = await settledPost(() => ({
        status,
        body: { title: 'No', detail: `It is refused, ${KEY} <b>.` },
      }));
      expect(await failOnce(id)).toMatchObject({ state: 'dead', answer_status: status });
      const [first] = messages(server);
      // A dead message does not hold back the others.
      server.answerWith(accept);
      await edit(id, 'Taken');
      await arrived(1);

      const view = await site.admin.settings();
      expect(view.queue).toMatchObject({ waiting: 0, dead: 1, buttons: ['Try dead ones again'] });
      expect(view.queue?.text).toContain(`Given up: post ${id} HTTP ${status}. It is refused, sbk_…`);
      expect(view.html).not.toContain(KEY.slice(5, -5));
      server.answerWith(accept);
      const after = await site.admin.pressQueue('Try dead ones again');
      expect(after.queue).toMatchObject({ waiting: 0, dead: 0 });
      const [second] = messages(server);
      expect(second?.request.body).toBe(first?.request.body);
      // After a 409 the server has that id with another body, so it can only accept a new id.
      expect(second?.id === first?.id).toBe(status !== 409);
    },
  );

  test.each([
    ['seconds', () => '600'],
    ['a date', () => new Date(Date.now() + 600_000).toUTCString()],
  ])('Retry-After as %s is honoured for all messages, but not by Send now', async (_, header) => {
    const id = await settledPost(() => ({ status: 429, headers: { 'Retry-After': header() } }));
    const row = await failOnce(id);
    expect(Math.abs(Number(row.due_at) - Date.now() / 1000 - 600)).toBeLessThan(10);
    server.answerWith(accept);
    const other = await site.makePost();
    await site.cron();
    // WP-Cron removes the event before it runs it.
    const planned = await wordpress.php(
      `wp_clear_scheduled_hook( 'sitebridge_connector_deliver' );
      do_action( 'sitebridge_connector_deliver' );
      return wp_next_scheduled( 'sitebridge_connector_deliver' );`,
    );
    expect(Math.abs(Number(planned) - Date.now() / 1000 - 600)).toBeLessThan(20);
    expect(messages(server)).toEqual([]);
    const view = await site.admin.settings();
    expect(view.queue).toMatchObject({ waiting: 3, failing: 1, dead: 0, buttons: ['Send now'] });
    expect(view.queue?.text).toContain('HTTP 429.');

    expect((await site.admin.pressQueue('Send now')).queue).toMatchObject({ waiting: 0 });
    expect(new Set(messages(server).map(({ body }) => body.external_id))).toEqual(
      new Set([String(id), String(other)]),
    );
  });

  test('an editor does not wait for a server that does not answer', async () => {
    const id = await settledPost(() => ({ status: 202 }));
    const save = async (title: string) => {
      const begun = performance.now();
      await edit(id, title);
      return performance.now() - begun;
    };
    server.answerWith(accept);
    const answered = await save('Answered');
    await site.settled();
    const held = Promise.withResolvers<void>();
    let open = 0;
    server.answerWith(async (request) => {
      open += 1;
      await held.promise;
      return accept(request);
    });
    const unanswered = await save('Not answered');
    await waitFor('the message', () => open === 1);
    // The delivery waits for up to ten seconds. The editor's request waits for at most one.
    expect(unanswered - answered).toBeLessThan(1_000);
    const meanwhile = await save('Not answered either');
    expect(meanwhile - answered).toBeLessThan(1_000);
    expect(open).toBe(1);
    held.resolve();
    await site.settled();
    expect(messages(server).map(({ body }) => body.title)).toEqual(['Not answered', 'Not answered either']);
  });

  test('HTTP 410 stops all messages until Connect', async () => {
    const id = await settledPost(() => ({ status: 410 }));
    await failOnce(id);
    server.answerWith(accept);
    await edit(id, 'Later');
    await site.makePost();
    await site.cron();
    await wordpress.php("do_action( 'sitebridge_connector_deliver' ); return 1;");
    expect(messages(server)).toEqual([]);
    const view = await site.admin.settings();
    expect(view.html).toContain('id="sitebridge-stopped"');
    expect(view.queue).toMatchObject({ waiting: 4, buttons: [] });

    await site.admin.pressSettings('Connect');
    await site.settled();
    expect(messages(server)).toHaveLength(4);
    expect((await site.admin.settings()).html).not.toContain('id="sitebridge-stopped"');
  });

  test('messages about one post keep their order, and a failing one holds back no other post', async () => {
    const slow = await settledPost(() => ({ status: 202 }));
    const other = await site.makePost();
    await site.settled();
    server.answerWith((request) =>
      request.body.includes(`"external_id":"${slow}"`) ? { status: 500 } : accept(request),
    );
    await failOnce(slow);
    for (const title of ['Second', 'Third']) {
      await edit(slow, title);
    }
    await edit(other, 'Elsewhere');
    await waitFor('the other post', () =>
      messages(server).some(({ body }) => body.external_id === String(other)),
    );
    expect(messages(server).filter(({ body }) => body.title === 'Second')).toEqual([]);
    expect(await wordpress.query(`${OUTBOX} WHERE post_id = ${slow}`)).toHaveLength(3);
    server.answerWith(accept);
    await site.hurry();
    await site.settled();
    expect(messages(server).map(({ body }) => body.title)).toEqual(['Not taken', 'Second', 'Third']);
  });

  test('a message expires after three days, and a dead one is deleted after 30 days', async () => {
    const id = await settledPost(() => ({ status: 503 }));
    await failOnce(id);
    await wordpress.query('UPDATE wp_sitebridge_outbox SET give_up_at = give_up_at - 3 * 86400 - 60');
    await site.hurry();
    await waitFor('the end', async () => {
      await site.cron();
      return (await wordpress.query(OUTBOX))[0]?.state === 'dead';
    });
    await wordpress.query('UPDATE wp_sitebridge_outbox SET due_at = due_at - 30 * 86400 - 60');
    await wordpress.php("do_action( 'sitebridge_connector_outbox' ); return 1;");
    expect(await site.rows()).toBe(0);
  });

  test('a replaced key is reported until the new key is entered', async () => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const id = await settledPost(() => ({ status: 202, headers: { 'X-Sitebridge-Key-Expires': expires } }));
    await edit(id, 'Old key');
    await site.settled();
    expect((await site.admin.settings()).html).toContain('Enter the new key before');
    server.answerWith(accept);
    await edit(id, 'New key');
    await site.settled();
    expect((await site.admin.settings()).html).not.toContain('id="sitebridge-key-expires"');
  });

  test('a new key sends the messages at once that were refused with the old key', async () => {
    const id = await settledPost(() => ({ status: 401, body: { detail: 'Wrong key.' } }));
    await failOnce(id);
    server.answerWith(accept);
    await site.admin.pressSettings('Save', { api_key: `${KEY.slice(0, -1)}x` });
    try {
      await waitFor('the message', () =>
        server.requests.some((request) => request.target.endsWith('/metadata')),
      );
    } finally {
      await site.admin.pressSettings('Save', { api_key: KEY });
    }
  });

  test('PHP that is killed between a change and its message loses nothing', async () => {
    const flag = join(wordpress.root, 'kill');
    const killer = (priority: number) =>
      writeFileSync(
        join(wordpress.root, 'wp-content/mu-plugins/kill.php'),
        `<?php add_action( 'shutdown', static function () {
          if ( file_exists( '${flag}' ) ) { unlink( '${flag}' ); ${END_OF_PHP} }
        }, ${priority} );`,
      );
    const id = await settledPost(() => ({ status: 202 }));
    const killedEdit = async (title: string) => {
      writeFileSync(flag, '');
      await edit(id, title).catch(() => {});
      await waitFor('the row', async () => (await site.rows()) > 0);
      await wordpress.stopPhp();
      await wordpress.startPhp();
    };
    server.answerWith(accept);
    // PHP is killed after the message was completed and before it is sent.
    killer(500);
    await killedEdit('Completed');
    expect(messages(server)).toEqual([]);
    // The same request has already planned a WP-Cron event for a little later.
    expect(
      await wordpress.php("return wp_next_scheduled( 'sitebridge_connector_deliver' ) - time();"),
    ).toBeLessThan(31);
    await site.hurry();
    await site.settled();
    expect(messages(server).map(({ body }) => body.title)).toEqual(['Completed']);

    // PHP is killed before the message was completed. The rest of the row is then read from the post.
    server.answerWith(accept);
    killer(50);
    await killedEdit('Open');
    expect(await wordpress.query(OUTBOX)).toMatchObject([{ state: 'open' }]);
    await wordpress.query('UPDATE wp_sitebridge_outbox SET created_at = created_at - 200');
    await site.hurry();
    await site.settled();
    expect(messages(server).map(({ body }) => body.title)).toEqual(['Open']);
  });

  test('Disconnect deletes the waiting messages', async () => {
    const id = await settledPost(() => ({ status: 503 }));
    await failOnce(id);
    await site.admin.pressSettings('Disconnect');
    expect(await site.rows()).toBe(0);
    expect(await wordpress.php(STATE)).toBe(false);
    await edit(id, 'Nobody is told');
    expect(await site.rows()).toBe(0);
  });

  test('PHP logged nothing about the plugin', () => {
    expect(wordpress.phpLog()).not.toMatch(/sitebridge/i);
  });
});
