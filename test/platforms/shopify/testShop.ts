import { OutboundClient } from '../../../src/outbound/httpClient.ts';
import type { Connection } from '../../../src/platforms/connection.ts';
import type { ContentPart, ContentSession } from '../../../src/platforms/contentPart.ts';
import type { Platform } from '../../../src/platforms/platform.ts';
import { createShopifyPlatform } from '../../../src/platforms/shopify/shopify.platform.ts';
import {
  type SimulatedShopify,
  type SimulatedShopifyOptions,
  startSimulatedShopify,
} from '../../../src/simulation/shopify/simulatedShopify.ts';
import { testPace } from '../../support/contentCaller.ts';
import { SERVER_ID } from '../../support/identity.ts';

/** A clock that only moves when something waits, so that tests take no time. */
export class StandingClock {
  now = Date.parse('2026-11-24T12:00:00.000Z');
  /** The duration of each wait. Milliseconds. */
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
  /** A connection with the app's permanent token. */
  connection(changes?: Partial<Connection>): Connection;
  open(atOnce?: number): Promise<ContentSession>;
  stop(): Promise<void>;
}

/** A simulated shop and the platform as in production, both on one standing clock. */
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
    serverId: SERVER_ID,
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
    open: (atOnce) => content.open(connection(), testPace(atOnce)),
    stop: async () => {
      outbound.close();
      await shopify.stop();
    },
  };
}
