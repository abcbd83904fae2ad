import { RemoteError } from '../errors.ts';

/** How much of a list came. */
export interface Incomplete {
  /** How many items came, or were refused by their ids. */
  read: number;
  /** How many items the site counts. */
  of: number;
}

/** What a list lacks, in plain words. */
export function lackingText({ read, of }: Incomplete): string {
  return (
    `read ${read} of ${of}. The site counts more than it gives, so nothing counts as deleted, and the next run ` +
    'looks for the others. Often a theme or a plugin changes every query (pre_get_posts), or a cache answers.'
  );
}

/** The fault of a list that has reached the most items that the site gives, and that may have more. */
export function cappedList(most: number): RemoteError {
  return new RemoteError(
    'incomplete_list',
    `read ${most} of ${most} or more. The site gives no more than that at once, so nothing counts as deleted.`,
  );
}

/** Did a list give fewer items than there are? What came is good. */
export function isIncomplete(error: unknown): boolean {
  return error instanceof RemoteError && error.code === 'incomplete_list';
}

/** The fault of a list that gives fewer items than it counts. */
export function incompleteList(read: number, of: number): RemoteError {
  return new RemoteError('incomplete_list', lackingText({ read, of }));
}
