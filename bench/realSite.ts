import { type Asker, sendBare } from './bareCalls.ts';
import { atMost, figures, head, inTurn, line, ratio, timed } from './comparison.ts';
import { keepTo } from './cores.ts';
import { type LargeWordpress, type Seen, startLargeWordpress } from './largeWordpress.ts';
import type { ConnectedSite, SyncServer } from './syncServer.ts';

const posts = 10_000;
const pushed = 500;
/** Only one of this number of whole pages is fetched. */
const wholeShare = 5;
/** The number of requests at once that the server sends by default. */
const atOnce = 4;
const pull = { direction: 'from_external', content_types: ['post'] };
const push = { direction: 'to_external', content_types: ['post'] };
const targets = { bare: 1.15, whole: 0.4, connector: 0.15, push: 1.2, requests: 3, seconds: 1 };

interface Bench {
  server: SyncServer;
  wordpress: LargeWordpress;
  site: ConnectedSite;
}

/** Measures pulls and pushes with a real WordPress, through core REST and through the connector. */
export async function benchRealSite(server: SyncServer): Promise<void> {
  keepTo('site');
  const wordpress = await startLargeWordpress(posts);
  keepTo('server');
  try {
    await server.startWorker();
    const { credentials } = wordpress;
    const core = await server.addSite(wordpress.url, { credentials_json: credentials });
    await server.sync(core, { direction: 'metadata' });
    await benchWay({ server, wordpress, site: core }, 'core REST', credentials);
    const connected = await server.addSite(wordpress.url);
    await wordpress.connect(connected.siteId, connected.key);
    await server.sync(connected, { direction: 'metadata' });
    await benchWay({ server, wordpress, site: connected }, 'connector', connected);
  } finally {
    await wordpress.stop();
  }
}

async function benchWay(bench: Bench, way: 'core REST' | 'connector', asker: Asker): Promise<void> {
  await benchFullPull(bench, way, asker);
  await benchQuietPull(bench, way);
  await benchPush(bench, way, asker);
}

async function benchFullPull(
  { server, wordpress, site }: Bench,
  way: 'core REST' | 'connector',
  asker: Asker,
): Promise<void> {
  const seen = await wordpress.record(() => server.sync(site, pull));
  const pages = seen.filter(({ target }) => isPage(target));
  const times = await inTurn({
    bare: () => timed(() => sendBare(wordpress.url, asker, pages, way === 'connector' ? 1 : atOnce)),
    pull: async () => {
      await server.forgetContents(site);
      const { totals, duration_ms } = await server.sync(site, pull);
      if ((totals.created ?? 0) < posts) throw new Error(`Only ${totals.created} posts were read.`);
      return duration_ms;
    },
    whole: async () =>
      wholeShare * (await timed(() => sendBare(wordpress.url, wordpress.credentials, wholePages(), atOnce))),
  });
  const most = way === 'connector' ? targets.connector : targets.whole;
  head(`A full pull of ${posts} posts, ${way}`);
  line('Sitebridge', times.pull);
  line(
    `its ${pages.length} pages alone, discarded`,
    times.bare,
    ...(way === 'connector'
      ? [(times.pull / times.bare).toFixed(2)]
      : ratio(times.pull, times.bare, targets.bare)),
  );
  line(
    `whole context=edit pages (${wholeShare} times a part of them)`,
    times.whole,
    ...ratio(times.pull, times.whole, most),
  );
}

/** Whether a request is for a page of a full pull. */
function isPage(target: string): boolean {
  return /\/wp\/v2\/posts\?.*&_fields=id,type|\/sitebridge\/v1\/items\?.*&limit=500/.test(target);
}

/** Requests for posts as core REST returns them to an editor. Only some pages, because all take minutes. */
function wholePages(): Seen[] {
  return Array.from({ length: posts / 100 / wholeShare }, (_, index) => ({
    method: 'GET',
    target: `/wp-json/wp/v2/posts?context=edit&status=any&orderby=id&order=asc&per_page=100&page=${1 + index * wholeShare}`,
    body: '',
  }));
}

async function benchQuietPull({ server, wordpress, site }: Bench, way: string): Promise<void> {
  const { quiet } = await inTurn({ quiet: async () => (await server.sync(site, pull)).duration_ms });
  const seen = await wordpress.record(() => server.sync(site, pull));
  const ofType = seen.filter(({ target }) => /\/wp\/v2\/posts|\/(items|inventory)\?type=post/.test(target));
  head(`A pull with nothing changed, ${way}`, 'seconds', 'requests', 'target');
  line('Sitebridge', quiet, '', atMost(quiet / 1000, targets.seconds, `${targets.seconds} s`));
  figures('about the type', '', String(ofType.length), atMost(ofType.length, targets.requests, '3'));
  figures('about the site, its taxonomies and terms', '', String(seen.length - ofType.length));
}

async function benchPush({ server, wordpress, site }: Bench, way: string, asker: Asker): Promise<void> {
  const prepare = async () => {
    await wordpress.forgetWritten();
    await server.makeReady(site, pushed);
  };
  await prepare();
  const seen = await wordpress.record(() => server.sync(site, push));
  const batches = seen.filter(({ target }) => target.includes('/batch/v1'));
  const times = await inTurn({
    bare: async () => {
      await wordpress.forgetWritten();
      return timed(() => sendBare(wordpress.url, asker, batches, 1));
    },
    push: async () => {
      await prepare();
      const { totals, duration_ms } = await server.sync(site, push);
      if (totals.created !== pushed) throw new Error(`Only ${totals.created} posts were created.`);
      return duration_ms;
    },
  });
  head(`A push of ${pushed} new posts, ${way}`);
  line('Sitebridge', times.push);
  line(
    `its ${batches.length} calls of batch/v1 alone`,
    times.bare,
    ...ratio(times.push, times.bare, targets.push),
  );
}
