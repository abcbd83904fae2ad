/**
 * `npm run bench:sync`: how long syncing takes against a real WordPress of 10,000 posts, as ratios to bare loops in
 * the same run, and how rate and memory behave while a site grows. Only ratios of one run compare. Loopback only;
 * everything it makes is in temporary folders. The real WordPress needs Debian, as root.
 *
 * Parts: wordpress, growth; both by default. Options: --rounds 5
 */
import { benchGrowth } from './growth.ts';
import { benchRealSite } from './realSite.ts';
import { inTemporaryFolder, parts } from './rounds.ts';
import { SyncServer } from './syncServer.ts';

const all = { wordpress: benchRealSite, growth: benchGrowth };

for (const name of parts) if (!Object.hasOwn(all, name)) throw new Error(`There is no part ${name}.`);

await inTemporaryFolder(async (folder) => {
  const server = await SyncServer.open(folder);
  try {
    for (const [name, bench] of Object.entries(all))
      if (parts.length === 0 || parts.includes(name)) await bench(server);
  } finally {
    await server.close();
  }
});
