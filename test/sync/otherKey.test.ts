import { describe, expect, it } from '@jest/globals';
import { enterKey } from '../support/builders.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';

let server: TestServer;
let site: SyncedSite;
withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

const PASSWORD = { username: 'editor', application_password: 'abcd efgh ijkl mnop qrst uvwx' };

const owner = () => server.as(site.tenant.owner);

async function problem() {
  const { body } = await owner().get(site.path('/debug-status')).expect(200);
  return body.problems.find(({ code }: { code: string }) => code === 'connector_other_key');
}

/** The plugin is connected to another server. */
function withOtherKey() {
  enterKey(site.wordpress, { siteId: 99, key: `sbk_${'x'.repeat(43)}` });
}

describe('a connector that holds the key of another server', () => {
  it('is passed over if an application password works, and is told as a problem until it is connected', async () => {
    site = await startSyncedSite(server, 'connector');
    await owner().patch(site.path(), { credentials_json: PASSWORD }).expect(200);
    withOtherKey();
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success', error: null });
    expect((await site.contents()).length).toBeGreaterThan(0);
    const id = await site.write({ title: 'By the password', status: 'ready' });
    expect(await site.sync({ direction: 'both' })).toMatchObject({
      status: 'success',
      totals: { pushed: 1, failed: 0 },
    });
    const { externalId } = await site.content(id);
    expect(site.wordpress.state.posts.find((post) => String(post.id) === externalId)).toMatchObject({
      title: 'By the password',
    });
    expect(await problem()).toMatchObject({
      severity: 'warning',
      message: expect.stringContaining('application password is used'),
      hint: expect.stringContaining('Settings > Sitebridge'),
    });
    const where = { integrationId: site.tenant.integrationId, action: 'connector_passed_over' };
    expect(await server.db.syncEvent.findMany({ where })).toEqual(
      Array.from({ length: 2 }, () => expect.objectContaining({ eventType: 'connection', success: false })),
    );

    const { body: test } = await owner().post(site.path('/test-connection'), {}).expect(200);
    expect(test).toMatchObject({ success: true, code: 'ok' });
    expect(test.checks).toContainEqual(
      expect.objectContaining({ name: 'signed_ping', ok: true, code: 'connector_other_key' }),
    );
    expect(await problem()).toBeDefined();

    enterKey(site.wordpress, site.tenant.site);
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
    expect(await problem()).toBeUndefined();
  });

  it.each([
    ['there is no password', {}],
    ['the password is wrong', { ...PASSWORD, application_password: 'wrong' }],
  ])('ends the run if %s', async (_, credentials) => {
    site = await startSyncedSite(server, 'connector');
    await owner().patch(site.path(), { credentials_json: credentials }).expect(200);
    withOtherKey();
    expect(await site.sync({ direction: 'both' })).toMatchObject({
      status: 'failed',
      error: expect.stringContaining('another site key'),
    });
    expect(await site.contents()).toEqual([]);
  });
});
