/**
 * A database and a site from before contents had keys are upgraded. Commit 723410d wrote
 * `databaseBeforeKeys.json`: the tables after some syncs with a simulated WordPress with connector 0.3.0, and
 * the posts and terms of that WordPress. The last sync left a create whose response was lost, edits of two
 * contents, and a content that waits.
 */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { pino } from 'pino';
import { migrateDatabase } from '../../src/database/migrate.ts';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { SimulatedPost, SimulatedTerm } from '../../src/simulation/wordpress/state.ts';
import { signToken } from '../support/builders.ts';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedTenant, syncedTenant } from '../support/syncedSite.ts';
import { Programs, testSettings } from './serverProcess.ts';

interface Stored {
  url: string;
  siteKey: string;
  tables: Record<string, Record<string, unknown>[]>;
  posts: SimulatedPost[];
  terms: SimulatedTerm[];
}

const root = join(import.meta.dirname, '../..');
const migrations = join(root, 'prisma/migrations');
const lastBefore = '20261126000000_items_of_platforms';
/** The contents of the database by what happened to them. */
const ids = { page: 1, untouched: 2, conflict: 3, pulled: 4, pushed: 5, lostAnswer: 6, waiting: 7 };

/** The posts of `page` and `pulled`. */
const closedPosts = [9, 3];

const programs = new Programs();
let database: TestDatabase;
let wordpress: SimulatedWordpress;
let stored: Stored;
let api: TestServer;
let site: SyncedTenant;

beforeEach(async () => {
  const text = await readFile(join(import.meta.dirname, 'databaseBeforeKeys.json'), 'utf8');
  const { url, siteKey }: Stored = JSON.parse(text);
  wordpress = await startSimulatedWordpress({ siteId: 1, siteKey, connector: { version: '0.3.0' } });
  stored = JSON.parse(text.replaceAll(url, wordpress.url));
  Object.assign(wordpress.state, { posts: stored.posts, terms: stored.terms });
  for (const id of closedPosts) closeBefore(id);
  database = await createTestDatabase({ empty: true });
  await migrateToBefore();
  await fill(stored.tables);
  // The server's own program migrates the database.
  await programs.start({ ...testSettings, DATABASE_URL: database.url });
  api = await startTestServer({ ROLE: 'api' }, { database });
  const owner = {
    userId: 1,
    accountId: 1,
    email: '',
    password: '',
    token: await signToken({ userId: 1, accountId: 1 }),
  };
  const known = { siteId: 1, accountId: 1, url: wordpress.url, key: siteKey };
  site = syncedTenant(api, { accountId: 1, owner, site: known, integrationId: 1 });
});
afterEach(async () => {
  await api.stop();
  await programs.endAll();
  await wordpress.stop();
  await database.drop();
});

/** Makes a post private that the server of that commit had read as published. */
function closeBefore(id: number): void {
  const row = stored.tables.content?.find(({ external_id }) => external_id === String(id));
  const there = post(id);
  if (!row || !there) throw new Error(`The database has no post ${id}.`);
  row.external_status = 'private';
  there.status = 'private';
}

/** Applies the migrations that existed at that commit. */
async function migrateToBefore(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sitebridge-migrations-'));
  try {
    for (const name of await readdir(migrations))
      if (name <= lastBefore) await cp(join(migrations, name), join(folder, name), { recursive: true });
    const logger = pino({ level: 'silent' });
    const applied = await migrateDatabase({ url: database.url, logger, migrationsDir: folder });
    expect(applied.at(-1)).toBe(lastBefore);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fill(tables: Stored['tables']): Promise<void> {
  const client = new pg.Client(database.url);
  await client.connect();
  try {
    for (const [name, rows] of Object.entries(tables)) {
      await client.query(
        `INSERT INTO ${name} SELECT * FROM jsonb_populate_recordset(null::${name}, $1::jsonb)`,
        [JSON.stringify(rows)],
      );
      await client.query(
        `SELECT setval(pg_get_serial_sequence($1, column_name), (SELECT count(*) + 100 FROM ${name}))
         FROM information_schema.columns
         WHERE table_name = $1 AND column_name = 'id' AND pg_get_serial_sequence($1, column_name) IS NOT NULL`,
        [name],
      );
    }
  } finally {
    await client.end();
  }
}

function post(id: number): SimulatedPost | undefined {
  return wordpress.state.posts.find((each) => each.id === id);
}

/** The fields of the contents that people see, each content with its post. */
async function contents() {
  return (await site.contents()).map(({ id, title, externalId, syncState }) => ({
    id,
    title,
    externalId,
    syncState,
  }));
}

/** Expects that the closed posts are private here and there. */
async function expectClosed(): Promise<void> {
  for (const id of closedPosts) expect(post(id)).toMatchObject({ status: 'private' });
  expect(await site.contents({ id: { in: [ids.page, ids.pulled] } })).toMatchObject([
    { status: 'private', visibility: 'private' },
    { status: 'private', visibility: 'private' },
  ]);
}

const afterSync = [
  { id: ids.page, title: 'page 9', externalId: '9', syncState: 'in_sync' },
  { id: ids.untouched, title: 'post 1', externalId: '1', syncState: 'in_sync' },
  { id: ids.conflict, title: 'Edited here', externalId: '2', syncState: 'conflict' },
  { id: ids.pulled, title: 'Pulled, edited here', externalId: '3', syncState: 'in_sync' },
  { id: ids.pushed, title: 'Pushed', externalId: '10', syncState: 'in_sync' },
  { id: ids.lostAnswer, title: 'Lost answer', externalId: '11', syncState: 'in_sync' },
  { id: ids.waiting, title: 'Waits', externalId: '12', syncState: 'in_sync' },
];

/** Expects the posts to have all edits of the contents. */
function expectCarried(): void {
  expect(wordpress.state.posts).toMatchObject([
    { id: 1, title: 'post 1' },
    { id: 2, title: 'Edited there' },
    { id: 3, title: 'Pulled, edited here' },
    { id: 9, title: 'page 9' },
    { id: 10, title: 'Pushed', content: '<p>Pushed, edited here</p>', excerpt: 'Short' },
    { id: 11, title: 'Lost answer', content: '<p>Lost answer</p>' },
    { id: 12, title: 'Waits', content: '<p>Waits</p>' },
  ]);
}

test('the upgrade keeps contents, events and credentials', async () => {
  const { content = [], sync_event: events = [] } = stored.tables;
  const kept = await site.contents();
  expect(kept).toMatchObject(
    content.map(
      ({ id, title, body, external_id: externalId, sync_state: syncState, base_hash: baseHash }) => ({
        id,
        title,
        body,
        externalId,
        syncState,
        baseHash,
      }),
    ),
  );
  expect(new Set(kept.map(({ key }) => key)).size).toBe(content.length);
  // The migration can set the birth only of contents that were in sync.
  expect(kept.filter(({ birth }) => birth !== null).map(({ id }) => id)).toEqual([ids.page, ids.untouched]);
  const told = await api.db.syncEvent.findMany({ orderBy: { id: 'asc' } });
  expect(told.map(({ id, action }) => ({ id: Number(id), action }))).toEqual(
    events.map(({ id, action }) => ({ id, action })),
  );
  expect(new Set(told.map(({ key }) => key)).size).toBe(events.length);
  const test = () => api.as(site.tenant.owner).post(site.path('/test-connection')).expect(200);
  expect((await test()).body).toMatchObject({ success: true, remote: { plugin_version: '0.3.0' } });
  // Without the plugin, the password is the remaining way to the site.
  wordpress.state.connector = null;
  const { body } = await test();
  expect(body).toMatchObject({ success: true, remote: { name: 'Brücke & Söhne' } });
  expect(body.remote.plugin_version).toBeUndefined();
});

describe('with connector 0.3.0', () => {
  test('sync resumes, and moves the links to keys when the plugin is updated', async () => {
    const first = await site.sync({ direction: 'both' });
    expect(first).toMatchObject({ status: 'success', totals: { created: 1, conflicts: 0, failed: 0 } });
    expectCarried();
    await expectClosed();
    expect(await contents()).toEqual(afterSync);
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({
      status: 'success',
      totals: { created: 0, updated: 0, deleted: 0, pushed: 0, conflicts: 0 },
    });

    if (wordpress.state.connector) wordpress.state.connector.version = '0.6.0';
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({
      status: 'success',
      totals: { created: 0, updated: 0, deleted: 0, pushed: 0, conflicts: 0 },
    });
    await site.edit(ids.pushed, { title: 'Pushed under 0.6.0' });
    await site.edit(ids.page, { title: 'Page under 0.6.0' });
    const made = await site.write({ title: 'Made under 0.6.0', status: 'ready' });
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({
      status: 'success',
      totals: { created: 1, pushed: 3, conflicts: 0, failed: 0 },
    });
    for (const id of [ids.pushed, ids.page, made]) {
      const { key, title, externalId, syncState } = await site.content(id);
      expect(syncState).toBe('in_sync');
      expect(post(Number(externalId))).toMatchObject({ title });
      expect(Object.values(post(Number(externalId))?.contentKeys ?? {})).toEqual([key]);
    }
    expect(await site.contents()).toHaveLength(afterSync.length + 1);
  });

  test('pushes a conflict that was resolved before the upgrade', async () => {
    await api
      .as(site.tenant.owner)
      .post(`/api/v1/content/${ids.conflict}/resolve-conflict`, { keep: 'local' })
      .expect(200);
    expect(await site.sync({ direction: 'both' })).toMatchObject({ status: 'success' });
    expect(post(2)).toMatchObject({ title: 'Edited here' });
    expect(await site.content(ids.conflict)).toMatchObject({ externalId: '2', syncState: 'in_sync' });
  });
});

test.each(['both', 'to_external'])(
  'sync resumes when the plugin is updated first, with direction %s',
  async (direction) => {
    if (wordpress.state.connector) wordpress.state.connector.version = '0.5.0';
    const first = await site.sync({ direction });
    expect(first).toMatchObject({ status: 'success', totals: { conflicts: 0, failed: 0 } });
    expect(await site.sync({ direction: 'both', full: true })).toMatchObject({
      status: 'success',
      totals: { created: 0, updated: 0, deleted: 0, pushed: 0, conflicts: 0 },
    });
    expectCarried();
    await expectClosed();
    expect(await contents()).toEqual(afterSync);
  },
);
