import type { ContentTerm } from '../../remoteContent.ts';
import { slugOf } from './slug.ts';

/** Tags and types are plain texts in Shopify. Their slugs are made as Shopify makes handles. */
export function term(taxonomy: string, name: string): ContentTerm {
  return { taxonomy, slug: slugOf(name) || name, name };
}

/** The terms for the tags of an item. */
export function tagTerms(taxonomy: string, tags: string[]): ContentTerm[] {
  return tags.map((tag) => term(taxonomy, tag));
}

/** The term for a collection. */
export function collectionTerm({ handle, title }: { handle: string; title: string }): ContentTerm {
  return { taxonomy: 'collection', slug: handle, name: title };
}
