import { RemoteError } from '../../../src/errors.ts';
import { OutboundClient } from '../../../src/outbound/httpClient.ts';
import type {
  ContentPage,
  ContentPart,
  ContentSession,
  ContentWrite,
  KnownContent,
  KnownContents,
  Pace,
  RemoteContent,
  TypeOfSite,
} from '../../../src/platforms/contentPart.ts';
import type { Connection, Platform } from '../../../src/platforms/platform.ts';
import { createShopifyPlatform } from '../../../src/platforms/shopify/shopify.platform.ts';
import {
  type SimulatedShopify,
  type SimulatedShopifyOptions,
  startSimulatedShopify,
} from '../../../src/simulation/shopify/simulatedShopify.ts';

/** A clock that stands still but for waiting, so that a test waits no time. */
export class StandingClock {
  now = Date.parse('2026-11-24T12:00:00.000Z');
  /** Milliseconds that were waited, each wait. */
  readonly waits: number[] = [];
  readonly clock = () => this.now;
  readonly wait = async (ms: number) => {
    this.waits.push(ms);
    this.now += ms;
  };
  pass(ms: number): void {
    this.now += ms;
  }
}

export interface TestShop {
  shopify: SimulatedShopify;
  platform: Platform;
  content: ContentPart;
  time: StandingClock;
  /** Reached by the app's lasting token. */
  connection(changes?: Partial<Connection>): Connection;
  open(changes?: Partial<Pace>): Promise<ContentSession>;
  stop(): Promise<void>;
}

/** A simulated shop and the platform as production builds it, on one clock that stands still. */
export async function testShop(
  options: SimulatedShopifyOptions & { apiVersion?: string; baseUrl?: string } = {},
): Promise<TestShop> {
  const time = new StandingClock();
  const shopify = await startSimulatedShopify({ clock: time.clock, ...options });
  const outbound = new OutboundClient({ allow: ['127.0.0.0/8'] });
  const platform = createShopifyPlatform({
    outbound,
    clock: time.clock,
    wait: time.wait,
    baseUrl: options.baseUrl ?? shopify.baseUrl,
    apiVersion: options.apiVersion ?? '2026-10',
  });
  const { content } = platform;
  if (!content) throw new Error('The platform has no content part.');
  const connection = (changes: Partial<Connection> = {}): Connection => ({
    siteId: 7,
    siteUrl: 'https://example.com',
    siteKey: null,
    credentials: { access_token: shopify.state.app.accessToken },
    config: { shop_domain: shopify.shop },
    ...changes,
  });
  return {
    shopify,
    platform,
    content,
    time,
    connection,
    open: (changes) => content.open(connection(), pace(changes)),
    stop: async () => {
      outbound.close();
      await shopify.stop();
    },
  };
}

/** Sends at once, and a repeatable request up to three times. */
export function pace(changes: Partial<Pace> = {}): Pace {
  return {
    atOnce: 4,
    signal: new AbortController().signal,
    async send(request, { repeatable }) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          return await request();
        } catch (error) {
          if (!(error instanceof RemoteError && error.retryable && repeatable && attempt < 3)) throw error;
        }
      }
    },
    ...changes,
  };
}

export function typeOf(slug: string): TypeOfSite {
  return { slug, structure: null };
}

export async function pagesOf(reading: AsyncIterable<ContentPage>): Promise<ContentPage[]> {
  const pages: ContentPage[] = [];
  for await (const page of reading) pages.push(page);
  return pages;
}

export function itemsOf(pages: readonly ContentPage[]): RemoteContent[] {
  return pages.flatMap((page) => page.items);
}

/** What a caller has stored: these ids. */
export function knowing(ids: readonly string[]): KnownContents {
  const sorted = ids.toSorted((a, b) => Number(a) - Number(b));
  const content: KnownContent = { modifiedAt: null, tag: null };
  const mapOf = (some: readonly string[]) => new Map(some.map((id) => [id, content]));
  return {
    count: async () => sorted.length,
    some: async (asked) => mapOf(asked.filter((id) => sorted.includes(id))),
    ranges: async () => new Map(),
    inRanges: async () => new Map(),
    after: async (after, limit) =>
      mapOf(sorted.filter((id) => after === null || Number(id) > Number(after)).slice(0, limit)),
  };
}

/** A content to be created. */
export function writeOf(contentId: number, changes: Partial<ContentWrite> = {}): ContentWrite {
  return {
    contentId,
    opId: `op-${contentId}`,
    externalId: null,
    mayExist: false,
    begunAt: null,
    sentAs: [],
    ofOthers: async () => new Set(),
    expectedTag: null,
    onSite: null,
    title: `Content ${contentId}`,
    slug: '',
    body: '<p>Text</p>',
    excerpt: '',
    status: 'draft',
    terms: [],
    metadata: {},
    ...changes,
  };
}
