/** Workers are killed in the middle of a pull and of a push. The next worker continues the run. */
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createTestDatabase, type TestDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import type { RunBody } from '../support/runBody.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { type SyncedSite, startSyncedSite, type Way } from '../support/syncedSite.ts';
import { Programs, testSettings } from './serverProcess.ts';

const programs = new Programs();
let database: TestDatabase;
let api: TestServer;
let site: SyncedSite;

beforeAll(async () => {
  database = await createTestDatabase();
  api = await startTestServer({ ROLE: 'api' }, { database });
});
afterEach(async () => {
  await programs.endAll();
  await site.wordpress.stop();
});
afterAll(async () => {
  await api.stop();
  await database.drop();
});

const startWorker = () => programs.startWorker({ ...testSettings, DATABASE_URL: database.url });

async function startRun(body: object): Promise<number> {
  const answer = await api
    .as(site.tenant.owner)
    .post(site.path('/sync'), body)
    .set('Prefer', 'respond-async')
    .expect(202);
  return answer.body.id;
}

const run = async (id: number): Promise<RunBody> =>
  (
    await api
      .as(site.tenant.owner)
      .get(site.path(`/runs/${id}`))
      .expect(200)
  ).body;

/** Kills a worker each time the run has progressed by `further`, then lets a last worker finish the run. */
async function killOnTheWay(id: number, kills: number, further: number): Promise<RunBody> {
  for (let each = 0, last = 0; each < kills; each += 1) {
    const worker = await startWorker();
    await eventually(async () => {
      const { progress, status } = await run(id);
      if (status === 'syncing') expect(progress.done).toBeGreaterThanOrEqual(last + further);
      last = progress.done;
    }, 90_000);
    expect((await worker.end('SIGKILL')).code).toBeNull();
  }
  await startWorker();
  return eventually(async () => {
    const found = await run(id);
    expect(found.status).toBe('success');
    return found;
  }, 90_000);
}

test.each<Way>(['connector', 'password'])(
  'a pull by %s resumes after its workers are killed, and stores each content once',
  async (way) => {
    site = await startSyncedSite(api, way);
    for (let each = 0; each < 1_200; each += 1)
      site.wordpress.editor.create('post', { title: `Post ${each}`, status: 'publish' });
    const lists = ({ target }: { target: string }) => /posts\?|items\?/.test(target);
    site.wordpress.disturb({ fault: 'latency', ms: 300, when: lists });
    const id = await startRun({ direction: 'from_external' });
    const found = await killOnTheWay(id, 2, 100);
    expect(found.totals).toMatchObject({ created: 1_210, failed: 0 });
    const contents = await site.contents();
    expect(new Set(contents.map((content) => content.externalId)).size).toBe(1_210);
    expect(contents).toHaveLength(1_210);
    const events = await api.db.syncEvent.count({
      where: { siteId: site.tenant.site.siteId, action: 'pulled' },
    });
    expect(events).toBe(1_210);
  },
  400_000,
);

test.each<Way>(['connector', 'password'])(
  'a push by %s whose workers are killed ends with one post for each content',
  async (way) => {
    site = await startSyncedSite(api, way);
    await api.db.content.createMany({
      data: Array.from({ length: 200 }, (_, each) => ({
        accountId: site.tenant.accountId,
        siteId: site.tenant.site.siteId,
        contentType: 'post',
        title: `Pushed ${each}`,
        body: `<p>${each}</p>`,
        status: 'ready' as const,
      })),
    });
    const writes = ({ method }: { method: string }) => method !== 'GET';
    site.wordpress.disturb({ fault: 'latency', ms: 400, when: writes });
    const id = await startRun({ direction: 'to_external' });
    await killOnTheWay(id, 2, 25);
    const titles = site.wordpress.state.posts
      .map((post) => post.title)
      .filter((title) => title.startsWith('Pushed'));
    expect(titles).toHaveLength(200);
    expect(new Set(titles).size).toBe(200);
    expect(await site.contents({ syncState: 'in_sync' })).toHaveLength(200);
  },
  400_000,
);
