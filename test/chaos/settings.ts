/** The length and the order of the faults. */
import { randomInt } from 'node:crypto';
import { seededRandom } from '../../src/simulation/wordpress/seededRandom.ts';
import { type Member, members } from './fleet.ts';

/** A fault: what is broken, and which processes are killed at once. */
export type FaultKind =
  | { name: 'processes killed'; members: readonly Member[] }
  | { name: 'PostgreSQL killed' }
  | { name: 'PostgreSQL stopped' }
  | { name: 'PostgreSQL frozen' }
  | { name: 'connections ended' }
  | { name: 'disk full' }
  | { name: 'Redis stopped' }
  | { name: 'rolling restart' };

export interface ChaosSettings {
  seed: number;
  isShort: boolean;
  /** The faults, in the order in which they happen. */
  faults: FaultKind[];
}

const kills = 10;
const others: FaultKind[] = [
  { name: 'PostgreSQL killed' },
  { name: 'PostgreSQL stopped' },
  { name: 'PostgreSQL frozen' },
  { name: 'connections ended' },
  { name: 'disk full' },
  { name: 'Redis stopped' },
  { name: 'rolling restart' },
];

/**
 * Reads `CHAOS_SEED`, which replays the faults of an earlier run, and `CHAOS_SHORT=1`, which does each kind of
 * fault once, and kills one API process and both workers.
 */
export function readChaosSettings(env: Record<string, string | undefined>): ChaosSettings {
  const seed = env.CHAOS_SEED ? Number(env.CHAOS_SEED) : randomInt(2 ** 31);
  if (!Number.isInteger(seed)) throw new Error('CHAOS_SEED must be a whole number.');
  const isShort = env.CHAOS_SHORT === '1';
  const random = seededRandom(seed);
  const among = (list: readonly Member[]) => list[Math.floor(random() * list.length)] ?? 'api 1';
  // One of both workers has the run that is under way.
  const workers: Member[] = ['worker 1', 'worker 2'];
  const alone: Member[] = isShort
    ? [among(['api 1', 'api 2'])]
    : [...members, ...Array.from({ length: kills - members.length }, () => among(members))];
  const faults: FaultKind[] = [
    ...[...alone.map((member) => [member]), workers].map(
      (killed) => ({ name: 'processes killed', members: killed }) as const,
    ),
    ...others,
  ];
  return { seed, isShort, faults: shuffled(faults, random) };
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
