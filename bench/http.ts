/**
 * `npm run bench:http` measures the speed of reads through the API, as a ratio to `node:http` with bare `pg`
 * in the same run. It also measures how long `npm start` takes to become ready with an existing data folder,
 * and the memory for large bodies, as a ratio of many callers to a few. Only ratios of the same run are
 * comparable, because the machine and its other load change the figures. The bench uses the loopback interface
 * only, and keeps all its files in a temporary folder.
 *
 * Parts: start, reads, bodies (all by default). Options: --rounds 5 --seconds 3
 */
import { pino } from 'pino';
import { createCore } from '../src/adminServices.ts';
import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/database/open.ts';
import { benchLargeBodies } from './largeBodies.ts';
import { type Started, startProgram } from './processes.ts';
import {
  compare,
  inTemporaryFolder,
  load,
  mayGoOn,
  median,
  parts,
  print,
  rounds,
  row,
  seconds,
  verdict,
} from './rounds.ts';
import { seed } from './seed.ts';
import { signIn } from './signIn.ts';

const sites = 500;
const connections = 16;
const targetRatio = 0.5;
const targetStartMs = 3_000;
const path = '/api/v1/integration/integrations';

/** Measures `npm start`, as a person types it, until `/readyz` answers 200. */
async function benchStart(folder: string): Promise<void> {
  const settings = { DATA_DIR: folder, PORT: '0', LOG_LEVEL: 'warn' };
  const timed = async () => {
    mayGoOn();
    const begun = performance.now();
    const server = await startProgram('npm', ['start'], settings);
    const ready = await fetch(`${server.url}/readyz`);
    const took = performance.now() - begun;
    await server.stop();
    if (ready.status !== 200) throw new Error(`/readyz answered ${ready.status}.`);
    return took;
  };
  const first = await timed();
  const warm = [await timed(), await timed(), await timed()];
  print(`\nnpm start to ready, on an empty data folder: ${ms(first)}`);
  print(`npm start to ready, on a warm data folder: ${warm.map(ms).join(', ')}; median ${ms(median(warm))}`);
  verdict(`below ${ms(targetStartMs)} on a warm folder`, median(warm) < targetStartMs);
}

async function benchReads(folder: string): Promise<void> {
  const secret = 'a secret of the bench that has more than 32 bytes';
  const config = readConfig({ DATA_DIR: folder, JWT_SECRET: secret });
  const logger = pino({ level: 'silent' });
  const database = await openDatabase(config, logger);
  const started: Started[] = [];
  try {
    const core = createCore(config, logger, database.url);
    const id = await seed(core, sites).finally(() => core.db.$disconnect());
    const server = await startProgram(process.execPath, ['src/main.ts'], {
      DATA_DIR: folder,
      PORT: '0',
      ROLE: 'api',
      LOG_LEVEL: 'warn',
      JWT_SECRET: secret,
      // The bench measures reads, so the throttle must not refuse any.
      THROTTLE_INTEGRATION: '999999999/min',
    });
    started.push(server);
    const baseline = await startProgram(process.execPath, ['bench/baseline.ts'], {
      DATABASE_URL: database.url,
      JWT_SECRET: secret,
    });
    started.push(baseline);
    const token = await signIn(server.url);
    print(
      `\n${sites} integrations, ${connections} connections, ${rounds} rounds of ${seconds} s each, in turn.`,
    );
    print('Medians of the rounds:\n');
    print(row(['', 'requests/s', 'p50 ms', 'p99 ms', 'ratio']));
    await compareRead('list of 20', path, { server, baseline, token });
    await compareRead('single read', `${path}/${id}`, { server, baseline, token });
  } finally {
    for (const program of started) await program.stop();
    await database.close();
  }
}

async function compareRead(
  name: string,
  target: string,
  { server, baseline, token }: { server: Started; baseline: Started; token: string },
): Promise<void> {
  await mustBeAlike(server.url, baseline.url, target, token);
  const names = {
    server: `${name}, Sitebridge`,
    baseline: `${name}, node:http + pg`,
    target: `for the ${name}`,
  };
  const headers = { authorization: `Bearer ${token}` };
  await compare(names, { server, baseline }, targetRatio, (url, duration) =>
    load({ url: url + target, duration, connections, headers }),
  );
}

/** Throws when server and baseline give different responses, because then the comparison means nothing. */
async function mustBeAlike(ours: string, theirs: string, target: string, token: string): Promise<void> {
  const [mine, base] = await Promise.all(
    [ours, theirs].map(async (url) => {
      const answer = await fetch(url + target, { headers: { Authorization: `Bearer ${token}` } });
      return (await answer.text()).replaceAll(url, '');
    }),
  );
  if (mine !== base) throw new Error(`The baseline gives another response:\n${mine}\n${base}`);
}

function ms(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

const all = { start: benchStart, reads: benchReads, bodies: benchLargeBodies };

for (const name of parts)
  if (!Object.hasOwn(all, name)) throw new Error(`Unknown part ${name}. Parts: start, reads, bodies.`);

await inTemporaryFolder(async (folder) => {
  for (const [name, bench] of Object.entries(all))
    if (parts.length === 0 || parts.includes(name)) await bench(folder);
});
