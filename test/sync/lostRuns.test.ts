/** A worker that has lost its run writes nothing more to the site. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type SimulatedWordpress,
  startSimulatedWordpress,
} from '../../src/simulation/wordpress/simulatedWordpress.ts';
import { eventually } from '../support/eventually.ts';
import { type Gate, startGate } from '../support/gate.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { connectSite, type SyncedTenant, type Way } from '../support/syncedSite.ts';

let server: TestServer;
let wordpress: SimulatedWordpress;
let gate: Gate;
let site: SyncedTenant;

beforeAll(async () => {
  server = await startTestServer();
});
afterEach(async () => {
  await gate.stop();
  await wordpress.stop();
});
afterAll(() => server.stop());

const owner = () => server.as(site.tenant.owner);
const isWrite = ({ method }: { method: string }) => method === 'POST' || method === 'PUT';
const writes = () => wordpress.state.requests.filter(isWrite).length;

async function startSite(way: Way): Promise<void> {
  wordpress = await startSimulatedWordpress({
    siteId: 1,
    ...(way === 'password' ? { connector: null } : {}),
  });
  gate = await startGate(wordpress.url);
  site = await connectSite(server, { ...wordpress, url: gate.url }, way);
  await site.sync({ direction: 'from_external' });
}

/** Starts a push. Returns its id when a request that `holds` chooses waits at the gate. */
async function startPushUpTo(
  holds: (request: Pick<IncomingMessage, 'method' | 'url'>) => boolean,
): Promise<number> {
  gate.shut(holds);
  const answer = await owner()
    .post(site.path('/sync'), { direction: 'to_external' })
    .set('Prefer', 'respond-async')
    .expect(202);
  await eventually(() => expect(gate.waiting()).toBeGreaterThan(0));
  return answer.body.id;
}

const jobEnded = (id: number) =>
  eventually(async () => {
    const [job] = await server.db.$queryRaw<{ state: string }[]>`
      SELECT state::text FROM pgboss.job WHERE name = 'sync' AND (data->>'runId')::int = ${id}`;
    expect(job?.state).toBe('completed');
  });

const image = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** Serves an image. Returns its address. */
async function startImageServer(): Promise<{ url: string; stop: () => void }> {
  const images = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'image/png' }).end(image);
  }).listen(0, '127.0.0.1');
  await once(images, 'listening');
  const address = images.address();
  const port = typeof address === 'object' ? address?.port : '';
  return { url: `http://127.0.0.1:${port}/image.png`, stop: () => images.close() };
}

/** Ways to lose a run. */
const losses: [string, (id: number) => Promise<unknown>][] = [
  [
    'cancelled',
    (id) =>
      owner()
        .post(site.path(`/runs/${id}/cancel`))
        .expect(200),
  ],
  ['taken over', (id) => server.db.syncRun.update({ where: { id }, data: { attempt: { increment: 1 } } })],
];

describe.each(losses)('a run that is %s', (_, lose) => {
  it.each(['connector', 'password'] as const)('between two batches writes nothing more: %s', async (way) => {
    await startSite(way);
    // One request takes 900 kB.
    for (let each = 0; each < 25; each += 1)
      await site.write({ title: `New ${each}`, body: 'text '.repeat(10_000), status: 'ready' });
    const id = await startPushUpTo(({ method, url = '' }) => method === 'POST' && /batch/.test(url));
    await lose(id);
    gate.open();
    await jobEnded(id);
    expect(writes()).toBe(1);
  });

  it('while a term is written does not write the post', async () => {
    await startSite('password');
    const terms = [{ taxonomy: 'category', slug: 'brand-new', name: 'Brand new' }];
    await site.write({ title: 'With a new term', status: 'ready', terms });
    const id = await startPushUpTo(({ method, url = '' }) => method === 'POST' && /categories/.test(url));
    await lose(id);
    gate.open();
    await jobEnded(id);
    expect(writes()).toBe(1);
  });

  it('while an image is looked for does not upload it', async () => {
    await startSite('password');
    const images = await startImageServer();
    await site.write({
      title: 'With an image',
      status: 'ready',
      metadata: { featured_image_url: images.url },
    });
    const id = await startPushUpTo(({ url = '' }) => /media\?/.test(url));
    await lose(id);
    gate.open();
    await jobEnded(id);
    images.stop();
    expect(writes()).toBe(0);
  });
});
