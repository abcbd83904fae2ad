import { RemoteError } from '../../../../errors.ts';
import { SiteResting } from '../../../../outbound/sitePace.ts';
import type { ContentWrite } from '../../../contentWrite.ts';
import type { Builder, RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import { parts } from '../ahead.ts';
import { builderInRendered } from '../builders.ts';
import type { CorePosts } from './corePosts.ts';
import { idOf } from './listPage.ts';

/** How many posts one request lets the site render. */
const RENDERED_AT_ONCE = 20;

/**
 * Adds the builder to posts that were read by their ids. They are rendered only on a site that names a builder in the
 * root of its API. A list is never rendered: that takes WordPress several times as long.
 */
export async function withBuilders(
  posts: CorePosts,
  items: readonly RemoteContent[],
): Promise<RemoteContent[]> {
  const unknown = items.filter(({ builtWith, status }) => builtWith === undefined && status !== null);
  const found = await builtPosts(
    posts,
    unknown.map(({ externalId }) => externalId),
  );
  return items.map((item) => {
    const builtWith = found.get(item.externalId);
    return builtWith === undefined ? item : { ...item, builtWith };
  });
}

/**
 * Adds the builder to updates that are about to change a body. On a site that names a builder it was found when the
 * post was read before. On any other site the posts are rendered now.
 */
export async function withBuildersOfWrites(
  posts: CorePosts,
  writes: readonly ContentWrite[],
): Promise<ContentWrite[]> {
  const unsure = posts.mayHaveBuilder
    ? []
    : writes.flatMap(({ onSite, body, builtWith }) =>
        onSite !== null && onSite.body !== body && builtWith === null ? [onSite.externalId] : [],
      );
  const found = await builtPosts(posts, unsure);
  return writes.map((write) => ({
    ...write,
    builtWith: write.builtWith ?? found.get(write.externalId ?? '') ?? null,
  }));
}

/** The builders of posts by their rendered bodies. A post that the site cannot render is left out. */
async function builtPosts(posts: CorePosts, ids: readonly string[]): Promise<Map<string, Builder | null>> {
  const found = new Map<string, Builder | null>();
  for (const part of parts(ids, Math.min(RENDERED_AT_ONCE, posts.largestPage))) {
    const answer = await posts.rendered(part).catch((error: unknown) => {
      // A shortcode may fail on one of the posts. That must not keep the others from being read or written.
      if (error instanceof RemoteError && !(error instanceof SiteResting)) return null;
      throw error;
    });
    const records: unknown[] = Array.isArray(answer?.value) ? answer.value : [];
    for (const record of records.filter(isRecord)) {
      const id = String(idOf(record));
      const rendered = isRecord(record.content) ? record.content.rendered : undefined;
      if (typeof rendered === 'string') found.set(id, builderInRendered(rendered, id));
    }
  }
  return found;
}
