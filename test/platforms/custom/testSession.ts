import { RemoteError } from '../../../src/errors.ts';
import type {
  ContentPage,
  ContentWrite,
  KnownContent,
  KnownContents,
  Pace,
  RemoteContent,
  TypeOfSite,
} from '../../../src/platforms/contentPart.ts';

export const ARTICLES: TypeOfSite = { slug: 'article', structure: null };

/** A pace that waits for nobody and tries a repeatable request three times. */
export function quickPace(): Pace {
  return {
    atOnce: 2,
    signal: new AbortController().signal,
    async send(request, { repeatable }) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await request();
        } catch (error) {
          const again = error instanceof RemoteError && error.retryable && repeatable && tries < 3;
          if (!again) throw error;
        }
      }
    },
  };
}

/** What a server would know after it had stored these. */
export function knownOf(items: readonly RemoteContent[]): KnownContents {
  const all = new Map<string, KnownContent>(
    items.map(({ externalId, modifiedAt, tag }) => [externalId, { modifiedAt, tag }]),
  );
  const only = (ids: readonly string[]) =>
    new Map(ids.flatMap((id) => [...all].filter(([known]) => known === id)));
  return {
    count: async () => all.size,
    some: async (ids) => only(ids),
    ranges: async () => {
      throw new Error('A custom API has no tags by ranges.');
    },
    inRanges: async () => {
      throw new Error('A custom API has no tags by ranges.');
    },
    after: async (after, limit) => {
      const ids = [...all.keys()].sort((a, b) => Number(a) - Number(b));
      const from = after === null ? 0 : ids.indexOf(after) + 1;
      return only(ids.slice(from, from + limit));
    },
  };
}

/** Every page of a reading. */
export async function gather(reading: AsyncIterable<ContentPage>) {
  const pages: ContentPage[] = [];
  for await (const page of reading) pages.push(page);
  const end = pages.at(-1)?.end;
  if (end === undefined) throw new Error('The reading has no end.');
  if (pages.filter((page) => page.end !== undefined).length > 1) throw new Error('It ends twice.');
  return {
    pages,
    end,
    items: pages.flatMap((page) => page.items),
    ids: pages.flatMap((page) => page.items.map((item) => item.externalId)),
    faults: pages.flatMap((page) => page.faults),
  };
}

/** A content to be created, or with `changes` anything else. */
export function writeOf(changes: Partial<ContentWrite> = {}): ContentWrite {
  return {
    contentId: 41,
    opId: 'op-1',
    externalId: null,
    mayExist: false,
    sentAs: [],
    ofOthers: async () => new Set(),
    begunAt: '2026-06-01T00:00:00.000Z',
    expectedTag: null,
    onSite: null,
    title: 'A title',
    slug: 'a-title',
    body: '<p>A body</p>',
    excerpt: 'An excerpt',
    status: 'published',
    terms: [],
    metadata: {},
    ...changes,
  };
}
