import type { RemoteError } from '../../../../errors.ts';
import type { TypeOfSite } from '../../../contentPart.ts';
import { type DivisibleList, failsAlone } from '../../../parts/division.ts';
import type { ItemFault, RemoteContent } from '../../../remoteContent.ts';
import { totalIn } from '../../site/listings.ts';
import { namesBuilder } from '../builders.ts';
import { LARGEST_PAGE } from '../pageSize.ts';
import { postId, readPost } from '../postFields.ts';
import type { SiteAnswer, SiteRequests } from '../siteRequests.ts';
import type { SiteTypes, Taxonomy } from '../siteTypes.ts';
import type { TermMap } from '../termMap.ts';
import { includedRecords } from './includedRecords.ts';
import { type Entry, type IdList, idOf, pageSpan, recordsOf } from './listPage.ts';

/** Raw values only: WordPress takes several times as long to make the `rendered` values. */
const FIELDS =
  'id,type,status,slug,link,date_gmt,modified_gmt,author,parent,title.raw,content.raw,content.protected,excerpt.raw,meta,featured_media';

/** How many posts one request lets the site render. */
const RENDERED_AT_ONCE = 20;

export interface ReadPosts {
  items: RemoteContent[];
  faults: ItemFault[];
}

/** The answer for some ids. */
interface Included {
  ids: readonly string[];
  answer: SiteAnswer;
}

/** A session's access to one site: its requests, and the types and terms that it has read. */
interface CoreSite {
  requests: SiteRequests;
  types: SiteTypes;
  terms: TermMap;
}

/** The posts of one type through core REST. */
export class CorePosts {
  readonly route: string;
  readonly type: TypeOfSite;
  readonly #site: CoreSite;
  readonly #statuses: string;

  private constructor(site: CoreSite, type: TypeOfSite, route: string, statuses: string) {
    this.#site = site;
    this.type = type;
    this.route = route;
    this.#statuses = statuses;
  }

  /** Finds the route of the posts of a type. Throws RemoteError. */
  static async of(site: CoreSite, type: TypeOfSite): Promise<CorePosts> {
    return new CorePosts(site, type, await site.types.postRoute(type), await site.types.everyStatus());
  }

  /** Does the site name a page builder in the root of its API? */
  get mayHaveBuilder(): boolean {
    return namesBuilder(this.#site.requests.root.namespaces);
  }

  /** The list of posts in every status but trash and auto-draft. */
  get list(): Omit<IdList, 'fields'> {
    return { route: this.route, query: `context=edit&status=${this.#statuses}` };
  }

  /** How many posts to read by id at once, so that a weak site gives them in parts of the same size. */
  get idsAtOnce(): number {
    return pageSpan(this.#site.requests, { ...this.list, fields: FIELDS });
  }

  /** How many posts the site is known to give in one answer. */
  get idsOfAnswer(): number {
    const { division, pageSize } = this.#site.requests;
    return Math.min(pageSize.largest, division.sizes.of(this.#sizeName, LARGEST_PAGE).proven ?? LARGEST_PAGE);
  }

  get #sizeName(): string {
    return `items ${this.route}`;
  }

  /** The taxonomies of the type. Throws RemoteError. */
  async taxonomies(): Promise<Taxonomy[]> {
    return this.#site.types.taxonomiesOf(this.type.slug);
  }

  /** The fields of a post that are read, with its terms as ids. Throws RemoteError. */
  async fields(): Promise<string> {
    const bases = (await this.taxonomies()).map(({ restBase: base }) => encodeURIComponent(base));
    return [FIELDS, ...bases].join(',');
  }

  /** Reads posts as contents and faults. Requests terms that are not known yet. Throws RemoteError. */
  async contents(records: ReadonlyArray<Record<string, unknown>>, damaged: boolean): Promise<ReadPosts> {
    const taxonomies = await this.taxonomies();
    const terms = await this.#site.terms.termsOf(records, taxonomies);
    const readings = records.map((record, index) => {
      const areRead = taxonomies.every(({ restBase }) => isListOfIds(record[restBase]));
      return readPost(record, {
        type: this.type.slug,
        terms: (areRead ? terms[index] : null) ?? { list: [], fault: 'The terms are not lists of ids.' },
        damaged,
      });
    });
    const { mayHaveBuilder } = this;
    return {
      // Without a builder on the site, no post is built with one.
      items: readings.flatMap(({ post }) =>
        post === null ? [] : mayHaveBuilder ? post : { builtWith: null, ...post },
      ),
      faults: readings.flatMap(({ fault }) => fault ?? []),
    };
  }

  /**
   * Reads the unknown terms of several posts at once, so that `contents` needs no request for single ones of
   * them.
   */
  async learnTerms(records: ReadonlyArray<Record<string, unknown>>): Promise<void> {
    await this.#site.terms.termsOf(records, await this.taxonomies());
  }

  /** Yields the posts of a part of the list. Posts whose page was too large are read by id, in halves. */
  async *ofEntries(entries: readonly Entry[], damaged: boolean): AsyncGenerator<ReadPosts> {
    const records = entries.flatMap(({ record }) => (record === null ? [] : [record]));
    if (records.length > 0 || entries.length === 0) yield await this.contents(records, damaged);
    const left = entries.flatMap(({ id, record }) => (record === null ? [String(id)] : []));
    const half = Math.ceil(left.length / 2);
    if (left.length > 0) yield* this.byIds(left.slice(0, half));
    if (left.length > half) yield* this.byIds(left.slice(half));
  }

  /**
   * Yields the posts with these ids that the user may see, at most 100 ids; in parts if the site cannot give them at
   * once, or makes its answers shorter. A post that fails alone is a fault.
   * @param more a status in addition to those of `list`.
   */
  async *byIds(ids: readonly string[], more = ''): AsyncGenerator<ReadPosts> {
    const { failing, division } = this.#site.requests;
    const faults = ids.flatMap((id) => {
      const error = failing.get(`${this.route} ${id}`);
      return error === undefined ? [] : [failsAlone(id, error)];
    });
    if (faults.length > 0) yield { items: [], faults };
    const left = ids.filter((id) => !failing.has(`${this.route} ${id}`));
    if (left.length === 0) return;
    for await (const part of division.read(this.#included(left, more), 0, left.length)) {
      if ('fault' in part) yield { items: [], faults: [part.fault] };
      else yield* this.#withRest(part, more);
    }
  }

  /** Notes that a post fails alone. Throws RemoteError if the site is down. */
  async failsAlone(id: string, error: RemoteError): Promise<void> {
    const { failing, division } = this.#site.requests;
    if (error.code !== 'too_large') await division.prove();
    failing.set(`${this.route} ${id}`, error);
  }

  /** Yields the posts of an answer, and those that the site has left out of it. */
  async *#withRest({ ids, answer }: Included, more: string): AsyncGenerator<ReadPosts> {
    const records = recordsOf(this.#site.requests, answer);
    yield await this.contents(records, answer.damaged);
    const came = new Set(records.map(idOf));
    const rest = ids.filter((id) => !came.has(Number(id)));
    // The site counts the posts with these ids. If it has more than it gave, the others are requested again.
    const isShort = (totalIn(answer.response, came.size) ?? ids.length) > came.size;
    if (isShort && rest.length > 0 && rest.length < ids.length) yield* this.byIds(rest, more);
  }

  /** The posts with these ids as a list that can be divided. */
  #included(ids: readonly string[], more: string): DivisibleList<number, Included | { fault: ItemFault }> {
    return {
      name: this.#sizeName,
      most: LARGEST_PAGE,
      ask: async (from, count) => {
        const some = ids.slice(from, from + count);
        return { ids: some, answer: await this.#include(some, more) };
      },
      next: (from, count) => (from + count < ids.length ? from + count : null),
      alone: async (from, error) => {
        const id = ids[from] ?? '';
        this.#site.requests.failing.set(`${this.route} ${id}`, error);
        return { part: { fault: failsAlone(id, error) }, next: from + 1 < ids.length ? from + 1 : null };
      },
    };
  }

  /** Requests one post in any status. Returns refusals too. */
  async one(id: string, options: { divisible?: boolean } = {}): Promise<SiteAnswer> {
    const query = `context=edit&_fields=${await this.fields()}`;
    return this.#site.requests.get(`${this.route}/${id}`, query, options);
  }

  /**
   * Yields the bodies of posts as visitors see them. A post that the site cannot render is left out. Throws
   * RemoteError.
   */
  rendered(ids: readonly string[]): AsyncGenerator<Record<string, unknown>> {
    const { requests } = this.#site;
    const list = {
      name: `rendered ${this.route}`,
      most: RENDERED_AT_ONCE,
      division: requests.rendering,
      ask: (some: readonly string[]) => {
        const query = `${this.list.query}&include=${some.join(',')}&per_page=${some.length}&_fields=id,content.rendered`;
        return requests.read(this.route, query, { divisible: true });
      },
    };
    return includedRecords(requests, list, ids);
  }

  /** Throws RemoteError if the site is down. */
  async prove(): Promise<void> {
    await this.#site.requests.division.prove();
  }

  async #include(ids: readonly string[], more: string): Promise<SiteAnswer> {
    const statuses = more === '' ? this.#statuses : `${this.#statuses},${more}`;
    const query = `context=edit&status=${statuses}&include=${ids.join(',')}&orderby=id&order=asc&per_page=${LARGEST_PAGE}`;
    return this.#site.requests.read(this.route, `${query}&_fields=${await this.fields()}`, {
      divisible: true,
    });
  }
}

/** Are these the terms of a post, or absent? */
function isListOfIds(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every(Number.isSafeInteger));
}

/** Is the text the id of a post? */
export function isPostId(externalId: string): boolean {
  return /^[1-9]\d{0,15}$/.test(externalId) && postId({ id: Number(externalId) }) === externalId;
}
