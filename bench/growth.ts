import { readFile } from 'node:fs/promises';
import { startSimulatedWordpress } from '../src/simulation/wordpress/simulatedWordpress.ts';
import { atMost, figures, head } from './comparison.ts';
import { startMemoryReplay } from './memoryReplay.ts';
import { mayGoOn, median, rounds } from './rounds.ts';
import type { SyncServer } from './syncServer.ts';

const sizes = [1_000, 10_000, 50_000, 100_000];
/** Up to so many posts the worker's memory has a target. */
const memoryCounts = 50_000;
const mostMiB = 250;
const mostFall = 0.2;
/** As long as a post of the real site's. */
const text =
  '<!-- wp:paragraph -->\n<p>Lorem ipsum dolor sit amet, consectetur.</p>\n<!-- /wp:paragraph -->\n'.repeat(
    30,
  );

/** How fast a pull stores and how much memory its worker takes, while the site grows and answers out of memory. */
export async function benchGrowth(server: SyncServer): Promise<void> {
  head(
    'A pull from a site that answers out of memory',
    'posts/s',
    'fall',
    'target',
    'peak RSS MiB',
    'target',
  );
  let fastest = 0;
  for (const size of sizes) {
    const { perSecond, mebibytes } = await pullOf(server, size);
    fastest = Math.max(fastest, perSecond);
    const fall = 1 - perSecond / fastest;
    figures(
      `${size} posts`,
      perSecond.toFixed(0),
      fall.toFixed(2),
      atMost(fall, mostFall, String(mostFall)),
      mebibytes.toFixed(0),
      size > memoryCounts ? '' : atMost(mebibytes, mostMiB, String(mostMiB)),
    );
  }
}

async function pullOf(server: SyncServer, size: number): Promise<{ perSecond: number; mebibytes: number }> {
  const wordpress = await startSimulatedWordpress({ siteId: 1 });
  const replay = await startMemoryReplay(wordpress.url);
  try {
    const { posts, connector } = wordpress.state;
    const first = (posts.at(-1)?.id ?? 0) + 1;
    for (let each = 0; each < size; each += 1) {
      posts.push({
        id: first + each,
        type: 'post',
        status: 'publish',
        slug: `bench-${each}`,
        title: `Post ${each} of the bench`,
        content: text,
        terms: [2, 3],
        author: 1,
        modified_gmt: '2026-01-01T00:00:00',
      });
    }
    const site = await server.addSite(replay.url);
    if (connector === null) throw new Error('The simulated site has no connector.');
    connector.siteId = site.siteId;
    connector.siteKey = site.key;
    await server.startWorker();
    await server.sync(site, { direction: 'metadata' });
    const pull = { direction: 'from_external', content_types: ['post'] };
    // What is read here is remembered; from now on the site only answers.
    await server.sync(site, pull);
    const rates: number[] = [];
    const peaks: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      mayGoOn();
      await server.forgetContents(site);
      const worker = await server.startWorker();
      const { totals, duration_ms } = await server.sync(site, pull);
      if ((totals.created ?? 0) < size) throw new Error(`Only ${totals.created} of ${size} posts came.`);
      rates.push((totals.created ?? 0) / (duration_ms / 1000));
      peaks.push(await peakOf(worker));
    }
    await server.forgetContents(site);
    return { perSecond: median(rates), mebibytes: Math.max(...peaks) };
  } finally {
    await replay.stop();
    await wordpress.stop();
  }
}

/** The most memory that a process ever had resident. MiB. */
async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
