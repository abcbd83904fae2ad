import type { RemoteError } from '../../errors.ts';
import type { ContentDescription } from './contentDescription.ts';
import { fault } from './explanations.ts';
import { idOf } from './itemMap.ts';
import type { ListPage, PageStart } from './listPage.ts';

const MAX_PAGES = 10_000;

/** Finds the end of a list, and a list that runs in a circle or has too many pages. */
export class EndWatch {
  readonly #content: ContentDescription;
  readonly #maxPages: number;
  readonly #ids = new Set<string>();
  readonly #pages = new Set<string>();
  readonly #starts = new Set<string | number>();
  /** How many pages came in this process. */
  #taken = 0;
  #firstLength = 0;
  #lastLength = 0;
  /** How many items came before, in another process; null if that is unknown. */
  readonly #before: number | null;
  /** The number of a page that repeats the last page, as long as it is not certain that the list has ended. */
  #repeated: number | null = null;

  constructor(content: ContentDescription, start: PageStart) {
    this.#content = content;
    this.#maxPages = content.paging.max_pages ?? MAX_PAGES;
    this.#before = start.read;
  }

  /**
   * Is the page behind the end of the list? Some APIs give the last page again. A page that repeats items before
   * the end is a fault. Throws ExplainedFault `endless_paging`.
   */
  isBehindEnd(page: ListPage): boolean {
    const ids = page.items.map((item) => idOf(item, this.#content.map)).filter((id) => id !== null);
    this.#taken += 1;
    const key = JSON.stringify(ids);
    const isKnown =
      ids.length > 0 && ids.length === page.items.length && ids.every((id) => this.#ids.has(id));
    const isRepeated = isKnown && (this.isCounted(page) || this.#pages.has(key));
    if (isRepeated && this.#ends(page)) return true;
    if (!isRepeated && this.#repeated !== null) throw this.#repeats(this.#repeated, page.total);
    this.#pages.add(key);
    for (const id of ids) this.#ids.add(id);
    if (this.#taken === 1) this.#firstLength = page.items.length;
    this.#lastLength = page.items.length;
    this.#mustGoOn(page);
    return false;
  }

  /** Did as many different items come as the API counts? */
  isCounted({ total }: Pick<ListPage, 'total'>): boolean {
    return total !== null && this.#before !== null && this.#before + this.#ids.size >= total;
  }

  /** Does a page that repeats the items of others show that the list has ended? */
  #ends(page: ListPage): boolean {
    if (this.isCounted(page)) return true;
    const { type } = this.#content.paging;
    const isByPlace = type === 'page' || type === 'offset';
    // Two different pages came, so the API knows the parameter.
    if (page.total !== null || !isByPlace || this.#taken <= 2) throw this.#repeats(this.#taken, page.total);
    if (this.#lastLength < this.#firstLength || this.#repeated !== null) return true;
    // The last page is full: only the page after this one shows whether the list has ended.
    this.#repeated = this.#taken;
    return false;
  }

  #repeats(number: number, total: number | null): RemoteError {
    const of = total === null ? '' : ` of ${total}`;
    const read = (this.#before ?? 0) + this.#ids.size;
    return endless(`the same page came twice, as page ${number} after ${read}${of} items`);
  }

  #mustGoOn({ next }: ListPage): void {
    if (next === null || next.at === null) return;
    const start = next.place === null ? next.at : `item ${next.place}`;
    if (this.#starts.has(start)) throw endless('the same next page was named twice');
    this.#starts.add(start);
    if (next.pages >= this.#maxPages) throw endless(`it has more than ${this.#maxPages} pages`);
  }
}

function endless(found: string): RemoteError {
  return fault('endless_paging', { values: { found }, detail: found });
}
