/** The walk over the list of an API, and the place where a later run continues it. */
import { z } from 'zod';
import type { JsonObject } from '../connection.ts';
import type { Incomplete } from '../incompleteList.ts';
import type { RemoteContent } from '../remoteContent.ts';
import type { ItemPage, ItemSource } from './itemSource.ts';
import { FIRST_PAGE } from './listPage.ts';

/** How many items a page has when only the newest items of a whole read are returned. */
const PAGE_OF_NEWEST = 100;

/** Where a read continues. `newest` is the latest `modified_at` so far; it becomes the watermark. */
export const cursorSchema = z.object({
  at: z.union([z.string(), z.number()]).nullable(),
  pages: z.int(),
  size: z.int().nullable().default(null),
  place: z.int().nullable().default(null),
  // An earlier version has not counted.
  read: z.int().nullable().default(null),
  counted: z.boolean().default(false),
  newest: z.string().nullable(),
  ended: z.boolean(),
  /** Did an item fail alone? Then the next reading begins where this one has begun. */
  failing: z.boolean().default(false),
});
type Cursor = z.output<typeof cursorSchema>;
export const START: Cursor = { ...FIRST_PAGE, newest: null, ended: false, failing: false };

/** A page of a walk, with the place behind it. */
interface Step {
  page: Pick<ItemPage, 'items' | 'faults'>;
  cursor: Cursor & JsonObject;
  expected: number | null;
  /** On the last step, if the API counts more items than it gave. */
  incomplete: Incomplete | null;
}

/**
 * Reads a list page by page from a place on. `query` filters the list. `seen` gets the ids of the items. Throws
 * RemoteError.
 */
export async function* walk(
  source: ItemSource,
  start: Cursor,
  query: Record<string, string>,
  seen = new Set<string>(),
): AsyncGenerator<Step> {
  let { newest, failing } = start;
  if (start.ended) {
    yield { page: { items: [], faults: [] }, cursor: start, expected: null, incomplete: null };
    return;
  }
  for await (const { items, faults, page, read, incomplete } of source.list(start, query)) {
    for (const { externalId } of [...items, ...faults]) if (externalId !== null) seen.add(externalId);
    newest = latest(newest, items, page.answeredAt);
    failing ||= page.faults.length > 0;
    const { next } = page;
    const cursor =
      next === null
        ? { ...START, newest, failing, ended: true }
        : { ...next, read, newest, failing, ended: false };
    yield { page: { items, faults }, cursor, expected: page.total, incomplete };
  }
}

/**
 * The newest items of a whole read, as APIs list items in any order. An interrupted read starts again.
 * Without dates, the items that are listed first count as the newest.
 */
export async function* onlyNewest(steps: AsyncIterable<Step>, count: number): AsyncGenerator<Step> {
  let kept: RemoteContent[] = [];
  const faults: ItemPage['faults'] = [];
  let newest: string | null = null;
  let failing = false;
  let incomplete: Incomplete | null = null;
  for await (const { page, cursor, ...step } of steps) {
    ({ incomplete } = step);
    kept.push(...page.items.filter((item) => item.status !== null));
    faults.push(...page.faults);
    ({ newest, failing } = cursor);
    if (kept.length > 2 * count) kept = newestOf(kept, count);
  }
  kept = newestOf(kept, count);
  do {
    const items = kept.splice(0, PAGE_OF_NEWEST);
    const ended = kept.length === 0;
    yield {
      page: { items, faults: faults.splice(0) },
      cursor: { ...START, newest: ended ? newest : null, failing, ended },
      expected: null,
      incomplete: ended ? incomplete : null,
    };
  } while (kept.length > 0);
}

function newestOf(items: RemoteContent[], count: number): RemoteContent[] {
  // Times in ISO 8601 UTC sort as texts. Items without a time come last, in the order of the list.
  return items.sort((a, b) => compare(b.modifiedAt ?? '', a.modifiedAt ?? '')).slice(0, count);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * The latest time of all items, but not later than the API's clock: an item with a future date would hide all
 * changes until then.
 */
function latest(newest: string | null, items: RemoteContent[], answeredAt: number | null): string | null {
  const limit = answeredAt === null ? null : new Date(answeredAt).toISOString();
  let found = newest;
  for (const { modifiedAt } of items) {
    if (modifiedAt === null) continue;
    const time = limit !== null && modifiedAt > limit ? limit : modifiedAt;
    if (found === null || time > found) found = time;
  }
  return found;
}
