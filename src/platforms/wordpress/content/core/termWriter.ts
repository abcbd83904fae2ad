import type { DivisibleList } from '../../../parts/division.ts';
import type { ContentTerm, ItemFault } from '../../../remoteContent.ts';
import { siteSlug } from '../../../siteSlug.ts';
import { totalIn } from '../../site/listings.ts';
import { isRecord } from '../../site/siteClient.ts';
import { partsBySize } from '../ahead.ts';
import { refusedItem } from '../faultText.ts';
import type { SiteRequests } from '../siteRequests.ts';
import type { Taxonomy } from '../siteTypes.ts';
import type { TermMap } from '../termMap.ts';
import { getTerms, itemTerm, readTerm } from '../termRecord.ts';

/** The most parts in a path of a term and its parents. */
const DEEPEST_PATH = 10;

/**
 * `most` is smaller than core's largest page, as a taxonomy may have a slug twice. `largest` keeps the
 * request line below the 8 KiB that web servers take (nginx, Apache): one slug may have over a thousand
 * characters when encoded.
 */
const SLUGS_OF_A_REQUEST = { most: 50, largest: 4_000 };

/** The ids of terms to set, by taxonomy. A taxonomy that is missing in the map is left as it is. */
interface TermIds {
  byTaxonomy: Map<Taxonomy, number[]>;
  notes: ItemFault[];
}

/** Finds the terms that contents name by slug, and creates those that are missing. */
export class TermWriter {
  readonly #requests: SiteRequests;
  readonly #known: TermMap;
  /** Ids by taxonomy, parent (if one is named) and slug. */
  readonly #ids = new Map<string, number>();
  /**
   * Terms that were searched and do not exist. If somebody creates such a term meanwhile, the site's refusal
   * says so.
   */
  readonly #absent = new Set<string>();

  /**
   * @param known stores the terms that are found, so that they need not be read again for the written posts.
   */
  constructor(requests: SiteRequests, known: TermMap) {
    this.#requests = requests;
    this.#known = known;
  }

  /** Looks up many terms at once, so that they need not be searched one by one. Throws RemoteError. */
  async learn(terms: readonly ContentTerm[], taxonomies: readonly Taxonomy[]): Promise<void> {
    for (const taxonomy of taxonomies) {
      const unknown = new Map<string, string>();
      for (const term of terms) {
        const slug = siteSlug(term.slug);
        const isOwn = term.taxonomy === taxonomy.slug && !term.slug.includes('/') && slug !== '';
        if (isOwn && !this.#ids.has(key(taxonomy, slug))) unknown.set(slug, term.slug);
      }
      for (const slugs of partsBySize([...unknown.keys()], SLUGS_OF_A_REQUEST, encodedLength)) {
        // The site may write other letters in its own way. Then the search for the single term finds it.
        for (const slug of slugs) if (isPlain(unknown.get(slug) ?? '')) this.#absent.add(key(taxonomy, slug));
        for (const { id, term } of await this.#bySlugs(taxonomy, slugs)) {
          this.#ids.set(key(taxonomy, term.slug), id);
          this.#absent.delete(key(taxonomy, term.slug));
        }
      }
    }
  }

  /**
   * Finds the ids of terms, and creates missing terms. A term that the site refuses becomes a note. Throws
   * RemoteError.
   * @param taxonomies the taxonomies of the post type. Terms of other taxonomies become notes.
   */
  async idsOf(
    terms: readonly ContentTerm[],
    taxonomies: readonly Taxonomy[],
    externalId: string | null,
  ): Promise<TermIds> {
    const byTaxonomy = new Map(taxonomies.map((taxonomy): [Taxonomy, number[]] => [taxonomy, []]));
    const notes: ItemFault[] = [];
    for (const term of terms) {
      const taxonomy = taxonomies.find(({ slug }) => slug === term.taxonomy);
      if (taxonomy === undefined) {
        const message = `The site's type has no taxonomy ${term.taxonomy}.`;
        notes.push({ externalId, code: 'unknown_taxonomy', message });
        continue;
      }
      const id = await this.#idOf(term, taxonomy);
      const ids = byTaxonomy.get(taxonomy);
      if (typeof id !== 'number')
        notes.push({ externalId, code: 'term_refused', message: `The term ${term.slug}: ${id.message}` });
      else if (ids?.includes(id) === false) ids.push(id);
    }
    return { byTaxonomy, notes };
  }

  /** The id of a term. Its slug may be a path: the slugs of its parents, then its own slug. */
  async #idOf({ slug, name }: ContentTerm, taxonomy: Taxonomy): Promise<number | ItemFault> {
    const path = taxonomy.hierarchical ? slug.split('/').filter((part) => part !== '') : [slug];
    if (path.length === 0 || path.length > DEEPEST_PATH) {
      return { externalId: null, code: 'term_path', message: 'Its path has no parts, or too many.' };
    }
    let parent: { id: number; slug: string } | null = null;
    for (const [index, part] of path.entries()) {
      const title = index === path.length - 1 && name !== '' ? name : part;
      const id = await this.#findOrMake(taxonomy, part, title, parent);
      if (typeof id !== 'number') return id;
      parent = { id, slug: siteSlug(part) };
    }
    return parent?.id ?? { externalId: null, code: 'term_path', message: 'Its path has no parts.' };
  }

  async #findOrMake(
    taxonomy: Taxonomy,
    slug: string,
    name: string,
    parent: { id: number; slug: string } | null,
  ): Promise<number | ItemFault> {
    // WordPress makes the slug of the name if nothing of the slug is left.
    const text = siteSlug(slug) === '' ? name : slug;
    const known = key(taxonomy, siteSlug(text), parent);
    const id =
      this.#ids.get(known) ??
      (this.#absent.has(known) ? null : await this.#find(taxonomy, text, parent)) ??
      (await this.#make(taxonomy, slug, name, parent));
    if (typeof id === 'number') this.#ids.set(known, id);
    return id;
  }

  /** @param text the slug in any letters. The site writes it in its own. */
  async #find(
    taxonomy: Taxonomy,
    text: string,
    parent: { id: number; slug: string } | null,
  ): Promise<number | null> {
    const slug = siteSlug(text);
    if (slug === '') return null;
    // Commas and blanks would separate slugs.
    const asked = isPlain(text) ? slug : text.replaceAll(',', '').trim().replace(/\s+/g, '-');
    // If a child of another parent has the slug, WordPress appends the parent's slug to it
    // (wp_unique_term_slug).
    const slugs = parent === null ? [asked] : [asked, `${asked}-${parent.slug}`];
    const found = await this.#bySlugs(taxonomy, slugs, parent);
    return (found.find(({ term }) => term.slug === slug) ?? found[0])?.id ?? null;
  }

  /** The terms with these slugs, in parts if the site cannot give them at once. Throws RemoteError. */
  async #bySlugs(
    taxonomy: Taxonomy,
    slugs: readonly string[],
    parent: { id: number } | null = null,
  ): Promise<Array<{ id: number; term: ContentTerm }>> {
    const list: DivisibleList<number, Array<{ id: number; term: ContentTerm }>> = {
      name: `terms by slug ${taxonomy.route}`,
      most: SLUGS_OF_A_REQUEST.most,
      ask: (from, count) => this.#withSlugs(taxonomy, slugs.slice(from, from + count), parent),
      next: (from, count) => (from + count < slugs.length ? from + count : null),
      // A term that cannot be looked for is created again, and the site then says that it exists.
      alone: async (from) => ({ part: [], next: from + 1 < slugs.length ? from + 1 : null }),
    };
    return (await this.#requests.division.collect(list, 0, slugs.length)).flat();
  }

  /** The terms with these slugs. If the site has more of them than it gives, the slugs are searched in halves. */
  async #withSlugs(
    taxonomy: Taxonomy,
    slugs: readonly string[],
    parent: { id: number } | null,
  ): Promise<Array<{ id: number; term: ContentTerm }>> {
    const asked = slugs.map((each) => encodeURIComponent(each)).join(',');
    const below = parent === null ? '' : `&parent=${parent.id}`;
    const query = `slug=${asked}${below}&per_page=100&_fields=id,slug,name`;
    const { value, response } = await getTerms(this.#requests, taxonomy, query);
    const records: unknown[] = Array.isArray(value) ? value : [];
    const isFull = records.length >= this.#requests.pageSize.largest;
    const total = totalIn(response, records.length);
    if (slugs.length > 1 && (total === null ? isFull : total > records.length)) {
      const half = Math.ceil(slugs.length / 2);
      const first = await this.#withSlugs(taxonomy, slugs.slice(0, half), parent);
      return [...first, ...(await this.#withSlugs(taxonomy, slugs.slice(half), parent))];
    }
    const found = records.flatMap((record) => readTerm(record) ?? []);
    this.#known.learn(taxonomy.slug, found);
    return found.flatMap((read) => {
      const term = itemTerm(read, taxonomy.slug);
      return term === null ? [] : [{ id: read.id, term }];
    });
  }

  async #make(
    taxonomy: Taxonomy,
    slug: string,
    name: string,
    parent: { id: number } | null,
  ): Promise<number | ItemFault> {
    const { error, value } = await this.#requests.write({
      method: 'POST',
      route: taxonomy.route,
      query: '_fields=id',
      body: { name: name === '' ? slug : name, slug, ...(parent === null ? {} : { parent: parent.id }) },
      // A second create makes no second term: the site answers that the term exists.
      repeatable: true,
    });
    const made = isRecord(value) ? value : {};
    // `term_exists` names the existing term: one with the same name, or one that somebody else has just
    // created.
    const id = error === null ? made.id : error.code === 'term_exists' ? error.data.term_id : null;
    return typeof id === 'number' ? id : refusedItem(null, value);
  }
}

/** Does every site write the slug in the same letters? */
function isPlain(slug: string): boolean {
  return /^[\x20-\x7e]*$/.test(slug) && !slug.includes('%');
}

function encodedLength(slug: string): number {
  return encodeURIComponent(slug).length;
}

function key(taxonomy: Taxonomy, slug: string, parent: { id: number } | null = null): string {
  return `${taxonomy.slug} ${parent?.id ?? ''} ${slug}`;
}
