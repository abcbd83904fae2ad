import { RemoteError } from '../../../../errors.ts';
import { isOverload } from '../../../../outbound/overload.ts';
import { SiteResting } from '../../../../outbound/sitePace.ts';
import type { ContentWrite } from '../../../contentWrite.ts';
import type { Builder, RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import { builderInRendered } from '../builders.ts';
import type { CorePosts } from './corePosts.ts';
import { idOf } from './listPage.ts';

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

/** A write, and whether its post may have a builder that could not be found out. */
export type BuiltWrite = ContentWrite & { hasUnknownBuilder: boolean };

/**
 * Adds the builder to updates that are about to change a body. On a site that names a builder it was mostly found when
 * the post was read before. On any other site the posts are rendered now.
 */
export async function withBuildersOfWrites(
  posts: CorePosts,
  writes: readonly ContentWrite[],
): Promise<BuiltWrite[]> {
  const isUnsure = ({ externalId, onSite, body, builtWith }: ContentWrite) =>
    externalId !== null &&
    builtWith === null &&
    (posts.mayHaveBuilder
      ? onSite?.body !== body && onSite?.builtWith === undefined
      : onSite !== null && onSite.body !== body);
  const unsure = writes.filter(isUnsure).flatMap(({ externalId }) => externalId ?? []);
  const found = await builtPosts(posts, unsure);
  return writes.map((write) => ({
    ...write,
    builtWith: write.builtWith ?? found.get(write.externalId ?? '') ?? null,
    hasUnknownBuilder: posts.mayHaveBuilder && isUnsure(write) && !found.has(write.externalId ?? ''),
  }));
}

/** The builders of posts by their rendered bodies. A post that the site cannot render is left out. */
async function builtPosts(posts: CorePosts, ids: readonly string[]): Promise<Map<string, Builder | null>> {
  const found = new Map<string, Builder | null>();
  try {
    for await (const record of posts.rendered(ids)) {
      const id = String(idOf(record));
      const rendered = isRecord(record.content) ? record.content.rendered : undefined;
      if (typeof rendered === 'string') found.set(id, builderInRendered(rendered, id));
    }
  } catch (error) {
    if (!(error instanceof RemoteError) || error instanceof SiteResting) throw error;
    // A site that renders no post must not keep its posts from being read or written, unless it is down.
    if (isOverload(error)) await posts.prove();
  }
  return found;
}
