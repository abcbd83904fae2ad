/** Items that are written in groups: which items wait, and which items fail together. */
import { expect, test } from '@jest/globals';
import { GroupCommit } from '../../src/database/groupCommit.ts';

/** A writer whose groups a test releases one by one. */
function heldWriter(refuses: (item: number) => Error | null = () => null) {
  const groups: number[][] = [];
  const held: (() => void)[] = [];
  const write = async (items: number[]): Promise<string[]> => {
    groups.push(items);
    await new Promise<void>((resolve) => held.push(resolve));
    for (const item of items) {
      const error = refuses(item);
      if (error) throw error;
    }
    return items.map(String);
  };
  /** Releases groups until all items have settled. */
  const release = async <T>(all: Promise<T>): Promise<T> => {
    let settled = false;
    const end = all.finally(() => {
      settled = true;
    });
    while (!settled) {
      held.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return end;
  };
  return { write, groups, release };
}

test('the first item is written at once, later items together, and each gets its own result', async () => {
  const { write, groups, release } = heldWriter();
  const commit = new GroupCommit({ write, most: 3, atOnce: 1 });
  const results = Promise.all([1, 2, 3, 4, 5].map((item) => commit.add(item)));
  expect(groups).toEqual([[1]]);
  expect(await release(results)).toEqual(['1', '2', '3', '4', '5']);
  expect(groups).toEqual([[1], [2, 3, 4], [5]]);
  expect(await release(commit.add(6))).toBe('6');
});

test('a delayed group does not delay the next group', async () => {
  const { write, groups, release } = heldWriter();
  const commit = new GroupCommit({ write, most: 3, atOnce: 2 });
  const results = Promise.all([commit.add(1), commit.add(2), commit.add(3)]);
  expect(groups).toEqual([[1], [2]]);
  expect(await release(results)).toEqual(['1', '2', '3']);
});

test('an item that cannot be written fails alone', async () => {
  const refused = new Error('No such site.');
  const { write, groups, release } = heldWriter((item) => (item === 3 ? refused : null));
  const commit = new GroupCommit({ write, most: 9, atOnce: 1 });
  const results = Promise.allSettled([1, 2, 3, 4].map((item) => commit.add(item)));
  expect(await release(results)).toEqual([
    { status: 'fulfilled', value: '1' },
    { status: 'fulfilled', value: '2' },
    { status: 'rejected', reason: refused },
    { status: 'fulfilled', value: '4' },
  ]);
  expect(groups).toEqual([[1], [2, 3, 4], [2], [3], [4]]);
});

test('an unreachable database fails the group, without a retry for each item', async () => {
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  const { write, groups, release } = heldWriter(() => away);
  const commit = new GroupCommit({ write, most: 9, atOnce: 1 });
  const results = await release(Promise.allSettled([1, 2, 3].map((item) => commit.add(item))));
  expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(groups).toEqual([[1], [2, 3]]);
});
