import type { DivisibleList } from '../../parts/division.ts';
import type { ContentTerm } from '../../remoteContent.ts';
import { decodeCharacterReferences } from '../site/htmlText.ts';
import { totalIn } from '../site/listings.ts';
import { isRecord } from '../site/siteClient.ts';
import { isStorable } from './fieldReader.ts';
import type { SiteRequests } from './siteRequests.ts';
import type { Taxonomy } from './siteTypes.ts';

/** Core's largest page. */
const PAGE = 100;

/** The terms that posts name by id. Each term is read once in a session. */
export class TermMap {
  readonly #requests: SiteRequests;
  /** Terms by taxonomy and id; null for a term that the site does not show. */
  readonly #terms = new Map<string, ContentTerm | null>();
  /** Terms whose request fails although it asks for them alone, by taxonomy and id. */
  readonly #failing = new Set<string>();
  /** Reads run one after the other, because pages that are read at once hold the same terms. */
  #reading: Promise<void> = Promise.resolve();

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** Stores terms that were read for another reason. */
  learn(found: ReadonlyArray<{ id: number; term: ContentTerm }>): void {
    for (const { id, term } of found) this.#terms.set(`${term.taxonomy} ${id}`, term);
  }

  /** The terms of each post, in the order of the posts; null if a term of it fails alone. Throws RemoteError. */
  async termsOf(
    posts: ReadonlyArray<Record<string, unknown>>,
    taxonomies: readonly Taxonomy[],
  ): Promise<Array<ContentTerm[] | null>> {
    const read = this.#reading.then(() => this.#readMissing(posts, taxonomies));
    this.#reading = read.catch(() => undefined);
    await read;
    return posts.map((post) => {
      const keys = taxonomies.flatMap(({ slug, restBase }) =>
        idsIn(post[restBase]).map((id) => `${slug} ${id}`),
      );
      return keys.some((key) => this.#failing.has(key))
        ? null
        : keys.flatMap((key) => this.#terms.get(key) ?? []);
    });
  }

  async #readMissing(
    posts: ReadonlyArray<Record<string, unknown>>,
    taxonomies: readonly Taxonomy[],
  ): Promise<void> {
    for (const taxonomy of taxonomies) {
      const named = new Set(posts.flatMap((post) => idsIn(post[taxonomy.restBase])));
      const unknown = [...named].filter((id) => !this.#terms.has(`${taxonomy.slug} ${id}`));
      for (let start = 0; start < unknown.length; start += PAGE) {
        await this.#read(taxonomy, unknown.slice(start, start + PAGE));
      }
    }
  }

  /** Reads terms, in parts if the site cannot give them at once. */
  async #read(taxonomy: Taxonomy, ids: number[]): Promise<void> {
    const list: DivisibleList<number, null> = {
      name: `terms ${taxonomy.route}`,
      most: PAGE,
      ask: async (from, count) => {
        await this.#readSome(taxonomy, ids.slice(from, from + count));
        return null;
      },
      next: (from, count) => (from + count < ids.length ? from + count : null),
      alone: async (from) => {
        this.#terms.set(`${taxonomy.slug} ${ids[from]}`, null);
        this.#failing.add(`${taxonomy.slug} ${ids[from]}`);
        return { part: null, next: from + 1 < ids.length ? from + 1 : null };
      },
    };
    await this.#requests.division.collect(list, 0, ids.length);
  }

  async #readSome(taxonomy: Taxonomy, ids: number[]): Promise<void> {
    const query = `include=${ids.join(',')}&per_page=${PAGE}&_fields=id,slug,name`;
    const answer = await getTerms(this.#requests, taxonomy, query);
    for (const id of ids) this.#terms.set(`${taxonomy.slug} ${id}`, null);
    const records: unknown[] = Array.isArray(answer.value) ? answer.value : [];
    this.learn(records.flatMap((record) => readTerm(record, taxonomy.slug) ?? []));
    const came = new Set(records.map((record) => (isRecord(record) ? record.id : null)));
    const rest = ids.filter((id) => !came.has(id));
    // The site counts the terms with these ids. If it has more than it gave, the others are requested again.
    const isShort = (totalIn(answer.response, came.size) ?? ids.length) > came.size;
    if (isShort && rest.length > 0 && rest.length < ids.length) await this.#readSome(taxonomy, rest);
  }
}

/** Reads a term from REST, with its name decoded to plain text; null for a term that cannot be stored. */
export function readTerm(
  record: unknown,
  taxonomy: string,
): { id: number; parent: number; count: number; term: ContentTerm } | null {
  if (!isRecord(record)) return null;
  const { id, slug, name, parent, count } = record;
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 1) return null;
  if (typeof slug !== 'string' || typeof name !== 'string' || !isStorable(slug + name)) return null;
  return {
    id,
    parent: typeof parent === 'number' && Number.isSafeInteger(parent) ? parent : 0,
    count: typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : 0,
    term: { taxonomy, slug, name: decodeCharacterReferences(name) },
  };
}

/** Reads terms as an editor, or as a visitor if the user may not edit them. Throws RemoteError. */
export async function getTerms(requests: SiteRequests, { route }: Taxonomy, query: string) {
  const answer = await requests.get(route, `context=edit&${query}`, { divisible: true });
  if (answer.error === null) return answer;
  const { status } = answer.error;
  if (status === 401 || status === 403) return requests.read(route, query, { divisible: true });
  throw requests.refusal(answer, answer.error);
}

function idsIn(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((id) => Number.isSafeInteger(id) && id > 0) : [];
}
