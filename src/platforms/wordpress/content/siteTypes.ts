import type { TypeOfSite } from '../../contentPart.ts';
import { collectionRoute, everyStatus } from '../site/listings.ts';
import { isRecord } from '../site/siteClient.ts';
import type { SiteRequests } from './siteRequests.ts';

/** The facts about a taxonomy that its terms need. */
export interface Taxonomy {
  slug: string;
  /** The route of its terms. */
  route: string;
  /** The field of a post that holds the term ids. */
  restBase: string;
  hierarchical: boolean;
}

interface ListedTaxonomy extends Taxonomy {
  /** The post types that have it. */
  types: unknown[];
}

/** A site's listings of types, taxonomies and statuses. Each listing is requested once in a session. */
export class SiteTypes {
  readonly #requests: SiteRequests;
  readonly #postRoutes = once(() => this.#readPostRoutes());
  readonly #taxonomies = once(() => this.#readTaxonomies());
  /** See `everyStatus` in listings.ts. Throws RemoteError. */
  readonly everyStatus = once(async () =>
    everyStatus(await this.#requests.get('wp/v2/statuses', 'context=edit')),
  );

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** The route of a post type's items. Throws RemoteError. */
  async postRoute(type: TypeOfSite): Promise<string> {
    if (isCores(type)) return supposedRoute(type);
    return (await this.#postRoutes()).get(type.slug) ?? supposedRoute(type);
  }

  /** The route of a taxonomy's terms. Throws RemoteError. */
  async termRoute(taxonomy: TypeOfSite): Promise<string> {
    if (isCores(taxonomy)) return supposedRoute(taxonomy);
    const listed = (await this.#taxonomies()).find(({ slug }) => slug === taxonomy.slug);
    return listed?.route ?? supposedRoute(taxonomy);
  }

  /** The taxonomies of a post type that are shown in REST. Throws RemoteError. */
  async taxonomiesOf(type: string): Promise<Taxonomy[]> {
    return (await this.#taxonomies()).filter(({ types }) => types.includes(type));
  }

  async #readPostRoutes(): Promise<Map<string, string>> {
    const { error, value } = await this.#requests.get('wp/v2/types', 'context=edit');
    // If the user may not see the listing, the types themselves may still be readable.
    return new Map(
      listed(error === null ? value : {}).map(({ slug, restBase, entry }) => [
        slug,
        collectionRoute(restBase, entry.rest_namespace),
      ]),
    );
  }

  async #readTaxonomies(): Promise<ListedTaxonomy[]> {
    const { value } = await this.#requests.read('wp/v2/taxonomies', 'context=edit');
    return listed(value).map(({ slug, restBase, entry }) => ({
      slug,
      route: collectionRoute(restBase, entry.rest_namespace),
      restBase,
      hierarchical: entry.hierarchical === true,
      types: Array.isArray(entry.types) ? entry.types : [],
    }));
  }
}

/** Runs `work` on the first call, and again only if it failed. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => {
    result ??= work().catch((error: unknown) => {
      result = null;
      throw error;
    });
    return result;
  };
}

/** The REST bases of core's own types. Their namespace is always core's. */
const BASES: Readonly<Record<string, string>> = {
  post: 'posts',
  page: 'pages',
  category: 'categories',
  post_tag: 'tags',
};

function isCores({ slug }: TypeOfSite): boolean {
  return Object.hasOwn(BASES, slug);
}

/** The assumed route of a type of core, or of a type that the site does not list. */
function supposedRoute({ slug, structure }: TypeOfSite): string {
  return collectionRoute(structure?.rest_base ?? BASES[slug] ?? slug);
}

/** The types of a listing that have a REST route. */
function listed(value: unknown) {
  return Object.values(isRecord(value) ? value : {}).flatMap((entry) =>
    isRecord(entry) && typeof entry.slug === 'string' && typeof entry.rest_base === 'string'
      ? [{ slug: entry.slug, restBase: entry.rest_base, entry }]
      : [],
  );
}
