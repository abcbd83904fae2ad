/** The place of a term in the tree of its taxonomy. */

/** How many levels of parents are followed. */
const levelsAtMost = 100;

/** A term in its tree. */
export interface TreeTerm {
  slug: string;
  parentId: string | null;
}

/**
 * The slugs from the top of the tree down to a term; null if a parent is unknown or the parents form a loop.
 * @param find the term with an id; null if there is none.
 */
export async function pathDownTo(
  externalId: string,
  term: TreeTerm,
  find: (externalId: string) => Promise<TreeTerm | null> | TreeTerm | null,
): Promise<string[] | null> {
  const slugs = [term.slug];
  const seen = new Set([externalId]);
  for (let next = term.parentId; next !== null; ) {
    if (seen.has(next) || seen.size > levelsAtMost) return null;
    seen.add(next);
    const parent = await find(next);
    if (parent === null) return null;
    slugs.unshift(parent.slug);
    next = parent.parentId;
  }
  return slugs;
}
