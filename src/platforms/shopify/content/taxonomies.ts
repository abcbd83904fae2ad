import { z } from 'zod';
import { cappedList } from '../../incompleteList.ts';
import type { RemoteTerm } from '../../remoteContent.ts';
import type { Operation } from '../api/adminClient.ts';
import { numberIn } from '../api/globalId.ts';
import { fault } from '../faults.ts';
import { countBlogs, countCollections } from './counts.ts';
import { slugOf } from './slug.ts';
import { connectionTerms, list, type Query, textTerm, textTerms } from './termLists.ts';

/**
 * The groupings of a shop's contents, as taxonomies: an article is in a blog, a product is in collections and
 * has a type, and both have tags. Publications (where products and collections are sold) and metafield
 * definitions (which further fields the shop has defined) do not group contents. They are listed as
 * taxonomies too, because the structure of a site has no other place for named lists.
 */
interface ShopTaxonomy {
  slug: string;
  label: string;
  postTypes: string[];
  /** The scope that the app needs to read it. */
  scope: string;
  /** Its terms, page by page. Throws ExplainedFault, and `incomplete_list` at the end if terms are missing. */
  terms(query: Query): AsyncIterable<RemoteTerm[]>;
}

export const TAXONOMIES: readonly ShopTaxonomy[] = [
  {
    slug: 'blog',
    label: 'Blogs',
    postTypes: ['article'],
    scope: 'read_content',
    terms: (query) =>
      connectionTerms(
        query,
        list('blogs', 'id handle title articlesCount(limit: null) { count }', 50, 2),
        (node) => ({
          externalId: numberIn(node.id, 'Blog'),
          slug: node.handle,
          name: node.title,
          count: node.articlesCount?.count,
        }),
        () => countBlogs(query),
      ),
  },
  {
    slug: 'article_tag',
    label: 'Article tags',
    postTypes: ['article'],
    scope: 'read_content',
    async *terms(query) {
      const answer = await query(ARTICLE_TAGS, {});
      const tags = z.array(z.string()).safeParse(answer.data.articleTags);
      if (!tags.success) throw fault('unexpected_answer', { values: { found: 'no tags of articles' } });
      yield tags.data.filter((tag) => tag !== '').map(textTerm);
      if (tags.data.length >= MOST_ARTICLE_TAGS) throw cappedList(MOST_ARTICLE_TAGS);
    },
  },
  {
    slug: 'product_type',
    label: 'Product types',
    postTypes: ['product'],
    scope: 'read_products',
    terms: (query) => textTerms(query, 'productTypes'),
  },
  {
    slug: 'product_tag',
    label: 'Product tags',
    postTypes: ['product'],
    scope: 'read_products',
    terms: (query) => textTerms(query, 'productTags'),
  },
  {
    slug: 'collection',
    label: 'Collections',
    postTypes: ['product'],
    scope: 'read_products',
    terms: (query) =>
      connectionTerms(
        query,
        list('collections', 'id handle title productsCount { count }', 100, 2),
        (node) => ({
          externalId: numberIn(node.id, 'Collection'),
          slug: node.handle,
          name: node.title,
          count: node.productsCount?.count,
        }),
        () => countCollections(query),
      ),
  },
  {
    slug: 'publication',
    label: 'Publications',
    postTypes: ['product', 'collection'],
    scope: 'read_publications',
    terms: (query) =>
      connectionTerms(query, list('publications', 'id name', 50, 1), (node) => ({
        externalId: numberIn(node.id, 'Publication'),
        slug: node.name == null ? null : slugOf(node.name),
        name: node.name,
      })),
  },
  ...(['article', 'page', 'product', 'collection'] as const).map(
    (owner): ShopTaxonomy => ({
      slug: `${owner}_metafield`,
      label: `Metafield definitions (${owner})`,
      postTypes: [owner],
      scope: owner === 'article' || owner === 'page' ? 'read_content' : 'read_products',
      terms: (query) =>
        connectionTerms(
          query,
          list(
            `metafieldDefinitions`,
            'id name namespace key',
            100,
            1,
            `, ownerType: ${owner.toUpperCase()}`,
          ),
          (node) => ({
            externalId: numberIn(node.id, 'MetafieldDefinition'),
            slug: node.namespace && node.key ? `${node.namespace}.${node.key}` : null,
            name: node.name,
          }),
        ),
    }),
  ),
];

/** How many tags of articles one request may give. The field has no pages. */
const MOST_ARTICLE_TAGS = 1_000;

const ARTICLE_TAGS: Operation = {
  name: 'Article tags',
  document: `query ArticleTags { articleTags(limit: ${MOST_ARTICLE_TAGS}, sort: ALPHABETICAL) }`,
  cost: 1,
};
