/**
 * Content sync under random edits on both sides, random faults, killed workers and moving clocks: after a quiet sync
 * both sides are equal, nothing is lost, no post is doubled and every conflict is told.
 *
 * A failure prints its seed and path, and what was done. To replay it, to make it smaller, and to look for more:
 *
 *     FC_SEED=123 FC_PATH=4 npm test -- test/property
 *     FC_SEED=123 FC_PATH=4 FC_SHRINK=1 npm test -- test/property
 *     FC_RUNS=300 npm test -- test/property
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { startTestServer, type TestServer } from '../support/server.ts';
import type { Way } from '../support/syncedSite.ts';
import { broken } from './laws.ts';
import { type Step, steps } from './steps.ts';
import { World } from './world.ts';

const { FC_SEED, FC_PATH, FC_RUNS, FC_SHRINK } = process.env;
const runs = Number(FC_RUNS ?? 10);
/** On a busy machine a run of the property takes less than this. Milliseconds. */
const longestRun = 30_000;
const shrinking = 300_000;

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ SYNC_WAIT_S: '120' });
});
afterAll(() => server.stop());

async function holds(way: Way, late: boolean, all: readonly Step[]): Promise<void> {
  const world = await World.start(server, way);
  const { wordpress } = world.site;
  try {
    for (const step of all) await world.do(step);
    if (!late) await wordpress.deliverWebhooks({ serverUrl: server.url });
    await world.settle();
    await world.quietRun();
    expect(await broken(world)).toEqual([]);
    // What comes late tells of what is known.
    await wordpress.deliverWebhooks({ serverUrl: server.url });
    await world.settle();
    const last = await world.quietRun();
    expect({ status: last.status, broken: await broken(world) }).toEqual({ status: 'success', broken: [] });
  } finally {
    await world.stop();
  }
}

test(
  'both sides are equal after a quiet sync, nothing is lost and nothing doubled',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom<Way>('connector', 'password'), fc.boolean(), steps, holds),
      {
        numRuns: runs,
        ...(FC_SEED === undefined ? {} : { seed: Number(FC_SEED) }),
        ...(FC_PATH === undefined ? {} : { path: FC_PATH }),
        // Making a counterexample smaller takes many runs.
        endOnFailure: FC_SHRINK === undefined,
        interruptAfterTimeLimit: runs * longestRun + shrinking,
      },
    );
  },
  runs * longestRun + shrinking + 60_000,
);
