/**
 * Does tasks in order, some of them begun ahead while the caller is busy with the result of an earlier one.
 * @param atOnce how many are under way at once, the one that is waited for included.
 */
export async function* ahead<In, Out>(
  inputs: readonly In[],
  task: (input: In) => Promise<Out>,
  atOnce: number,
): AsyncGenerator<Out, void, undefined> {
  const underWay: Array<Promise<Out>> = [];
  let next = 0;
  while (next < inputs.length || underWay.length > 0) {
    for (const input of inputs.slice(next, next + Math.max(1, atOnce) - underWay.length)) {
      const begun = task(input);
      // One that is not waited for any more may fail as it likes.
      begun.catch(() => undefined);
      underWay.push(begun);
      next += 1;
    }
    const first = underWay.shift();
    if (first !== undefined) yield await first;
  }
}

/** Parts of at most `most`. */
export function parts<T>(list: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, index) =>
    list.slice(index * most, (index + 1) * most),
  );
}

/** Parts of at most `most` that are no larger than `largest` together; one that is larger by itself stands alone. */
export function partsBySize<T>(
  list: readonly T[],
  { most, largest }: { most: number; largest: number },
  sizeOf: (each: T) => number,
): T[][] {
  const found: T[][] = [];
  let size = 0;
  for (const each of list) {
    const own = sizeOf(each);
    const last = found.at(-1);
    if (last !== undefined && last.length < most && size + own <= largest) {
      last.push(each);
      size += own;
    } else {
      found.push([each]);
      size = own;
    }
  }
  return found;
}
