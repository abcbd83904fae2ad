import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { WorkPermits } from '../../src/services/sync/workPermits.ts';

const never = new AbortController().signal;

describe('permits', () => {
  it('are held by no more runs than allowed, and go to the run that waits longest', async () => {
    const permits = new WorkPermits({ atOnce: 2 });
    const begun: number[] = [];
    const runs = [0, 1, 2, 3].map((each) => {
      const permit = permits.of(never);
      return { permit, begin: permit.begin().then(() => void begun.push(each)) };
    });
    await Promise.all([runs[0]?.begin, runs[1]?.begin]);
    expect(begun).toEqual([0, 1]);
    runs[1]?.permit.end();
    await runs[2]?.begin;
    runs[0]?.permit.end();
    await runs[3]?.begin;
    expect(begun).toEqual([0, 1, 2, 3]);
  });

  it('are given back while a site is silent, and taken again before its answer is used', async () => {
    const permits = new WorkPermits({ atOnce: 1, silentMs: 1 });
    const silent = permits.of(never);
    const other = permits.of(never);
    await silent.begin();
    const site = Promise.withResolvers<string>();
    const answer = silent.during(() => site.promise);
    const another = silent.during(() => site.promise);
    await other.begin();
    site.resolve('late');
    expect(await Promise.race([answer, another, delay(20, 'still waiting')])).toBe('still waiting');
    other.end();
    expect(await Promise.all([answer, another])).toEqual(['late', 'late']);
    // Both answers took one permit, so one end frees it.
    silent.end();
    await other.begin();
  });

  it('do not go to a run that ended or was aborted while it waited', async () => {
    const permits = new WorkPermits({ atOnce: 1 });
    const first = permits.of(never);
    await first.begin();
    const ending = new AbortController();
    const aborted = permits.of(ending.signal).begin();
    const ended = permits.of(never);
    const endedBegin = ended.begin();
    const last = permits.of(never);
    const lastBegin = last.begin();
    ending.abort(new Error('cancelled'));
    await expect(aborted).rejects.toThrow('cancelled');
    ended.end();
    first.end();
    await endedBegin;
    await lastBegin;
  });
});
