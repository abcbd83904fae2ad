/** What calls a content part in tests: a pace that tries again at once, and contents that are known here. */
import { RemoteError } from '../../src/errors.ts';
import type {
  ContentPage,
  ContentWrite,
  KnownContent,
  KnownContents,
  Pace,
  RemoteContent,
} from '../../src/platforms/contentPart.ts';

export const POST = {
  slug: 'post',
  structure: { rest_base: 'posts', hierarchical: false, taxonomies: ['category', 'post_tag'] },
};

/** A pace that keeps to the number at once and notes the faults that it has seen. */
export function testPace(atOnce = 4): Pace & { faults: RemoteError[]; mostAtOnce: number } {
  let underWay = 0;
  const pace = {
    atOnce,
    signal: new AbortController().signal,
    faults: [] as RemoteError[],
    mostAtOnce: 0,
    async send<T>(request: () => Promise<T>, { repeatable }: { repeatable: boolean }): Promise<T> {
      for (let tries = 1; ; tries += 1) {
        underWay += 1;
        pace.mostAtOnce = Math.max(pace.mostAtOnce, underWay);
        try {
          return await request();
        } catch (error) {
          if (!(error instanceof RemoteError)) throw error;
          pace.faults.push(error);
          if (!repeatable || !error.retryable || tries === 3) throw error;
        } finally {
          underWay -= 1;
        }
      }
    },
  };
  return pace;
}

/** Contents that are known here, in memory. */
export class Known implements KnownContents {
  readonly contents = new Map<string, KnownContent>();

  take(items: readonly RemoteContent[]): void {
    for (const { externalId, modifiedAt, tag } of items) this.contents.set(externalId, { modifiedAt, tag });
  }

  async count() {
    return this.contents.size;
  }

  async some(externalIds: readonly string[]) {
    return new Map([...this.contents].filter(([id]) => externalIds.includes(id)));
  }

  async ranges(size: number) {
    const found = new Map<number, { count: number; xor: bigint }>();
    for (const [id, { tag }] of this.contents) {
      const { count, xor } = found.get(Math.floor(Number(id) / size)) ?? { count: 0, xor: 0n };
      const own = tag === null ? 0n : BigInt(`0x${tag}`);
      found.set(Math.floor(Number(id) / size), { count: count + 1, xor: xor ^ own });
    }
    return found;
  }

  async inRanges(size: number, ranges: readonly number[]) {
    return new Map([...this.contents].filter(([id]) => ranges.includes(Math.floor(Number(id) / size))));
  }

  async after(after: string | null, limit: number) {
    const sorted = [...this.contents].sort(([one], [other]) => Number(one) - Number(other));
    return new Map(sorted.filter(([id]) => Number(id) > Number(after ?? 0)).slice(0, limit));
  }
}

/** All pages of a reading as one; what each page holds is taken before the next is asked for. */
export async function readOut(pages: AsyncIterable<ContentPage>, known = new Known()) {
  const all: ContentPage[] = [];
  for await (const page of pages) {
    known.take(page.items);
    all.push(page);
  }
  const items = all.flatMap((page) => page.items);
  return {
    pages: all,
    items,
    ids: items.map(({ externalId }) => Number(externalId)),
    faults: all.flatMap((page) => page.faults),
    end: all.at(-1)?.end,
    known,
  };
}

export function contentWrite(contentId: number, changes: Partial<ContentWrite> = {}): ContentWrite {
  return {
    contentId,
    opId: `op-${contentId}`,
    externalId: null,
    mayExist: false,
    sentAs: [],
    ofOthers: async () => new Set(),
    begunAt: null,
    expectedTag: null,
    onSite: null,
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
