/**
 * The arguments that tests pass to a platform's content part: a pace that retries at once, and stored
 * contents.
 */
import { RemoteError } from '../../src/errors.ts';
import { isOverload } from '../../src/outbound/overload.ts';
import type { ContentPage, Pace, TypeOfSite } from '../../src/platforms/contentPart.ts';
import type { ContentWrite } from '../../src/platforms/contentWrite.ts';
import type { KnownContent, KnownContents } from '../../src/platforms/knownContents.ts';
import type { RemoteContent } from '../../src/platforms/remoteContent.ts';
import { contentKey, operationId } from './identity.ts';

export const POST = {
  slug: 'post',
  structure: { rest_base: 'posts', hierarchical: false, taxonomies: ['category', 'post_tag'] },
};

/** A type of which the server has stored only the slug. */
export function typeOf(slug: string): TypeOfSite {
  return { slug, structure: null };
}

/**
 * A pace that never delays. It sends a repeatable request up to three times and records the faults it met.
 */
export function testPace(
  atOnce = 4,
  signal = new AbortController().signal,
): Pace & { faults: RemoteError[]; mostAtOnce: number; sent: number } {
  let underWay = 0;
  const pace = {
    atOnce,
    signal,
    faults: [] as RemoteError[],
    mostAtOnce: 0,
    /** How many requests were sent. One that the client sends again over a new connection counts once. */
    sent: 0,
    async send<T>(
      request: () => Promise<T>,
      { repeatable, divisible = false }: { repeatable: boolean; divisible?: boolean },
    ): Promise<T> {
      for (let tries = 1; ; tries += 1) {
        underWay += 1;
        pace.sent += 1;
        pace.mostAtOnce = Math.max(pace.mostAtOnce, underWay);
        try {
          return await request();
        } catch (error) {
          if (!(error instanceof RemoteError)) throw error;
          pace.faults.push(error);
          const isForLess = divisible && isOverload(error);
          if (!repeatable || isForLess || !error.retryable || tries === 3) throw error;
        } finally {
          underWay -= 1;
        }
      }
    },
    async beforeWrite() {},
  };
  return pace;
}

/** The contents that the server has stored, kept in memory. */
export class Known implements KnownContents {
  readonly contents = new Map<string, KnownContent>();

  /** Contents with these external ids, without a modification date or tag. */
  static ofIds(ids: readonly string[]): Known {
    const known = new Known();
    for (const id of ids) known.contents.set(id, { modifiedAt: null, tag: null });
    return known;
  }

  take(items: readonly RemoteContent[]): void {
    for (const { externalId, modifiedAt, tag } of items) this.contents.set(externalId, { modifiedAt, tag });
  }

  async count() {
    return this.contents.size;
  }

  /** The ids of contents that the site was to publish later. */
  readonly planned: string[] = [];

  async scheduled() {
    return this.planned;
  }

  /** The ids of items that failed alone. */
  readonly failingAlone: string[] = [];

  async failing() {
    return this.failingAlone;
  }

  async some(externalIds: readonly string[]) {
    return new Map([...this.contents].filter(([id]) => externalIds.includes(id)));
  }

  readonly numbered = {
    digests: async (size: number) => {
      const found = new Map<number, { count: number; xor: bigint }>();
      for (const [id, { tag }] of this.contents) {
        const { count, xor } = found.get(Math.floor(Number(id) / size)) ?? { count: 0, xor: 0n };
        const own = tag === null ? 0n : BigInt(`0x${tag}`);
        found.set(Math.floor(Number(id) / size), { count: count + 1, xor: xor ^ own });
      }
      return found;
    },
    inRanges: async (size: number, ranges: readonly number[]) =>
      new Map([...this.contents].filter(([id]) => ranges.includes(Math.floor(Number(id) / size)))),
  };

  async after(after: string | null, limit: number) {
    const sorted = [...this.contents].sort(([one], [other]) => Number(one) - Number(other));
    return new Map(sorted.filter(([id]) => Number(id) > Number(after ?? 0)).slice(0, limit));
  }
}

/**
 * Reads all pages of a reading and joins them. The items of each page are stored before the next page is
 * requested. Throws unless the end comes exactly once, with the last page.
 */
export async function readOut(reading: AsyncIterable<ContentPage>, known = new Known()) {
  const pages: ContentPage[] = [];
  for await (const page of reading) {
    if (pages.at(-1)?.end !== undefined) throw new Error('The reading goes on after its end.');
    known.take(page.items);
    pages.push(page);
  }
  const end = pages.at(-1)?.end;
  if (end === undefined) throw new Error('The reading has no end.');
  const items = pages.flatMap((page) => page.items);
  return {
    pages,
    items,
    ids: items.map(({ externalId }) => externalId),
    faults: pages.flatMap((page) => page.faults),
    end,
    known,
  };
}

/** A create of a content. With `changes` it becomes any other write. */
export function contentWrite(contentId: number, changes: Partial<ContentWrite> = {}): ContentWrite {
  return {
    contentKey: contentKey(contentId),
    contentId,
    opId: operationId(contentId),
    madeAt: '2026-06-01T00:00:00.000Z',
    externalId: null,
    mayExist: false,
    sentAs: [],
    ofOthers: async () => new Set(),
    begunAt: null,
    expectedTag: null,
    onSite: null,
    builtWith: null,
    despiteEditor: false,
    title: `Written ${contentId}`,
    slug: '',
    body: `<p>Body ${contentId}</p>`,
    excerpt: '',
    status: 'published',
    terms: [],
    metadata: {},
    ...changes,
  };
}
