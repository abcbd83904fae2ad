import { startSimulatedWordpress } from '../src/simulation/wordpress/simulatedWordpress.ts';
import { atMost, figures, head } from './comparison.ts';
import { startMemoryReplay } from './memoryReplay.ts';
import { peakOf } from './peakMemory.ts';
import { mayGoOn, median, rounds } from './rounds.ts';
import type { SyncServer } from './syncServer.ts';

const sizes = [1_000, 10_000, 50_000, 100_000];
/** The worker's memory has a target up to this number of posts. */
const memoryCounts = 50_000;
const mostMiB = 250;
const mostFall = 0.2;
/** As long as a post of the real WordPress in this bench. */
const text =
  '<!-- wp:paragraph -->\n<p>Lorem ipsum dolor sit amet, consectetur.</p>\n<!-- /wp:paragraph -->\n'.repeat(
    30,
  );

/**
 * Measures the speed of a pull and the memory of its worker, for sites of growing size. The site answers from
 * memory, so that its own speed does not matter.
 */
export async function benchGrowth(server: SyncServer): Promise<void> {
  head('A pull from a site that answers from memory', 'posts/s', 'fall', 'target', 'peak RSS MiB', 'target');
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
    // The replay remembers the responses of this pull. Later pulls are answered from memory.
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
