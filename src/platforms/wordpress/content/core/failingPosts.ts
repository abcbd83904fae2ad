import { RemoteError } from '../../../../errors.ts';
import { isOverload } from '../../../../outbound/overload.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteRequests } from '../siteRequests.ts';

/** How many ids behind the last known id are searched for an item that fails at the end of a list. */
const MOST_BEHIND_END = 1_000;

/**
 * The id of the first item between two ids whose requests fail; null if none of them fails. A list that fails at a
 * place does not say which item stands there, so the ids that may stand there are asked for, in halves. Throws
 * RemoteError.
 * @param before null at the end of the list.
 */
export async function failingBetween(
  requests: SiteRequests,
  list: { route: string; query: string; fields: string },
  after: number,
  before: number | null,
): Promise<number | null> {
  const end = before ?? after + 1 + MOST_BEHIND_END;
  if (before !== null && before - after === 2) return after + 1;
  const fails = async (first: number, behind: number) => {
    const ids = Array.from({ length: behind - first }, (_, index) => first + index);
    const query = `${list.query}&include=${ids.join(',')}&per_page=${LARGEST_PAGE}&_fields=${list.fields}`;
    try {
      await requests.read(list.route, query, { divisible: true });
      return false;
    } catch (error) {
      if (error instanceof RemoteError && isOverload(error)) return true;
      throw error;
    }
  };
  for (let first = after + 1; first < end; first += LARGEST_PAGE) {
    const behind = Math.min(first + LARGEST_PAGE, end);
    if (await fails(first, behind)) return halved(fails, first, behind);
  }
  return null;
}

/** The first id that fails, of a part that is known to fail; null if only the whole part fails. */
async function halved(
  fails: (first: number, behind: number) => Promise<boolean>,
  first: number,
  behind: number,
): Promise<number | null> {
  if (behind - first === 1) return first;
  const middle = first + Math.ceil((behind - first) / 2);
  if (await fails(first, middle)) return halved(fails, first, middle);
  return (await fails(middle, behind)) ? halved(fails, middle, behind) : null;
}
