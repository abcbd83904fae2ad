/** A real WordPress whose connector plugin was connected to another site of a server: it holds another key. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Mariadb } from './support/mariadb.ts';
import { withMariadb } from './support/stage.ts';
import { SyncedWordpress } from './support/synced-wordpress.ts';
import { versionsUnderTest } from './support/versions-under-test.ts';

let mariadb: Mariadb;
withMariadb((started) => {
  mariadb = started;
});

describe.each(versionsUnderTest())('WordPress %s', (version) => {
  let all: SyncedWordpress;
  beforeAll(async () => {
    all = await SyncedWordpress.start(mariadb, { version });
    await all.startWorker();
  });
  afterAll(() => all.stop());

  test('a connector with another key is told, and the password is used in its place', async () => {
    const site = await all.connect('connector');
    const { body: before } = await all.server.as(site.tenant.owner).post(site.path('/test-connection'), {});
    expect(before).toMatchObject({ success: true, code: 'ok' });
    const other = await all.connect('connector');
    const owner = all.server.as(site.tenant.owner);

    const { body: refused } = await owner.post(site.path('/test-connection'), {});
    expect(refused).toMatchObject({ success: false, message: expect.stringContaining('another site key') });

    const { editor } = all.wordpress.users;
    const password = await all.wordpress.php(
      `return WP_Application_Passwords::create_new_application_password( ${editor}, array( 'name' => 'other-key' ) )[0];`,
    );
    await owner
      .patch(site.path(), {
        credentials_json: { username: 'editor', application_password: String(password) },
      })
      .expect(200);
    const { body: passed } = await owner.post(site.path('/test-connection'), {});
    expect(passed).toMatchObject({ success: true, code: 'ok' });
    expect(passed.checks).toContainEqual(
      expect.objectContaining({ name: 'signed_ping', ok: true, code: 'connector_other_key' }),
    );
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success', error: null });
    await all.expectEqual(site);
    const { body: debug } = await owner.get(site.path('/debug-status')).expect(200);
    expect(debug.problems.map(({ code }: { code: string }) => code)).toContain('connector_other_key');

    // The site with the right key goes on by the connector.
    expect(await other.sync({ direction: 'both' })).toMatchObject({ status: 'success', error: null });
  });
});
