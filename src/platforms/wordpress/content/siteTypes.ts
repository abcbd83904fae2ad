import type { TypeOfSite } from '../../contentPart.ts';
import { isRecord } from '../siteClient.ts';
import type { SiteRequests } from './siteRequests.ts';

/** A taxonomy as far as its terms are concerned. */
export interface Taxonomy {
  slug: string;
  /** As in its route, and as the field of a post that holds term ids. */
  restBase: string;
  hierarchical: boolean;
}

/** The bases of core's own types, for a site whose structure is not known yet. */
const BASES: Readonly<Record<string, string>> = {
  post: 'posts',
  page: 'pages',
  category: 'categories',
  post_tag: 'tags',
};

/** The name of a type in the paths of the REST API. */
export function restBase({ slug, structure }: TypeOfSite): string {
  return structure?.rest_base ?? BASES[slug] ?? slug;
}

/** The route of a type or taxonomy. */
export function routeOf(base: string): string {
  return `wp/v2/${encodeURIComponent(base)}`;
}

/** The taxonomies of a site's types, asked for once in a session. */
export class SiteTypes {
  readonly #requests: SiteRequests;
  #taxonomies: Promise<Array<Taxonomy & { types: unknown[] }>> | null = null;

  constructor(requests: SiteRequests) {
    this.#requests = requests;
  }

  /** Those of a post type that are shown in REST. Throws RemoteError. */
  async taxonomiesOf(type: string): Promise<Taxonomy[]> {
    this.#taxonomies ??= this.#read();
    try {
      return (await this.#taxonomies).filter(({ types }) => types.includes(type));
    } catch (error) {
      this.#taxonomies = null;
      throw error;
    }
  }

  async #read() {
    const { value } = await this.#requests.read('wp/v2/taxonomies', 'context=edit');
    return Object.values(isRecord(value) ? value : {}).flatMap((entry) => {
      if (!isRecord(entry) || typeof entry.slug !== 'string' || typeof entry.rest_base !== 'string')
        return [];
      return [
        {
          slug: entry.slug,
          restBase: entry.rest_base,
          hierarchical: entry.hierarchical === true,
          types: Array.isArray(entry.types) ? entry.types : [],
        },
      ];
    });
  }
}
