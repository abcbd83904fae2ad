import type { RemoteError } from '../../../../errors.ts';
import type { ContentSession } from '../../../contentPart.ts';
import type { Outbound } from '../../site/siteClient.ts';
import { BatchSender } from '../batch.ts';
import { MediaLibrary } from '../media.ts';
import type { SiteRequests } from '../siteRequests.ts';
import { SiteTypes } from '../siteTypes.ts';
import { TermMap } from '../termMap.ts';
import { readAllTerms } from '../terms.ts';
import { readChangedPosts } from './coreChanges.ts';
import { CorePosts } from './corePosts.ts';
import { readAllPosts } from './coreRead.ts';
import { writePosts } from './coreWrites.ts';
import { EarlierCreates } from './earlierCreates.ts';
import { findExistingPosts } from './existingPosts.ts';
import { readLinksOfPosts } from './links.ts';
import { PostSearch } from './postSearch.ts';
import { pictureLibrary, shownPictures, shownUsers } from './references.ts';
import { readSomePosts } from './singlePost.ts';
import { readSliceOfPosts } from './slice.ts';
import { TermWriter } from './termWriter.ts';

/**
 * A session that uses WordPress's own REST API. `outbound` downloads images. `problem`: why a connector that is
 * there is not used.
 */
export function createCoreSession(
  requests: SiteRequests,
  outbound: Outbound,
  problem: RemoteError | null = null,
): ContentSession {
  const site = { requests, types: new SiteTypes(requests), terms: new TermMap(requests) };
  const writing = {
    sender: new BatchSender(requests),
    terms: new TermWriter(requests, site.terms),
    media: new MediaLibrary(requests, outbound),
    earlier: new EarlierCreates(requests),
  };
  return {
    problem,
    lastOperation: null,
    // A change of terms or meta alone changes neither the date of an item nor the number of items.
    findsEveryChange: false,
    get writesAtOnce() {
      return writing.sender.writesAtOnce;
    },
    finding: () => requests.finding,
    prove: () => requests.division.prove(),
    comparesAndSets: false,
    async *readAll(request) {
      yield* readAllPosts(requests, await CorePosts.of(site, request.type), request);
    },
    async *readChanges(request) {
      yield* readChangedPosts(requests, await CorePosts.of(site, request.type), request);
    },
    async *readSlice(request) {
      yield* readSliceOfPosts(await CorePosts.of(site, request.type), request);
    },
    read: async (type, externalIds) => readSomePosts(await CorePosts.of(site, type), externalIds),
    shownUsers: (ids) => shownUsers(requests, ids),
    shownPictures: (ids) => shownPictures(requests, ids),
    pictureLibrary: (since) => pictureLibrary(requests, since),
    findExisting: async (type, writes) =>
      findExistingPosts(new PostSearch(requests, await CorePosts.of(site, type)), writes),
    linkBase: () => ({ home: requests.root.home, rules: null }),
    readLinks: async (type, externalIds) =>
      readLinksOfPosts(
        requests,
        await site.types.postRoute(type),
        await site.types.everyStatus(),
        externalIds,
      ),
    async *readTerms(taxonomy) {
      for await (const terms of readAllTerms(requests, site.types, taxonomy)) {
        // Posts name their terms by id. None of these terms need be read again.
        site.terms.learn(
          taxonomy.slug,
          terms.map(({ externalId, slug, name, unread = [] }) => ({
            id: Number(externalId),
            slug,
            name,
            unread: [...unread],
          })),
        );
        yield terms;
      }
    },
    write: async (type, writes) => {
      const posts = await CorePosts.of(site, type);
      return writePosts(writing, posts, new PostSearch(requests, posts), writes);
    },
  };
}
