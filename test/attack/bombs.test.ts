/** Answers that are meant to exhaust the server: each call and run ends, and everybody else is served meanwhile. */
import { setInterval } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { startSimulatedShopify } from '../../src/simulation/shopify/simulatedShopify.ts';
import { buildTenant } from '../support/builders.ts';
import { type Bomb, FLOODS, SLOW } from './bombs.ts';
import { type Connected, connectApi, connectShop, connectWordpress, shapeOf } from './connected.ts';
import { SITE_HOST, startFront } from './front.ts';
import { type RecordedServer, startRecordedServer } from './recordedServer.ts';

/** How long one use of a site may last, with the tries and waits of a run. */
const LONGEST_USE_MS = 90_000;
/** How long a call of another tenant may last, on a machine that sends and reads the bombs at once. */
const LONGEST_CALL_MS = 5_000;
/** How much memory all the bombs together may take. Each of the eight lanes may hold some answers of 32 MiB. */
const MOST_GROWTH = 1_024 * 1_024 * 1_024;

/** These are answers that can be read, as far as they go. */
const HARMLESS = /JSON of many|long text|longer than|two lengths/;

interface Stage {
  server: RecordedServer;
  sites: Connected[];
  stop(): Promise<void>;
}

/** A server process, and two sites of each kind. */
async function startStage(environment: Record<string, string>, file?: string): Promise<Stage> {
  const shopify = await startSimulatedShopify({ bucket: { maximumAvailable: 20_000, restoreRate: 20_000 } });
  const front = await startFront(new URL(shopify.baseUrl).origin);
  const server = await startRecordedServer(
    {
      OUTBOUND_ALLOW: `${SITE_HOST}/32`,
      SHOPIFY_BASE_URL: `${front.url}/{shop}`,
      SYNC_WAIT_S: '120',
      LOG_LEVEL: 'warn',
      ...environment,
    },
    file,
  );
  const sites = [await connectShop(server, shopify, front)];
  for (let copy = 0; copy < 2; copy += 1) {
    sites.push(await connectWordpress(server, 'connector'));
    sites.push(await connectWordpress(server, 'password'));
    sites.push(await connectApi(server));
  }
  return {
    server,
    sites,
    stop: async () => {
      for (const site of sites) await site.stop();
      await server.stop();
    },
  };
}

/** Calls the server as another tenant until `work` ends. Returns the slowest call and the growth of its memory. */
async function watched(
  server: RecordedServer,
  work: Promise<unknown>,
): Promise<{ slowest: number; growth: number }> {
  const other = await buildTenant(server);
  const memory = async () => {
    const metrics = await (await fetch(`${server.url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
  };
  const before = await memory();
  let [slowest, most, done] = [0, before, false];
  const ended = work.finally(() => {
    done = true;
  });
  for await (const _ of setInterval(100)) {
    if (done) break;
    const begun = performance.now();
    await server.as(other.owner).get('/api/v1/sites').expect(200);
    slowest = Math.max(slowest, performance.now() - begun);
    most = Math.max(most, await memory());
  }
  await ended;
  return { slowest, growth: most - before };
}

/** Answers each request of each use of a site with some of the bombs. Returns what did not end as it must. */
async function bombard(site: Connected, bombs: [string, Bomb][], names: string[]): Promise<string[]> {
  const wrong: string[] = [];
  let turn = 0;
  const first = await site.uses.pull?.();
  if (!first?.passed) throw new Error(`${site.name} fails without an attack: ${first?.told}`);
  for (const name of names) {
    const use = site.uses[name];
    if (use === undefined) continue;
    const from = site.front.seen.length;
    await use();
    const shapes = [...new Set(site.front.seen.slice(from).map(shapeOf))];
    const rounds = shapes.flatMap((shape, index) =>
      bombs
        .filter((_, at) => (name === 'test' && index === 0) || (at + index + turn) % 4 === 0)
        .map((bomb) => ({ shape, bomb })),
    );
    turn += 1;
    for (const {
      shape,
      bomb: [bombName, bomb],
    } of rounds) {
      let hits = 0;
      site.front.answer((request, response) => {
        if (bombName !== 'endless redirects' || !request.url?.startsWith('/next-')) {
          if (shapeOf(`${request.method} ${request.url}`) !== shape) return false;
        }
        hits += 1;
        bomb(response);
        return true;
      });
      const begun = performance.now();
      const { told, passed } = await use();
      const ms = performance.now() - begun;
      site.front.answer(null);
      const isClear = !/fault of ours|"status":5\d\d|"status":"(queued|syncing)"/.test(told);
      // A home page may be any page, and the API is looked for at other addresses too.
      const isHarmless = HARMLESS.test(bombName) || /^GET \/(wp-json\/)?$/.test(shape);
      if (!isClear || ms > LONGEST_USE_MS || (passed && hits > 0 && !isHarmless)) {
        wrong.push(
          `${site.name}, ${name}: ${bombName} at ${shape}, ${Math.round(ms)} ms: ${told.slice(0, 300)}`,
        );
      }
      // A test that passes ends the pause of a site that failed too often.
      await site.uses.test();
    }
  }
  return wrong;
}

/** Bombards all sites at once, each of two sites of a kind with its half of the bombs. */
async function bombardAll(stage: Stage, all: Readonly<Record<string, Bomb>>, names: string[]) {
  const bombs = Object.entries(all);
  const met = new Set<string>();
  const work = Promise.all(
    stage.sites.map((site) => {
      const isSecond = met.has(site.name);
      met.add(site.name);
      const half = bombs.filter((_, index) => site.name === 'a shop' || (index % 2 === 1) === isSecond);
      return bombard(site, half, names);
    }),
  );
  const seen = await watched(stage.server, work);
  return { wrong: (await work).flat(), ...seen };
}

describe.each([
  { what: 'floods', bombs: FLOODS, names: ['test', 'structure', 'pull', 'item'], file: undefined },
  {
    what: 'slow answers',
    bombs: SLOW,
    names: ['test', 'structure', 'item'],
    file: 'test/attack/hastyServer.ts',
  },
])('$what', ({ bombs, names, file }) => {
  test('end every use of a site with a clear outcome, in bounded memory, while others are served', async () => {
    const stage = await startStage({ HASTE: '20' }, file);
    try {
      const { wrong, slowest, growth } = await bombardAll(stage, bombs, names);
      expect(wrong).toEqual([]);
      expect(slowest).toBeLessThan(LONGEST_CALL_MS);
      expect(growth).toBeLessThan(MOST_GROWTH);
      expect(stage.server.printed()).not.toContain('fault of ours');
    } finally {
      await stage.stop();
    }
  }, 900_000);
});
