/**
 * Content sync with restored backups of the database and of the site, new servers at an old address, and two
 * servers for one site. No item loses a text that its content had not pushed or read. No content becomes
 * another one. After a quiet sync both sides are equal again.
 *
 * A failure prints its seed, its path and the steps. To replay it, to shrink it, and to run more examples:
 *
 *     FC_SEED=123 FC_PATH=4 npm test -- test/property/restored
 *     FC_SEED=123 FC_PATH=4 FC_SHRINK=1 npm test -- test/property/restored
 *     FC_RUNS=300 FC_SIDE=password npm test -- test/property/restored
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { counterexamples } from './counterexamples.ts';
import { customSide } from './customSide.ts';
import { broken } from './laws.ts';
import { shopifySide } from './shopifySide.ts';
import type { SiteSide } from './siteSide.ts';
import { type Step, steps } from './steps.ts';
import { wordpressSide } from './wordpressSide.ts';
import { RestoredWorld } from './world.ts';

const { FC_SEED, FC_PATH, FC_RUNS, FC_SHRINK, FC_SIDE } = process.env;
const runs = Number(FC_RUNS ?? 5);
/** An upper limit for one run of the property on a busy machine. Milliseconds. */
const longestRun = 60_000;
const shrinking = 300_000;

const sides: Record<string, () => Promise<SiteSide>> = {
  connector: () => wordpressSide('connector'),
  password: () => wordpressSide('password'),
  shopify: shopifySide,
  custom: customSide,
};

async function holds(side: SiteSide, all: readonly Step[]): Promise<void> {
  const world = await RestoredWorld.start(side, all);
  try {
    for (const [at, step] of all.entries()) await world.do(step, at);
    expect({ ...(await lastState(world)), at: 'the end' }).toEqual({
      at: 'the end',
      status: 'success',
      error: null,
      broken: [],
    });
    // Late webhooks only repeat what the server already stores.
    await world.do({ step: 'webhooks_arrive' }, all.length);
    expect({ ...(await lastState(world)), at: 'late webhooks' }).toEqual({
      at: 'late webhooks',
      status: 'success',
      error: null,
      broken: [],
    });
    for (const at of world.lives.length > 1 ? ['the other server', 'the first server again'] : []) {
      await world.switchServer();
      expect({ ...(await lastState(world)), at }).toEqual({ at, status: 'success', error: null, broken: [] });
    }
  } finally {
    await world.stop();
  }
}

async function lastState(world: RestoredWorld) {
  const { status, error } = await world.settle();
  return { status, error, broken: await broken(world) };
}

test.each(Object.keys(sides).filter((name) => FC_SIDE === undefined || name === FC_SIDE))(
  'by %s no item is overwritten and no content becomes another after a restore',
  async (name) => {
    const start = sides[name];
    if (start === undefined) throw new Error(`There is no side ${name}.`);
    await fc.assert(
      fc.asyncProperty(steps, async (all) => holds(await start(), all)),
      {
        // fast-check counts the examples as runs, and in its paths.
        numRuns: runs + counterexamples.length,
        examples: counterexamples.map((all) => [all]),
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
