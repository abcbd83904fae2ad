import { expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { TestServer } from '../support/server.ts';
import { withSyncedSites } from '../support/stage.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';
import { deliver, statusBody } from '../support/webhooks.ts';

let server: TestServer;
let site: SyncedSite;
withSyncedSites(
  (started) => {
    server = started;
  },
  () => site,
);

it('a pause that an announced content begins is stored together with its event, or not at all', async () => {
  site = await startSyncedSite(server, 'connector');
  await site.sync({ direction: 'metadata' });
  await server.db.$executeRaw`CREATE SEQUENCE refused`;
  await server.db.$executeRaw`
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM nextval('refused'); RAISE EXCEPTION 'the disk is full'; END $$`;
  await server.db.$executeRaw`
    CREATE TRIGGER refuse BEFORE INSERT ON sync_event FOR EACH ROW WHEN (NEW.action = 'site_paused')
    EXECUTE FUNCTION refuse()`;
  site.wordpress.disturb({ fault: 'too_many_requests', retryAfterS: 600 });
  const { site: sender, integrationId } = site.tenant;
  expect((await deliver(server, sender, 'status', { ...statusBody, external_id: '9999' })).status).toBe(202);
  await eventually(async () => {
    const [refused] = await server.db.$queryRaw<{ is_called: boolean }[]>`SELECT is_called FROM refused`;
    expect(refused?.is_called).toBe(true);
  });
  const integration = () => server.db.siteIntegration.findUniqueOrThrow({ where: { id: integrationId } });
  expect(await integration()).toMatchObject({ pausedUntil: null, pauses: 0 });
  await server.db.$executeRaw`DROP TRIGGER refuse ON sync_event`;
  // The queue tries again, and the second pause is stored whole.
  await eventually(async () => {
    expect(await integration()).toMatchObject({ pausedUntil: expect.any(Date), pauses: 1 });
    expect(await server.db.syncEvent.count({ where: { integrationId, action: 'site_paused' } })).toBe(1);
  });
});
