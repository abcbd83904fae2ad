/**
 * `npm run bench:sync`: how long syncing takes against a real WordPress of 10,000 posts, as ratios to bare loops in
 * the same run, and how rate and memory behave while a site grows. Only ratios of one run compare. Loopback only;
 * everything it makes is in temporary folders. The real WordPress needs Debian, as root; it has half of the cores, and
 * all else the other half.
 *
 * Parts: wordpress, growth; both by default. Options: --rounds 5
 */
import { keepTo, printCores } from './cores.ts';
import { benchGrowth } from './growth.ts';
import { benchRealSite } from './realSite.ts';
import { inTemporaryFolder, parts } from './rounds.ts';
import { SyncServer } from './syncServer.ts';

const all = { wordpress: benchRealSite, growth: benchGrowth };

for (const name of parts) if (!Object.hasOwn(all, name)) throw new Error(`There is no part ${name}.`);

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
