import { startSimulatedShopify } from '../../../src/simulation/shopify/simulatedShopify.ts';
import type { SimulatedItem, SimulatedState } from '../../../src/simulation/shopify/state.ts';
import { buildConnected, integrationsPath } from '../../support/builders.ts';
import { Relay } from '../../support/relay.ts';
import type { ContentDriver, SiteItem } from './contentSuite.ts';

const DISTORTIONS = {
  drops: 'items_left_out',
  doubles: 'items_doubled',
  shortens: 'lists_shortened',
  reorders: 'order_forced',
} as const;

/** The simulated Shopify. The tests create articles or products. */
export function shopifyDriver(type: 'article' | 'product'): ContentDriver {
  // The server gets Shopify's address once, but each test starts a Shopify of its own.
  const relay = new Relay(0);
  return {
    name: `Shopify with each ${type}`,
    type,
    terms:
      type === 'article'
        ? [
            { taxonomy: 'blog', slug: 'recipes', name: 'Recipes' },
            { taxonomy: 'article_tag', slug: 'brand-new', name: 'Brand new' },
          ]
        : [
            { taxonomy: 'product_type', slug: 'headwear', name: 'Headwear' },
            { taxonomy: 'product_tag', slug: 'brand-new', name: 'Brand new' },
            { taxonomy: 'collection', slug: 'summer', name: 'Summer' },
          ],
    undated:
      type === 'article'
        ? ['a blog gets another handle', 'a tag is renamed', 'a text is replaced']
        : ['a collection gets another handle', 'a tag is renamed', 'a text is replaced'],
    hasExcerpt: type === 'article',
    // A new product has no price.
    staysDraft: type === 'product' ? 'no_price' : null,
    environment: async () => ({ SHOPIFY_BASE_URL: `http://127.0.0.1:${await relay.port()}/{shop}` }),
    async start(server) {
      // The bucket is so large that no test waits for points.
      const shopify = await startSimulatedShopify({
        bucket: { maximumAvailable: 20_000, restoreRate: 1_000 },
      });
      relay.pointTo(Number(new URL(shopify.baseUrl).port));
      const { owner, site, integrationId } = await buildConnected(server, {
        platform: 'shopify',
        config_json: { shop_domain: shopify.shop },
        credentials_json: { access_token: shopify.state.app.accessToken },
      });
      const tagged = shopify.add(type, { title: 'With a tag', tags: ['Old tag'] });
      const everywhere = (change: (item: SimulatedItem) => void) => {
        for (const item of shopify.state.items) if (item.kind === type) change(item);
      };
      const changes: Record<string, () => void> = {
        'a blog gets another handle': () => {
          for (const blog of shopify.state.blogs) blog.handle = `${blog.handle}-new`;
        },
        'a collection gets another handle': () => {
          for (const item of shopify.state.items)
            if (item.kind === 'collection') item.handle = `${item.handle}-new`;
        },
        'a tag is renamed': () => {
          tagged.tags = ['New tag'];
        },
        'a text is replaced': () =>
          everywhere((item) => {
            item.body = `${item.body} replaced`;
          }),
      };
      return {
        siteId: site.siteId,
        owner,
        integration: `${integrationsPath}/${integrationId}`,
        list: () => shopify.state.items.map((item) => shownItem(shopify.state, item)),
        terms: () => shopTerms(shopify.state).sort(),
        create: (title) => String(shopify.add(type, { title }).id),
        retitle(id, title, options) {
          const item = shopify.state.items.find((each) => String(each.id) === id);
          shopify.change(Number(id), {
            title,
            ...(options?.undated && item ? { updatedAt: item.updatedAt } : {}),
          });
        },
        changeUndated: (name) => changes[name]?.(),
        remove: (id) => shopify.remove(Number(id)),
        distort(how) {
          shopify.clearFaults();
          if (how !== null) shopify.setFault(DISTORTIONS[how]);
        },
        loseAnswers: () => shopify.setFault('lost_answer', 2),
        stop: () => shopify.stop(),
      };
    },
    stop: () => relay.stop(),
  };
}

function shownItem(state: SimulatedState, item: SimulatedItem): SiteItem {
  return {
    external_id: String(item.id),
    content_type: item.kind,
    title: item.title,
    slug: item.handle,
    body: item.body,
    excerpt: item.summary,
    external_status: statusOf(item),
    terms: termsOf(state, item).sort(),
  };
}

function statusOf(item: SimulatedItem): string {
  if (item.kind === 'product') return item.status;
  const published = item.kind === 'collection' ? item.publications.includes(21) : item.isPublished;
  return published ? 'published' : 'unpublished';
}

function termsOf(state: SimulatedState, item: SimulatedItem): string[] {
  const tags = item.tags.map((tag) => `${item.kind}_tag:${handleOf(tag)}`);
  if (item.kind === 'article')
    return [`blog:${state.blogs.find(({ id }) => id === item.blog)?.handle}`, ...tags];
  const collections = state.items.filter(({ id }) => item.collections.includes(id));
  return [
    ...tags,
    ...(item.productType === '' ? [] : [`product_type:${handleOf(item.productType)}`]),
    ...collections.map(({ handle }) => `collection:${handle}`),
  ];
}

/** The terms of all taxonomies of a shop. */
function shopTerms({ items, blogs, publications, definitions }: SimulatedState): string[] {
  const texts = new Set(
    items.flatMap((item) => [
      ...(item.kind === 'article' || item.kind === 'product'
        ? item.tags.map((tag) => `${item.kind}_tag:${handleOf(tag)}`)
        : []),
      ...(item.productType === '' ? [] : [`product_type:${handleOf(item.productType)}`]),
    ]),
  );
  const collections = items.filter(({ kind }) => kind === 'collection');
  return [
    ...texts,
    ...blogs.map(({ handle }) => `blog:${handle}`),
    ...collections.map(({ handle }) => `collection:${handle}`),
    ...publications.map(({ name }) => `publication:${handleOf(name)}`),
    ...definitions.map(({ owner, namespace, key }) => `${owner}_metafield:${namespace}.${key}`),
  ];
}

function handleOf(name: string): string {
  return name.toLowerCase().replaceAll(' ', '-');
}
