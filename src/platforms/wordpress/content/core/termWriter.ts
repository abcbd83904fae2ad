import type { ContentTerm, ItemFault } from '../../../contentPart.ts';
import { isRecord } from '../../site/siteClient.ts';
import { partsBySize } from '../ahead.ts';
import { refusedItem } from '../faultText.ts';
import type { SiteRequests } from '../siteRequests.ts';
import type { Taxonomy } from '../siteTypes.ts';
import { getTerms, readTerm, type TermMap } from '../termMap.ts';

/** The deepest path of parents that a term may be given by. */
const DEEPEST_PATH = 10;

/**
 * Fewer than core's largest page, as a taxonomy may have a slug twice; and no more characters than fit well into the
 * request line that web servers take, 8 KiB (nginx, Apache): one slug may be over a thousand when encoded.
 */
const SLUGS_OF_A_REQUEST = { most: 50, largest: 4_000 };

/** Ids of terms to be, by taxonomy; a taxonomy that is not in it is to stay as it is. */
interface TermIds {
  byTaxonomy: Map<Taxonomy, number[]>;
  notes: ItemFault[];
}

/** Finds the terms that contents name by slug, and makes those that are missing. */
export class TermWriter {
  readonly #requests: SiteRequests;
  readonly #known: TermMap;
  /** By taxonomy, parent where one is named, and slug. */
  readonly #ids = new Map<string, number>();
  /** Those that were looked for and are not there; made by another since, the site says so. */
  readonly #absent = new Set<string>();

  /** @param known learns what is found, so that the posts that are written need not have it read again. */
  constructor(requests: SiteRequests, known: TermMap) {
    this.#requests = requests;
    this.#known = known;
  }

  /** Looks many terms up at once, so that they need not be looked for one by one. Throws RemoteError. */
  async learn(terms: readonly ContentTerm[], taxonomies: readonly Taxonomy[]): Promise<void> {
    for (const taxonomy of taxonomies) {
      const own = terms.filter((term) => term.taxonomy === taxonomy.slug && !term.slug.includes('/'));
      const unknown = new Set(
        own.map(({ slug }) => slug).filter((slug) => !this.#ids.has(key(taxonomy, slug))),
      );
      for (const slugs of partsBySize([...unknown], SLUGS_OF_A_REQUEST, encodedLength)) {
        for (const slug of slugs) this.#absent.add(key(taxonomy, slug));
        for (const { id, term } of await this.#bySlugs(taxonomy, slugs)) {
          this.#ids.set(key(taxonomy, term.slug), id);
          this.#absent.delete(key(taxonomy, term.slug));
        }
      }
    }
  }

  /**
   * @param taxonomies those of the post type; terms of others become notes.
   * Throws RemoteError; a term that the site refuses to make becomes a note.
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
      if (typeof id === 'number') byTaxonomy.get(taxonomy)?.push(id);
      else notes.push({ externalId, code: 'term_refused', message: `The term ${term.slug}: ${id.message}` });
    }
    return { byTaxonomy, notes };
  }

  /** The id of a term, whose slug may be a path of its parents' slugs and its own. */
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
      parent = { id, slug: part };
    }
    return parent?.id ?? { externalId: null, code: 'term_path', message: 'Its path has no parts.' };
  }

  async #findOrMake(
    taxonomy: Taxonomy,
    slug: string,
    name: string,
    parent: { id: number; slug: string } | null,
  ): Promise<number | ItemFault> {
    const id =
      this.#ids.get(key(taxonomy, slug, parent)) ??
      (await this.#find(taxonomy, slug, parent)) ??
      (await this.#make(taxonomy, slug, name, parent));
    if (typeof id === 'number') this.#ids.set(key(taxonomy, slug, parent), id);
    return id;
  }

  async #find(
    taxonomy: Taxonomy,
    slug: string,
    parent: { id: number; slug: string } | null,
  ): Promise<number | null> {
    if (this.#absent.has(key(taxonomy, slug, parent))) return null;
    // A slug that another parent's child has already gets the parent's slug appended (wp_unique_term_slug).
    const slugs = parent === null ? [slug] : [slug, `${slug}-${parent.slug}`];
    const found = await this.#bySlugs(taxonomy, slugs, parent);
    return (found.find(({ term }) => term.slug === slug) ?? found[0])?.id ?? null;
  }

  async #bySlugs(taxonomy: Taxonomy, slugs: readonly string[], parent: { id: number } | null = null) {
    const asked = slugs.map((each) => encodeURIComponent(each)).join(',');
    const below = parent === null ? '' : `&parent=${parent.id}`;
    const query = `slug=${asked}${below}&per_page=100&_fields=id,slug,name`;
    const { value } = await getTerms(this.#requests, taxonomy, query);
    const records: unknown[] = Array.isArray(value) ? value : [];
    const found = records.flatMap((record) => readTerm(record, taxonomy.slug) ?? []);
    this.#known.learn(found);
    return found;
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
      // Made twice, it is there once: the second time the site says so.
      repeatable: true,
    });
    const made = isRecord(value) ? value : {};
    // `term_exists` names the one that is in the way: the same name, or made just now by another.
    const id = error === null ? made.id : error.code === 'term_exists' ? error.data.term_id : null;
    return typeof id === 'number' ? id : refusedItem(null, value);
  }
}

function encodedLength(slug: string): number {
  return encodeURIComponent(slug).length;
}

function key(taxonomy: Taxonomy, slug: string, parent: { id: number } | null = null): string {
  return `${taxonomy.slug} ${parent?.id ?? ''} ${slug}`;
}
