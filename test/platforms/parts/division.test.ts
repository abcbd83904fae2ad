/** How a weak site is asked for its lists, against a list in memory. */
import { describe, expect, it, jest } from '@jest/globals';
import { RemoteError } from '../../../src/errors.ts';
import {
  type DivisibleList,
  Division,
  FAILS_ALONE,
  failsAlone,
} from '../../../src/platforms/parts/division.ts';
import { PartSizes, type SizeMemory } from '../../../src/platforms/parts/partSize.ts';

const ITEMS = 1_000;
const failure = () => new RemoteError('site_failed', 'The site failed.', { retryable: true });

/** A list of the numbers from 0 on. Requests for more than `most` of them fail, and those for a poisoned number. */
function listOf({ largest, most, poisoned = [] }: { largest: number; most: number; poisoned?: number[] }) {
  const asked: number[] = [];
  const next = (from: number, count: number) => (from + count < ITEMS ? from + count : null);
  const list: DivisibleList<number, Array<number | string>> = {
    name: 'items',
    most: largest,
    ask: async (from, count) => {
      asked.push(count);
      const part = Array.from({ length: Math.min(count, ITEMS - from) }, (_, index) => from + index);
      if (count > most || part.some((number) => poisoned.includes(number))) throw failure();
      return part;
    },
    next,
    alone: async (from, error) => ({
      part: [`${from} ${failsAlone(String(from), error).code}`],
      next: next(from, 1),
    }),
  };
  return { list, asked };
}

async function readAll(division: Division, list: DivisibleList<number, Array<number | string>>) {
  return (await division.collect(list, 0, ITEMS)).flat();
}

const everything = Array.from({ length: ITEMS }, (_, number) => number);
const mosts = Array.from({ length: 100 }, (_, index) => index + 1);

describe.each([100, 500])('a list in parts of at most %i', (largest) => {
  it('costs less than twice the ideal number of requests, for each size that a site can give', async () => {
    const dear: string[] = [];
    for (const most of mosts) {
      const prove = jest.fn(async () => undefined);
      const { list, asked } = listOf({ largest, most });
      expect(await readAll(new Division(new PartSizes(), prove), list)).toEqual(everything);
      const requests = asked.length + prove.mock.calls.length;
      const ideal = Math.ceil(ITEMS / Math.min(most, largest));
      if (requests >= 2 * ideal) dear.push(`${most}: ${requests} instead of ${ideal}`);
    }
    expect(dear).toEqual([]);
  });

  it('is read in the size of the last session at once', async () => {
    for (const most of mosts) {
      const sizes = new Map<string, number>();
      const memory: SizeMemory = {
        get: (name) => sizes.get(name),
        set: async (name, size) => void (size === null ? sizes.delete(name) : sizes.set(name, size)),
      };
      const first = listOf({ largest, most });
      await readAll(new Division(new PartSizes(memory), async () => undefined), first.list);
      const second = listOf({ largest, most });
      await readAll(new Division(new PartSizes(memory), async () => undefined), second.list);
      expect(second.asked[0]).toBeLessThanOrEqual(Math.min(most, largest));
      expect(second.asked.length).toBeLessThanOrEqual(first.asked.length);
    }
  });

  it('leaves out the items that fail alone, by name', async () => {
    for (const most of [1, 7, 50, largest]) {
      const { list } = listOf({ largest, most, poisoned: [0, 500, 501, 999] });
      const read = await readAll(new Division(new PartSizes(), async () => undefined), list);
      const named = [0, 500, 501, 999].map((number) => `${number} ${FAILS_ALONE}`);
      expect(read.filter((each) => typeof each === 'string')).toEqual(named);
      expect(read).toHaveLength(ITEMS);
    }
  });
});

it('a site that does not prove that it is up ends the reading', async () => {
  const { list, asked } = listOf({ largest: 100, most: 0 });
  const division = new Division(new PartSizes(), async () => {
    throw new RemoteError('unreachable', 'The site is down.', { retryable: true });
  });
  await expect(readAll(division, list)).rejects.toMatchObject({ code: 'unreachable' });
  expect(asked).toEqual([100, 50]);
});

it('a site that fails over most items ends the reading', async () => {
  const { list } = listOf({ largest: 100, most: 0 });
  await expect(readAll(new Division(new PartSizes(), async () => undefined), list)).rejects.toMatchObject({
    code: 'site_failed',
  });
});
