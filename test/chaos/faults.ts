import { until } from '../database/embeddedUser.ts';
import { type Member, members } from './fleet.ts';
import { pause } from './rounds.ts';
import type { FaultKind } from './settings.ts';
import type { Storm } from './storm.ts';
import type { User } from './user.ts';

/** The answers that show that the throttle does not stop the API while Redis is away. */
const looks = 10;
const actEveryMs = 2_000;
const endConnectionsForMs = 45_000;
/** Milliseconds. */
const longestRunMs = 180_000;

/** The name of a fault in the table. */
export function nameOf(fault: FaultKind): string {
  return fault.name === 'processes killed' ? `${fault.members.join(' and ')} killed` : fault.name;
}

/** Whether PostgreSQL cannot serve while the fault lasts. */
export function isOutage({ name }: FaultKind): boolean {
  return ['PostgreSQL killed', 'PostgreSQL stopped', 'PostgreSQL frozen', 'disk full'].includes(name);
}

/** Breaks something while the load goes on, and mends it. Returns when everything that was broken runs again. */
export async function happen(storm: Storm, fault: FaultKind): Promise<void> {
  const { postgres, watch } = storm;
  switch (fault.name) {
    case 'processes killed':
      return kill(storm, fault.members);
    case 'PostgreSQL killed':
      await postgres.kill();
      await watch.outage(fault.name);
      return postgres.start();
    case 'PostgreSQL stopped':
      await postgres.stop();
      await watch.outage(fault.name);
      return postgres.start();
    case 'PostgreSQL frozen': {
      const goOn = await postgres.freeze();
      try {
        return await watch.outage(fault.name);
      } finally {
        goOn();
      }
    }
    case 'connections ended':
      return endConnectionsDuringRun(storm);
    case 'disk full':
      return fillDisk(storm);
    case 'Redis stopped':
      return stopRedis(storm);
    case 'rolling restart':
      return restartAll(storm);
  }
}

async function fillDisk({ postgres, watch }: Storm): Promise<void> {
  await postgres.disk.fill();
  try {
    await watch.outage('disk full');
  } finally {
    await postgres.disk.free();
  }
  // Without space for its WAL, PostgreSQL ends.
  await postgres.start();
}

async function stopRedis({ redis, watch, faults }: Storm): Promise<void> {
  await redis.kill();
  const from = Date.now();
  await watch.seen(from, looks);
  const notReady = watch.statusesSince(from).filter((status) => status !== 200);
  if (notReady.length > 0) faults.push(`without Redis, readyz answered ${notReady.join(', ')}`);
  await redis.start();
}

async function restartAll({ fleet, faults }: Storm): Promise<void> {
  for (const member of members) {
    const code = await fleet.end(member, 'SIGTERM');
    if (code !== 0) faults.push(`${member} ended with ${code} after SIGTERM`);
    await fleet.start(member);
  }
}

async function kill(storm: Storm, killed: readonly Member[]): Promise<void> {
  if (killed.some((member) => member.startsWith('worker'))) await runsAreUnderWay(storm);
  await Promise.all(killed.map((member) => storm.fleet.end(member, 'SIGKILL')));
  await Promise.all(killed.map((member) => storm.fleet.start(member)));
}

/** Waits until a worker that is killed has probably a run. */
async function runsAreUnderWay({ db, sites }: Storm): Promise<void> {
  const synced = sites.filter(({ isSynced }) => isSynced).length;
  await until(async () => (await db.syncRun.count({ where: { status: 'syncing' } })) >= synced);
}

/**
 * Ends all connections every 2 s, from the start of a full run until its end. A busy machine may need longer
 * than 2 s for each step of the run. So the connections stay after a while, and the run must end then.
 */
async function endConnectionsDuringRun({ postgres, sites, faults }: Storm): Promise<void> {
  const site = sites.find(({ isSynced }) => isSynced);
  if (site === undefined) throw new Error('No site is synced.');
  const { user } = site;
  site.holdsRuns = true;
  try {
    const before = user.runs.at(-1);
    if (before !== undefined) await runEnds(user, before.id);
    const id = await accepted(() => user.sync({ direction: 'both', full: true }));
    const enough = Date.now() + endConnectionsForMs;
    const status = await runEnds(user, id, async () => {
      if (Date.now() < enough) await postgres.endConnections();
    });
    if (status !== 'success') faults.push(`the run whose connections were ended is ${status}`);
  } finally {
    site.holdsRuns = false;
  }
}

/** Waits until a run has ended, and acts every 2 s until then. Returns how it ended. */
async function runEnds(user: User, id: number, act = async () => {}): Promise<string> {
  const until = Date.now() + longestRunMs;
  while (Date.now() < until) {
    await act();
    await pause(actEveryMs);
    const status = await user.statusOf(id);
    if (status !== null && status !== 'queued' && status !== 'syncing') return status;
  }
  return `not ended after ${longestRunMs / 1_000} s`;
}

/** Asks for a run until the server accepts it. */
async function accepted(ask: () => Promise<number | null>): Promise<number> {
  for (;;) {
    const id = await ask();
    if (id !== null) return id;
    await pause(100);
  }
}
