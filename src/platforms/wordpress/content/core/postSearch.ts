import type { DivisibleList } from '../../../parts/division.ts';
import type { RemoteContent } from '../../../remoteContent.ts';
import { lettersOf } from '../../../siteSlug.ts';
import { totalIn } from '../../site/listings.ts';
import { isRecord } from '../../site/siteClient.ts';
import { partsBySize } from '../ahead.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { walkList } from './anyOrder.ts';
import type { CorePosts } from './corePosts.ts';

/** Web servers take a request line of 8 KB, and the rest of the line needs space too. Bytes. */
const SLUG_BYTES = 6_000;

const SLUGS_AT_ONCE = 300;

/** WordPress searches for a text as a whole if it has more than nine words (WP_Query::parse_search). */
const WORDS = 6;

/** More posts than this with words of one title are not looked through. */
const MOST_BY_TITLE = 500;

/** A part of a search. */
interface FoundPosts {
  items: RemoteContent[];
  /** Has the site given every post that it counts so far? The last part tells about the whole search. */
  isWhole: boolean;
}

/** Searches the posts of one type in every status. */
export class PostSearch {
  readonly #requests: SiteRequests;
  readonly #posts: CorePosts;

  constructor(requests: SiteRequests, posts: CorePosts) {
    this.#requests = requests;
    this.#posts = posts;
  }

  /** The posts with these slugs, as the site writes them. Throws RemoteError. */
  async bySlugs(slugs: readonly string[]): Promise<RemoteContent[]> {
    // Servers may refuse a query that is encoded twice, so the letters are named.
    const named = [...new Set(slugs)].map((slug) => encodeURIComponent(lettersOf(slug)));
    const limits = { most: SLUGS_AT_ONCE, largest: SLUG_BYTES };
    const found: RemoteContent[] = [];
    for (const part of partsBySize(named, limits, (slug) => slug.length + 1)) {
      const list: DivisibleList<number, RemoteContent[]> = {
        name: `slugs ${this.#posts.route}`,
        most: SLUGS_AT_ONCE,
        ask: (from, count) => this.#withSlugs(part.slice(from, from + count)),
        next: (from, count) => (from + count < part.length ? from + count : null),
        // The search decides whether an item exists, so it must not leave out a slug.
        alone: async (_from, error) => {
          throw error;
        },
      };
      found.push(...(await this.#requests.division.collect(list, 0, part.length)).flat());
    }
    return found;
  }

  /** The posts with this title, and maybe others, at most 500. Throws RemoteError. */
  async byTitle(title: string): Promise<RemoteContent[]> {
    // Quotes and a hyphen before a word have a meaning in a search.
    const words = (title.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).slice(0, WORDS).join(' ');
    if (words === '') return [];
    const found = new Map<string, RemoteContent>();
    for await (const { items } of this.#walk(
      `search=${encodeURIComponent(words)}&search_columns=post_title`,
    )) {
      for (const item of items) found.set(item.externalId, item);
      if (found.size >= MOST_BY_TITLE) break;
    }
    return [...found.values()];
  }

  /**
   * Yields the posts of these authors that are dated after a time, and before another time, both ISO 8601 and
   * excluded. Throws RemoteError.
   */
  dated(authors: readonly number[], after: string, before?: string): AsyncGenerator<FoundPosts> {
    const times = { after, ...(before === undefined ? {} : { before }) };
    return this.#walk(`author=${authors.join(',')}&${new URLSearchParams(times)}`);
  }

  /** Yields the posts that fit a filter, in the order in which the site gives them. A post may come twice. */
  async *#walk(filter: string): AsyncGenerator<FoundPosts> {
    const query = `${this.#posts.list.query}&${filter}`;
    const list = { ...this.#posts.list, query, fields: await this.#posts.fields() };
    let failing = 0;
    for await (const part of walkList(this.#requests, list, { offset: 0, lastId: 0 })) {
      const { entries, damaged, faults, read, total } = part;
      failing += faults.length;
      for await (const { items, faults: single } of this.#posts.ofEntries(entries, damaged)) {
        failing += single.length;
        yield { items, isWhole: false };
      }
      yield { items: [], isWhole: failing === 0 && (total === null || read >= total) };
    }
  }

  /** The posts with these encoded slugs. If the site has more than it gives, the slugs are searched in halves. */
  async #withSlugs(slugs: readonly string[]): Promise<RemoteContent[]> {
    const { items, isWhole } = await this.#list(`slug=${slugs.join(',')}`);
    if (isWhole || slugs.length === 1) return items;
    const half = Math.ceil(slugs.length / 2);
    return [...(await this.#withSlugs(slugs.slice(0, half))), ...(await this.#withSlugs(slugs.slice(half)))];
  }

  /** One page of posts, in the order of ids, and whether the site has no more of them. */
  async #list(filter: string): Promise<{ items: RemoteContent[]; isWhole: boolean }> {
    const query = `${this.#posts.list.query}&${filter}&per_page=${LARGEST_PAGE}&orderby=id&order=asc`;
    const fields = await this.#posts.fields();
    const answer = await this.#requests.read(this.#posts.route, `${query}&_fields=${fields}`, {
      divisible: true,
    });
    const records: unknown[] = Array.isArray(answer.value) ? answer.value : [];
    const { items } = await this.#posts.contents(records.filter(isRecord), answer.damaged);
    const total = totalIn(answer.response, records.length);
    const isFull = records.length >= this.#requests.pageSize.largest;
    return { items, isWhole: total === null ? !isFull : total <= records.length };
  }
}
