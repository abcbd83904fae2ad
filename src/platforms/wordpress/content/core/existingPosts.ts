import { candidatesFor } from '../../../candidates.ts';
import type { ContentWrite } from '../../../contentPart.ts';
import type { RemoteContent } from '../../../remoteContent.ts';
import { isRecord } from '../../site/siteClient.ts';
import { partsBySize } from '../ahead.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { slugFor } from '../slugs.ts';
import type { CorePosts } from './corePosts.ts';

/** The endings to search: WordPress appends a number to a slug that is taken, as in `title-2`. */
const NUMBERED = ['', '-2', '-3'];

/** Web servers take a request line of 8 KB, and the rest of the line needs space too. Bytes. */
const SLUG_BYTES = 6_000;

const SLUGS_AT_ONCE = 300;

/** The largest page of core REST. */
const PAGE = 100;

/**
 * Finds posts that may already belong to contents that are to be created, by their slugs in every status; see
 * `ContentSession.findExisting`. Throws RemoteError.
 */
export async function findExistingPosts(
  requests: SiteRequests,
  posts: CorePosts,
  writes: readonly ContentWrite[],
): Promise<Map<string, RemoteContent[]>> {
  const slugs = [...new Set(writes.flatMap((write) => variantsOf(slugFor(write)).map(encodeURIComponent)))];
  const limits = { most: SLUGS_AT_ONCE, largest: SLUG_BYTES };
  const found: RemoteContent[] = [];
  for (const part of partsBySize(slugs, limits, (slug) => slug.length + 1))
    found.push(...(await postsWithSlugs(requests, posts, part)));
  return candidatesFor(writes, found, ({ slug }, write) => variantsOf(slugFor(write)).includes(slug));
}

/**
 * The posts with these encoded slugs, in the order of ids. If they fill a page, the slugs are searched in
 * halves.
 */
async function postsWithSlugs(
  requests: SiteRequests,
  posts: CorePosts,
  slugs: readonly string[],
): Promise<RemoteContent[]> {
  const query = `${posts.list.query}&slug=${slugs.join(',')}&per_page=${PAGE}&orderby=id&order=asc`;
  const answer = await requests.read(posts.route, `${query}&_fields=${await posts.fields()}`);
  const records: unknown[] = Array.isArray(answer.value) ? answer.value : [];
  if (records.length >= PAGE && slugs.length > 1) {
    const half = Math.ceil(slugs.length / 2);
    return [
      ...(await postsWithSlugs(requests, posts, slugs.slice(0, half))),
      ...(await postsWithSlugs(requests, posts, slugs.slice(half))),
    ];
  }
  return (await posts.contents(records.filter(isRecord), answer.damaged)).items;
}

function variantsOf(slug: string): string[] {
  return NUMBERED.map((number) => slug + number);
}
