import { RemoteError } from '../../../../errors.ts';
import { isOverload } from '../../../../outbound/overload.ts';
import type { ReadOutcome } from '../../../contentPart.ts';
import { failsAlone } from '../../../parts/division.ts';
import { refusedItem } from '../faultText.ts';
import { type CorePosts, isPostId } from './corePosts.ts';
import { withBuilders } from './renderedBuilders.ts';

/** WordPress's code for a post that does not exist, or that is of another type. */
const GONE = 'rest_post_invalid_id';

/** Reads some posts; see `ContentSession.read`. */
export async function readSomePosts(posts: CorePosts, externalIds: readonly string[]): Promise<ReadOutcome> {
  const ids = externalIds.filter(isPostId);
  const outcome: ReadOutcome = { items: [], faults: [], gone: externalIds.filter((id) => !isPostId(id)) };
  for (let start = 0; start < ids.length; ) {
    const part = ids.slice(start, start + posts.idsAtOnce);
    start += part.length;
    for await (const { items, faults } of posts.byIds(part, 'trash')) {
      outcome.items.push(...items.filter(({ externalStatus }) => externalStatus !== 'auto-draft'));
      outcome.faults.push(...faults);
    }
    const told = new Set([...outcome.items, ...outcome.faults].map(({ externalId }) => externalId));
    // A list leaves out both posts that the user may not see and posts that are gone. Only a request for the
    // single post tells which.
    const left = part.filter((id) => !told.has(id));
    for (const one of await Promise.all(left.map((id) => readFragile(posts, id)))) {
      outcome.items.push(...one.items);
      outcome.faults.push(...one.faults);
      outcome.gone.push(...one.gone);
    }
  }
  if (posts.mayHaveBuilder) outcome.items = await withBuilders(posts, outcome.items);
  return outcome;
}

/**
 * Reads one post that may fail alone; then its fault says so. Throws RemoteError if the site is down.
 */
export async function readFragile(posts: CorePosts, id: string): Promise<ReadOutcome> {
  try {
    return await readSinglePost(posts, id, { divisible: true });
  } catch (error) {
    if (!(error instanceof RemoteError) || !isOverload(error)) throw error;
    await posts.failsAlone(id, error);
    return { items: [], faults: [failsAlone(id, error)], gone: [] };
  }
}

/** Reads one post in any status by its id. The fault `forbidden` tells that it exists. Throws RemoteError. */
export async function readSinglePost(
  posts: CorePosts,
  id: string,
  options: { divisible?: boolean } = {},
): Promise<ReadOutcome> {
  const { error, value, damaged } = await posts.one(id, options);
  if (error !== null && error.code !== GONE) {
    const isForbidden = error.status === 401 || error.status === 403;
    const fault = { ...refusedItem(id, value), ...(isForbidden ? { code: 'forbidden' } : {}) };
    return { items: [], faults: [fault], gone: [] };
  }
  const record = error === null && typeof value === 'object' && value !== null ? { ...value } : null;
  if (record === null || ('status' in record && record.status === 'auto-draft'))
    return { items: [], faults: [], gone: [id] };
  return { gone: [], ...(await posts.contents([record], damaged)) };
}
