/**
 * `npm run bench:sync` measures how long syncs with a real WordPress of 10,000 posts take, as ratios to bare
 * loops in the same run. It also measures speed and memory for sites of growing size. Only ratios of the same
 * run are comparable. The bench uses the loopback interface only, and keeps all its files in temporary
 * folders. The real WordPress needs Debian, as root. It runs on half of the cores, and all other programs on
 * the other half.
 *
 * Parts: wordpress, growth (both by default). Options: --rounds 5
 */
import { keepTo, printCores } from './cores.ts';
import { benchGrowth } from './growth.ts';
import { benchRealSite } from './realSite.ts';
import { inTemporaryFolder, parts } from './rounds.ts';
import { SyncServer } from './syncServer.ts';

const all = { wordpress: benchRealSite, growth: benchGrowth };

for (const name of parts)
  if (!Object.hasOwn(all, name)) throw new Error(`Unknown part ${name}. Parts: wordpress, growth.`);

for (const [name, bench] of Object.entries(all)) {
  if (parts.length > 0 && !parts.includes(name)) continue;
  await inTemporaryFolder(async (folder) => {
    if (name === 'wordpress') {
      keepTo('server');
      printCores();
    }
    const server = await SyncServer.open(folder);
    try {
      await bench(server);
    } finally {
      await server.close();
      keepTo('all');
    }
  });
}
