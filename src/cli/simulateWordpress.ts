/**
 * `npm run simulate:wordpress` starts a simulated WordPress on a free port of this machine, to try the API
 * with. Its connector plugin is set up for `--site-id` with the key in SITE_KEY. It runs until it is
 * interrupted.
 */
import { parseArgs } from 'node:util';
import { endSignal } from '../endSignal.ts';
import { SetupError } from '../errors.ts';
import { looksLikeSiteKey } from '../security/siteKey.ts';
import { BEHAVIOURS, CHANGED_ANSWERS, type FaultName } from '../simulation/wordpress/faults.ts';
import { REPLACED_ANSWERS } from '../simulation/wordpress/replacedAnswers.ts';
import { startSimulatedWordpress } from '../simulation/wordpress/simulatedWordpress.ts';

const usage =
  'Usage: SITE_KEY=sbk_… npm run simulate:wordpress -- --site-id 1 [--fault NAME]…\n' +
  'To list the names of the faults: npm run simulate:wordpress -- --faults';

const faults: FaultName[] = [...keysOf(REPLACED_ANSWERS), ...keysOf(CHANGED_ANSWERS), ...BEHAVIOURS];

async function main(args: string[], siteKey: string): Promise<void> {
  const options = readOptions(args);
  if (options.faults) return void process.stdout.write(`${faults.join('\n')}\n`);
  if (!/^[1-9]\d{0,9}$/.test(options['site-id'] ?? '')) {
    throw new SetupError(`--site-id must be the id of your site, such as 1.\n${usage}`);
  }
  // The key comes from the environment, because every user of a machine can read the arguments of a process.
  if (!looksLikeSiteKey(siteKey)) throw new SetupError(`SITE_KEY must be the key of that site.\n${usage}`);
  const wordpress = await startSimulatedWordpress({ siteId: Number(options['site-id']), siteKey });
  wordpress.setFault(...(options.fault ?? []).map(faultNamed));
  process.stdout.write(
    `A simulated WordPress runs at ${wordpress.url}\n` +
      'The server reaches it when it was started with OUTBOUND_ALLOW=127.0.0.0/8. Ctrl+C ends it.\n',
  );
  await endSignal();
  await wordpress.stop();
}

function readOptions(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        'site-id': { type: 'string' },
        fault: { type: 'string', multiple: true },
        faults: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new SetupError(`${error instanceof Error ? error.message : 'Wrong options.'}\n${usage}`);
  }
}

function faultNamed(name: string): FaultName {
  const fault = faults.find((known) => known === name);
  if (!fault) throw new SetupError(`Unknown fault ${name}.\n${usage}`);
  return fault;
}

function keysOf<K extends string>(table: Readonly<Record<K, unknown>>): K[] {
  const names: K[] = [];
  for (const name in table) names.push(name);
  return names;
}

try {
  await main(process.argv.slice(2), process.env.SITE_KEY ?? '');
  process.exit(0);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
