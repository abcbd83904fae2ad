import { createServer } from 'node:http';
import type { FaultName } from './faults.ts';
import { ShopServer } from './shopServer.ts';
import { initialState, type Kind, newItem, type SimulatedItem, type SimulatedState } from './state.ts';
import { Throttle } from './throttle.ts';
import {
  type AppTopic,
  appWebhookOf,
  type SimulatedWebhook,
  type WebhookTopic,
  webhookOf,
} from './webhooks.ts';

export interface SimulatedShopifyOptions {
  /** `demo-shop.myshopify.com` by default. */
  shop?: string;
  /** Returns milliseconds since 1970. The system's clock by default. */
  clock?: () => number;
  /** Points in the bucket, and points restored per second. By default those of a standard plan. */
  bucket?: { maximumAvailable: number; restoreRate: number };
  /** The API versions that the shop offers, oldest first. */
  versions?: string[];
  /**
   * The largest cost of one query, 1,000 points by default.
   * https://shopify.dev/docs/api/usage/limits#single-query-limit
   */
  maxCost?: number;
}

export interface SimulatedShopify {
  /** The value for SHOPIFY_BASE_URL, which contains `{shop}`. */
  readonly baseUrl: string;
  readonly shop: string;
  readonly state: SimulatedState;
  readonly throttle: Throttle;
  /** Switches a fault on, for the next `times` requests, or until it is cleared. */
  setFault(name: FaultName, times?: number): void;
  clearFaults(): void;
  /** Adds an item, as a person in the shop's admin would. */
  add(kind: Kind, changes?: Partial<SimulatedItem>): SimulatedItem;
  /** Changes an item, as a person in the shop's admin would. */
  change(id: number, changes: Partial<SimulatedItem>): void;
  remove(id: number): void;
  /** The signed webhook for the current state of an item. `secret` is the client secret by default. */
  webhook(topic: WebhookTopic, id: number, secret?: string): SimulatedWebhook;
  /** The signed webhook about the whole app. */
  appWebhook(topic: AppTopic): SimulatedWebhook;
  /** A person uninstalls the app: its tokens end. Returns the webhook about that. */
  uninstall(): SimulatedWebhook;
  stop(): Promise<void>;
}

/** Starts a simulated Shopify with one shop, on a free port of the loopback interface. */
export async function startSimulatedShopify(
  options: SimulatedShopifyOptions = {},
): Promise<SimulatedShopify> {
  const clock = options.clock ?? Date.now;
  const shop = options.shop ?? 'demo-shop.myshopify.com';
  const now = () => new Date(Math.floor(clock() / 1000) * 1000).toISOString();
  const site = new ShopServer({
    state: initialState(shop, now()),
    throttle: new Throttle({ ...(options.bucket ?? { maximumAvailable: 2000, restoreRate: 100 }), clock }),
    versions: options.versions ?? ['2025-10', '2026-01', '2026-04', '2026-07', '2026-10'],
    maxCost: options.maxCost ?? 1000,
    clock,
  });
  const { state } = site;
  const server = createServer((request, response) => void site.serve(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const appWebhook = (topic: AppTopic) =>
    appWebhookOf(state, topic, { now: now(), apiVersion: site.versions.at(-1) ?? '' });
  return {
    baseUrl: `http://127.0.0.1:${port}/{shop}`,
    shop,
    state,
    throttle: site.throttle,
    setFault: (name, times = Number.POSITIVE_INFINITY) => void site.faults.set(name, times),
    clearFaults: () => site.faults.clear(),
    add: (kind, changes = {}) => {
      const item = newItem(state, kind, now(), changes);
      state.items.push(item);
      return item;
    },
    change: (id, changes) => {
      const item = state.items.find((each) => each.id === id);
      if (item) Object.assign(item, { updatedAt: now(), ...changes });
    },
    remove: (id) => {
      state.items = state.items.filter((item) => item.id !== id);
    },
    webhook: (topic, id, secret) =>
      webhookOf(state, topic, id, {
        now: now(),
        apiVersion: site.versions.at(-1) ?? '',
        ...(secret === undefined ? {} : { secret }),
      }),
    appWebhook,
    uninstall: () => {
      state.app.installed = false;
      state.minted.clear();
      return appWebhook('app/uninstalled');
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
