import type { RemoteError } from '../../../../errors.ts';
import type { DivisibleList, Division } from '../../../parts/division.ts';
import { totalIn } from '../../site/listings.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';
import { idOf, recordsOf } from './listPage.ts';

/** Records of core REST that are asked for by their ids. */
export interface IncludedList {
  /** Identifies the list in the memory of sizes. */
  name: string;
  /** How many ids are asked for at once, at most. */
  most: number;
  division: Division;
  /** Sends one divisible request. Throws RemoteError. */
  ask(ids: readonly string[]): Promise<SiteAnswer>;
}

/** The answer for some ids, or the error of a record that fails alone. */
type Part = { ids: readonly string[]; answer: SiteAnswer } | { error: RemoteError };

/**
 * Yields the records with these ids, in parts if the site cannot give them at once, or makes its answers shorter. A
 * record that fails alone is left out, but if each of several does so, the fault is that of the list. Throws RemoteError.
 */
export async function* includedRecords(
  requests: SiteRequests,
  list: IncludedList,
  ids: readonly string[],
): AsyncGenerator<Record<string, unknown>, void, undefined> {
  for (let left = ids; left.length > 0; ) {
    const rest: string[] = [];
    let failed = 0;
    for await (const part of list.division.read(divisible(list, left), 0, left.length)) {
      if ('error' in part) {
        failed += 1;
        if (failed === left.length && failed > 1) throw part.error;
        continue;
      }
      const { ids: asked, answer } = part;
      const records = recordsOf(requests, answer);
      yield* records;
      const came = new Set(records.map((record) => String(idOf(record))));
      // The site counts the records with these ids. It may give fewer than it counts, whatever it was asked for.
      const isShort = (totalIn(answer.response, came.size) ?? asked.length) > came.size;
      if (isShort && came.size > 0) rest.push(...asked.filter((id) => !came.has(id)));
    }
    if (rest.length === left.length) return;
    left = rest;
  }
}

function divisible({ name, most, ask }: IncludedList, ids: readonly string[]): DivisibleList<number, Part> {
  const next = (place: number) => (place < ids.length ? place : null);
  return {
    name,
    most,
    ask: async (from, count) => {
      const some = ids.slice(from, from + count);
      return { ids: some, answer: await ask(some) };
    },
    next: (from, count) => next(from + count),
    alone: async (from, error) => ({ part: { error }, next: next(from + 1) }),
  };
}
