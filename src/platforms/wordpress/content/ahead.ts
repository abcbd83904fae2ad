/**
 * Runs tasks in order, and starts some ahead while the caller handles the result of an earlier one.
 * @param atOnce the most tasks that run at once, including the one that is awaited.
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
      // If nobody awaits this task any more, its failure must not go unhandled.
      begun.catch(() => undefined);
      underWay.push(begun);
      next += 1;
    }
    const first = underWay.shift();
    if (first !== undefined) yield await first;
  }
}

/** Takes the next value from a source while the caller handles the current one. */
export async function* oneAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T, void, undefined> {
  const take = () => {
    const next = source.next();
    // If nobody awaits this value any more, its failure must not go unhandled.
    next.catch(() => undefined);
    return next;
  };
  for (let upcoming = take(); ; ) {
    const taken = await upcoming;
    if (taken.done === true) return;
    upcoming = take();
    yield taken.value;
  }
}

/** Splits a list into parts of at most `most` elements. */
export function parts<T>(list: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / most) }, (_, index) =>
    list.slice(index * most, (index + 1) * most),
  );
}

/**
 * Splits a list into parts of at most `most` elements and a size of at most `largest`. An element that is
 * larger by itself is a part of its own.
 */
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
