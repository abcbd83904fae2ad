import { siteSlug } from '../../../platforms/siteSlug.ts';
import { may } from '../core/access.ts';
import { metaOf, setMeta } from '../core/meta.ts';
import { WpError } from '../core/restAnswer.ts';
import { insertTerm, isHierarchical, setTerms } from '../core/saveTerm.ts';
import type { SimulatedPost, SimulatedTerm } from '../state.ts';
import type { ItemWrite, WantedTerm } from './itemWrite.ts';
import type { ItemsRequest } from './readItems.ts';

/** A part of a write that was skipped. */
interface Note {
  code: string;
  message: string;
}

/**
 * Sets the parts of a write that are not in the post itself: terms, meta, the featured image. Returns a note
 * for each part that cannot be set. The other parts are still set.
 */
export function saveExtras(request: ItemsRequest, post: SimulatedPost, write: ItemWrite): Note[] {
  return [
    ...(write.terms === null ? [] : saveTerms(request, post, write.terms)),
    ...saveMeta(request, post, write.meta),
    ...(write.picture === null ? [] : savePicture(request, post, write.picture)),
  ];
}

/** Sets all terms of a post. A taxonomy of the type without a term in `terms` is emptied. */
function saveTerms(request: ItemsRequest, post: SimulatedPost, terms: readonly WantedTerm[]): Note[] {
  const { site } = request;
  const taxonomies = site.state.postTypes[post.type]?.related ?? [];
  const unknown = new Set(terms.map(({ taxonomy }) => taxonomy).filter((name) => !taxonomies.includes(name)));
  const notes = [...unknown].map((name) => ({
    code: 'unknown_taxonomy',
    message: `This type of content has no taxonomy ${name} here.`,
  }));
  for (const taxonomy of taxonomies) {
    const ids: number[] = [];
    for (const wanted of terms.filter((term) => term.taxonomy === taxonomy)) {
      const term = findOrMake(request, wanted);
      if (term === null)
        notes.push({ code: 'term_refused', message: `${taxonomy} ${wanted.slug} may not be made.` });
      else ids.push(term.id);
    }
    setTerms(site, post, taxonomy, ids);
  }
  return notes;
}

/**
 * Returns the term. Creates it and its parents when missing. Returns null when the user may not create terms.
 */
function findOrMake(request: ItemsRequest, { taxonomy, slug, name }: WantedTerm): SimulatedTerm | null {
  const parts = slug.split('/').filter((part) => part !== '');
  const last = parts.pop() ?? '';
  // A slug without a path means the term at any place in the tree.
  if (!isHierarchical(request.site, taxonomy) || parts.length === 0) {
    return findOrMakeOne(request, { taxonomy, slug: last, name }, null);
  }
  let parent = 0;
  for (const part of parts) {
    const above = findOrMakeOne(request, { taxonomy, slug: part, name: part }, parent);
    if (above === null) return null;
    parent = above.id;
  }
  return findOrMakeOne(request, { taxonomy, slug: last, name }, parent);
}

function findOrMakeOne(
  { site, user }: ItemsRequest,
  wanted: WantedTerm,
  parent: number | null,
): SimulatedTerm | null {
  const { taxonomy } = wanted;
  const name = wanted.name.trim() === '' ? wanted.slug : wanted.name;
  const slug = siteSlug(wanted.slug) || siteSlug(name);
  const found = site
    .terms(taxonomy)
    .find((term) => term.slug === slug && (parent === null || (term.parent ?? 0) === parent));
  if (found !== undefined) return found;
  if (!may(user, isHierarchical(site, taxonomy) ? 'manage_categories' : 'edit_posts')) return null;
  try {
    return insertTerm(site, taxonomy, { name, slug, parent: parent ?? 0 });
  } catch (error) {
    // A term with this name exists at this place, but WordPress gave it another slug at its creation.
    const existing = error instanceof WpError ? error.data.term_id : undefined;
    const term = typeof existing === 'number' ? site.term(existing) : undefined;
    if (term === undefined) throw error;
    return term;
  }
}

function saveMeta({ site }: ItemsRequest, post: SimulatedPost, meta: Record<string, unknown>): Note[] {
  const registered = metaOf(site, post);
  return Object.entries(meta).flatMap(([key, value]) => {
    if (!(key in registered)) {
      return {
        code: 'unknown_meta',
        message: `The meta key ${key} is not registered for the REST API here.`,
      };
    }
    try {
      setMeta(site, post, { [key]: value });
      return [];
    } catch (error) {
      if (error instanceof WpError) return { code: 'meta_refused', message: `${key}: ${error.message}` };
      throw error;
    }
  });
}

function savePicture({ site }: ItemsRequest, post: SimulatedPost, picture: number): Note[] {
  if ((post.featured_media ?? 0) === picture) return [];
  const isImage = site.post(picture)?.file?.mime.startsWith('image/') === true;
  if (picture !== 0 && !isImage) {
    const message = `There is no image ${picture} here that could be the featured image.`;
    return [{ code: 'featured_media_refused', message }];
  }
  post.featured_media = picture;
  site.outbox.note(post, 'metadata');
  return [];
}
