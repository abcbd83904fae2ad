import { PAGE_LIMIT, type SizeMemory } from '../../parts/partSize.ts';
import { type ApiError, isRecord } from '../site/siteClient.ts';

/** Core's largest page. */
export const LARGEST_PAGE = 100;

/** The largest page that one site allows. A plugin may lower core's limit (`rest_{type}_collection_params`). */
export class PageSize {
  #largest: number;

  /** @param largest the largest page of an earlier session. */
  constructor(largest = LARGEST_PAGE) {
    this.#largest = Math.max(1, Math.min(LARGEST_PAGE, largest));
  }

  get largest(): number {
    return this.#largest;
  }

  /** The query with `per_page` as large as the site allows. */
  fit(query: string): { query: string; size: number | null } {
    const asked = /(?:^|&)per_page=(\d+)/.exec(query)?.[1];
    if (asked === undefined) return { query, size: null };
    const size = Math.min(Number(asked), this.#largest);
    return { query: query.replace(/((?:^|&)per_page=)\d+/, `$1${size}`), size };
  }

  /** Halves the page after the site has refused one of this size. Returns whether a smaller page is left. */
  refused(size: number): boolean {
    if (size <= 1) return false;
    this.#largest = Math.min(this.#largest, Math.floor(size / 2));
    return true;
  }

  /** Keeps a limit for later sessions. */
  async remember(memory: SizeMemory): Promise<void> {
    if (this.#largest < LARGEST_PAGE && memory.get(PAGE_LIMIT) !== this.#largest)
      await memory.set(PAGE_LIMIT, this.#largest);
  }
}

/** Does the site refuse the size of a page? See WP_REST_Server: `rest_invalid_param` names each parameter. */
export function refusesPageSize({ code, status, data }: ApiError): boolean {
  return (
    status === 400 && code === 'rest_invalid_param' && isRecord(data.params) && 'per_page' in data.params
  );
}
