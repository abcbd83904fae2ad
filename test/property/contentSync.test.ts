/**
 * Content sync with random edits on both sides, random faults, killed workers and moving clocks. After a
 * quiet sync both sides are equal, no text is lost, no post exists twice and every conflict has its event.
 *
 * A failure prints its seed, its path and the steps. To replay it, to shrink it, and to run more examples:
 *
 *     FC_SEED=123 FC_PATH=4 npm test -- test/property
 *     FC_SEED=123 FC_PATH=4 FC_SHRINK=1 npm test -- test/property
 *     FC_RUNS=300 npm test -- test/property
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ConflictRule } from '../../src/services/content/merge.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { Way } from '../support/syncedSite.ts';
import { broken } from './laws.ts';
import { rules, type Step, steps, type UndatedStep, undatedStep } from './steps.ts';
import { World } from './world.ts';

const { FC_SEED, FC_PATH, FC_RUNS, FC_SHRINK } = process.env;
const runs = Number(FC_RUNS ?? 10);
/** An upper limit for one run of the property on a busy machine. Milliseconds. */
const longestRun = 30_000;
const shrinking = 300_000;

const unseenSteps = fc.array(undatedStep, { maxLength: 3 });

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ SYNC_WAIT_S: '120' });
});
afterAll(() => server.stop());

async function holds(
  way: Way,
  rule: ConflictRule,
  late: boolean,
  all: readonly Step[],
  unseen: readonly UndatedStep[],
): Promise<void> {
  const world = await World.start(server, way, rule);
  const { wordpress } = world.site;
  try {
    for (const step of all) await world.do(step);
    if (!late) await wordpress.deliverWebhooks({ serverUrl: server.url });
    await world.settle();
    await world.quietRun(true);
    expect(await broken(world)).toEqual([]);
    // Late webhooks only repeat what the server already stores.
    await wordpress.deliverWebhooks({ serverUrl: server.url });
    await world.settle();
    // An ordinary run finds what people do on the site without a date, and no webhook tells of it.
    for (const step of unseen) await world.do(step);
    const last = await world.quietRun(false);
    expect({ status: last.status, broken: await broken(world) }).toEqual({ status: 'success', broken: [] });
  } finally {
    await world.stop();
  }
}

test(
  'both sides are equal after a quiet sync, no text is lost and no post exists twice',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom<Way>('connector', 'password'),
        rules,
        fc.boolean(),
        steps,
        unseenSteps,
        holds,
      ),
      {
        numRuns: runs,
        ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
        ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
        // Shrinking a counterexample takes many runs.
        endOnFailure: FC_SHRINK === undefined,
        interruptAfterTimeLimit: runs * longestRun + shrinking,
      },
    );
  },
  runs * longestRun + shrinking + 60_000,
);
