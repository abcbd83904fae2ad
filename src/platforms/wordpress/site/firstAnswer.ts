import { overload } from '../../parts/division.ts';

/** How many items at the beginning of a list may break the site before the list counts as broken. */
const MOST_FAILING_FIRST = 3;

/**
 * The answer for one item of a list, whatever the first items do to the site. Throws RemoteError if none of the first
 * three comes. The site must have answered other requests, so that it is not down.
 * @param query asks for one item; without an offset.
 */
export async function firstAnswer<T>(ask: (query: string) => Promise<T>, query: string): Promise<T> {
  for (let offset = 0; ; offset += 1) {
    try {
      return await ask(`${query}${offset === 0 ? '' : `&offset=${offset}`}`);
    } catch (error) {
      const failed = overload(error);
      if (offset + 1 === MOST_FAILING_FIRST) throw failed;
    }
  }
}
