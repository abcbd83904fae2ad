import type { RemoteError } from '../../../errors.ts';
import { type DivisibleList, overload } from '../../parts/division.ts';
import type { ContentTerm } from '../../remoteContent.ts';
import { totalIn } from '../site/listings.ts';
import { isRecord } from '../site/siteClient.ts';
import type { SiteRequests } from './siteRequests.ts';
import type { Taxonomy } from './siteTypes.ts';
import { faultOfTerm, getTerm, getTerms, itemTerm, readTerm, type TermRecord } from './termRecord.ts';

/** Core's largest page. */
const PAGE = 100;
/** How many terms one session requests alone, because lists leave them out. */
const ALONE_AT_MOST = 200;
const FIELDS = 'id,slug,name';
/** WordPress's code for a term that does not exist, or that is of another taxonomy. */
const GONE = 'rest_term_invalid';

/** The terms of an item. */
export interface ItemTerms {
  /** The terms that can be read. */
  list: ContentTerm[];
  /** A sentence about the terms that cannot be read; null if all terms can be read. */
  fault: string | null;
}

/** A term that an item names by its id: `term` is null if it does not exist, or if it cannot be read. */
interface NamedTerm {
  term: ContentTerm | null;
  fault: string | null;
}

/** The terms that posts name by id. Each term is read once in a session. */
export class TermMap {
  readonly #requests: SiteRequests;
  /** By taxonomy and id. */
  readonly #terms = new Map<string, NamedTerm>();
  /** Reads run one after the other, because pages that are read at once hold the same terms. */
  #reading: Promise<void> = Promise.resolve();
  #alone = 0;

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** Stores terms that were read for another reason. */
  learn(taxonomy: string, found: ReadonlyArray<Omit<TermRecord, 'parent' | 'count'>>): void {
    for (const read of found)
      this.#terms.set(`${taxonomy} ${read.id}`, {
        term: itemTerm(read, taxonomy),
        fault: faultOfTerm(read, taxonomy),
      });
  }

  /** The terms of each post, in the order of the posts. Throws RemoteError. */
  async termsOf(
    posts: ReadonlyArray<Record<string, unknown>>,
    taxonomies: readonly Taxonomy[],
  ): Promise<ItemTerms[]> {
    const read = this.#reading.then(() => this.#readMissing(posts, taxonomies));
    this.#reading = read.catch(() => undefined);
    await read;
    return posts.map((post) => {
      const named = taxonomies.flatMap(({ slug, restBase }) =>
        idsIn(post[restBase]).flatMap((id) => this.#terms.get(`${slug} ${id}`) ?? []),
      );
      return {
        list: named.flatMap(({ term }) => term ?? []),
        fault: named.find(({ fault }) => fault !== null)?.fault ?? null,
      };
    });
  }

  async #readMissing(
    posts: ReadonlyArray<Record<string, unknown>>,
    taxonomies: readonly Taxonomy[],
  ): Promise<void> {
    for (const taxonomy of taxonomies) {
      const named = new Set(posts.flatMap((post) => idsIn(post[taxonomy.restBase])));
      const unknown = [...named].filter((id) => !this.#isKnown(taxonomy, id));
      for (let start = 0; start < unknown.length; start += PAGE) {
        await this.#read(taxonomy, unknown.slice(start, start + PAGE));
      }
      // WordPress names only terms that exist on a post, so a list that lacks one of them leaves it out.
      for (const id of unknown) if (!this.#isKnown(taxonomy, id)) await this.#readAlone(taxonomy, id);
    }
  }

  #isKnown({ slug }: Taxonomy, id: number): boolean {
    return this.#terms.has(`${slug} ${id}`);
  }

  /** Stores that a term does not exist, or with a fault that it cannot be read. */
  #lacks({ slug }: Taxonomy, id: number, fault: string | null): void {
    this.#terms.set(`${slug} ${id}`, { term: null, fault });
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
      alone: async (from, error) => {
        this.#fails(taxonomy, ids[from] ?? 0, error);
        return { part: null, next: from + 1 < ids.length ? from + 1 : null };
      },
    };
    await this.#requests.division.collect(list, 0, ids.length);
  }

  async #readSome(taxonomy: Taxonomy, ids: number[]): Promise<void> {
    const query = `include=${ids.join(',')}&per_page=${PAGE}&_fields=${FIELDS}`;
    const answer = await getTerms(this.#requests, taxonomy, query);
    const records: unknown[] = Array.isArray(answer.value) ? answer.value : [];
    this.learn(
      taxonomy.slug,
      records.flatMap((record) => readTerm(record) ?? []),
    );
    const came = new Set(records.map((record) => (isRecord(record) ? record.id : null)));
    const rest = ids.filter((id) => !came.has(id));
    // The site counts the terms with these ids. If it has more than it gave, the others are requested again.
    const isShort = (totalIn(answer.response, came.size) ?? ids.length) > came.size;
    if (isShort && rest.length > 0 && rest.length < ids.length) await this.#readSome(taxonomy, rest);
  }

  /** Reads a term that lists leave out. Throws RemoteError if the site is down. */
  async #readAlone(taxonomy: Taxonomy, id: number): Promise<void> {
    this.#alone += 1;
    if (this.#alone > ALONE_AT_MOST) return this.#lacks(taxonomy, id, notGiven(taxonomy, id));
    const answer = await getTerm(this.#requests, taxonomy, id, FIELDS).catch(overload);
    if ('retryable' in answer) {
      if (answer.code !== 'too_large') await this.#requests.division.prove();
      return this.#fails(taxonomy, id, answer);
    }
    if (answer.error?.code === GONE) return this.#lacks(taxonomy, id, null);
    const read = answer.error === null ? readTerm(answer.value) : null;
    if (read?.id === id) this.learn(taxonomy.slug, [read]);
    else this.#lacks(taxonomy, id, notGiven(taxonomy, id));
  }

  #fails(taxonomy: Taxonomy, id: number, { message }: RemoteError): void {
    this.#lacks(taxonomy, id, `The term ${id} of ${taxonomy.slug} fails alone: ${message}`);
  }
}

function notGiven({ slug }: Taxonomy, id: number): string {
  return `The site names the term ${id} of ${slug}, and does not give it.`;
}

function idsIn(value: unknown): number[] {
  return Array.isArray(value) ? value.filter((id) => Number.isSafeInteger(id) && id > 0) : [];
}
