import { startSimulatedShopify } from '../../../src/simulation/shopify/simulatedShopify.ts';
import { buildConnected } from '../../support/builders.ts';
import { markedTexts, type SiteSide } from './siteSide.ts';

/** A simulated Shopify with articles that are edited on both sides. */
export async function shopifySide(): Promise<SiteSide> {
  // The bucket is so large that no test waits for points.
  const shopify = await startSimulatedShopify({ bucket: { maximumAvailable: 20_000, restoreRate: 1_000 } });
  const { state } = shopify;
  state.items = state.items.filter(({ kind }) => kind === 'article');
  for (const [index, item] of state.items.entries()) Object.assign(item, markedTexts(index + 1));
  return {
    contentType: 'article',
    environment: { SHOPIFY_BASE_URL: shopify.baseUrl },
    remembersWrites: false,
    keepsKeys: true,
    connect: (server) =>
      buildConnected(server, {
        platform: 'shopify',
        config_json: { shop_domain: shopify.shop },
        credentials_json: { access_token: state.app.accessToken },
      }),
    reconnect: () => undefined,
    items: () => state.items.map(({ id, title, body }) => ({ id: String(id), title, body })),
    create: (texts) => void shopify.add('article', { ...texts, isPublished: true }),
    edit: (id, texts) => shopify.change(Number(id), texts),
    remove: (id) => shopify.remove(Number(id)),
    loseAnswers: (times) => shopify.setFault('lost_answer', times),
    calm: () => shopify.clearFaults(),
    pass: () => undefined,
    deliverWebhooks: async () => undefined,
    loseWebhook: () => undefined,
    backup() {
      const kept = structuredClone(state.items);
      // A backup app for shops writes old texts back. It creates deleted articles again, as Shopify never
      // reuses an id.
      return () => {
        const there = new Set(state.items.map(({ id }) => id));
        state.items = structuredClone(kept.filter(({ id }) => there.has(id)));
        for (const { id, ...item } of structuredClone(kept)) if (!there.has(id)) shopify.add(item.kind, item);
      };
    },
    stop: () => shopify.stop(),
  };
}
