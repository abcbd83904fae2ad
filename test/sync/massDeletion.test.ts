import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite } from '../support/syncedSite.ts';

/** How many contents have no item on the site. */
const gone = 3_000;
/** The most rows that one statement and one transaction may handle. */
const rowsAtMost = 500;

let server: TestServer;
let site: SyncedSite;

beforeAll(async () => {
  server = await startTestServer();
  await noteStatements();
});
afterEach(async () => {
  await server.db.$executeRaw`TRUNCATE noted`;
  await site.wordpress.stop();
});
afterAll(() => server.stop());

/** Lets PostgreSQL note each statement that marks contents or records their events, with the number of its rows. */
async function noteStatements(): Promise<void> {
  await server.db.$executeRaw`
    CREATE TABLE noted (what text, rows int, transaction bigint DEFAULT txid_current())`;
  await server.db.$executeRaw`
    CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO noted (what, rows) SELECT TG_ARGV[0], count(*) FROM changed;
      RETURN NULL;
    END $$`;
  await server.db.$executeRaw`
    CREATE TRIGGER note_contents AFTER UPDATE ON content REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note('contents')`;
  await server.db.$executeRaw`
    CREATE TRIGGER note_events AFTER INSERT ON sync_event REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION note('events')`;
}

const noted = (what: string) => server.db.$queryRaw<{ rows: number; transaction: bigint }[]>`
  SELECT rows, transaction FROM noted WHERE what = ${what} AND rows > 0`;

/** A connected site that lost all items of `gone` contents, as after a rebuild. */
async function startRebuiltSite(): Promise<void> {
  site = await startSyncedSite(server, 'connector');
  await site.sync({ direction: 'metadata' });
  const { accountId, site: owned } = site.tenant;
  await server.db.$executeRaw`
    INSERT INTO content (account_id, site_id, platform, content_type, title, body, external_id, external_status,
      sync_state, local_version, synced_version, last_synced_at, updated_at)
    SELECT ${accountId}, ${owned.siteId}, 'wordpress', 'post', 'Lost ' || n, repeat('text ', 2000), n + 1000000, 'publish',
      'in_sync', 1, 1, now() - interval '1 day', now()
    FROM generate_series(1, ${gone}::int) AS n`;
  await server.db.$executeRaw`TRUNCATE noted`;
}

const deletedEvents = () =>
  server.db.syncEvent.findMany({
    where: {
      siteId: site.tenant.site.siteId,
      action: 'pulled',
      details: { path: ['outcome'], equals: 'deleted_remote' },
    },
  });
const deletedContents = () => site.contents({ syncState: 'deleted_remote' });

describe('thousands of items that are gone from the site', () => {
  it('are marked in bounded statements and transactions, each content with an event', async () => {
    await startRebuiltSite();
    const run = await site.sync({ direction: 'from_external', full: true, moved: true });
    expect(run).toMatchObject({ status: 'success', totals: { deleted: gone } });
    const contents = await deletedContents();
    expect(contents).toHaveLength(gone);
    expect(contents[0]).toMatchObject({ title: 'Lost 1', externalStatus: 'deleted' });
    const events = await deletedEvents();
    expect(new Set(events.map(({ contentId }) => contentId))).toEqual(new Set(contents.map(({ id }) => id)));
    expect(events[0]).toMatchObject({
      success: true,
      integrationId: site.tenant.integrationId,
      externalId: expect.any(String),
      details: {
        content_type: 'post',
        cause: 'run',
        untold: false,
        external_status: 'deleted',
        run_id: run.id,
      },
    });
    for (const what of ['contents', 'events']) {
      const statements = await noted(what);
      // The pages and the run itself add a few statements.
      expect(statements.length).toBeLessThan(gone / rowsAtMost + 30);
      const perTransaction = new Map<bigint, number>();
      for (const { rows, transaction } of statements)
        perTransaction.set(transaction, (perTransaction.get(transaction) ?? 0) + rows);
      expect(Math.max(...perTransaction.values())).toBeLessThanOrEqual(rowsAtMost);
    }
  });

  it('are marked once each when the run stops half-way and is requested again', async () => {
    await startRebuiltSite();
    await server.db.$executeRaw`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF (SELECT count(*) FROM content WHERE sync_state = 'deleted_remote' AND site_id = TG_ARGV[0]::int) > 1000
        THEN RAISE EXCEPTION 'the disk is full'; END IF;
        RETURN NULL;
      END $$`;
    await server.db.$executeRawUnsafe(
      `CREATE TRIGGER refuse AFTER UPDATE ON content FOR EACH STATEMENT EXECUTE FUNCTION refuse(${site.tenant.site.siteId})`,
    );
    const stopped = await site.sync({ direction: 'from_external', full: true, moved: true });
    expect(stopped).toMatchObject({ status: 'failed', totals: { deleted: 1_000 } });
    expect(await deletedContents()).toHaveLength(1_000);
    await server.db.$executeRaw`DROP TRIGGER refuse ON content`;
    const resumed = await site.sync({ direction: 'from_external', full: true });
    expect(resumed).toMatchObject({ status: 'success', totals: { deleted: gone - 1_000 } });
    expect(await deletedContents()).toHaveLength(gone);
    const events = await deletedEvents();
    expect(events).toHaveLength(gone);
    expect(new Set(events.map(({ contentId }) => contentId)).size).toBe(gone);
  });
});
