import type { KnownContents } from './knownContents.ts';

/** How many ids are looked up at once. */
const AT_ONCE = 1_000;

/** Yields all stored ids, in the order of `KnownContents.after`. */
export async function* knownIds(known: KnownContents): AsyncGenerator<string, void, void> {
  for (let after: string | null = null; ; ) {
    const some: string[] = [...(await known.after(after, AT_ONCE)).keys()];
    yield* some;
    const last: string | undefined = some.at(-1);
    if (last === undefined || some.length < AT_ONCE) return;
    after = last;
  }
}
