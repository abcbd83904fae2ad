/** The state of a simulated shop, and its initial content. */

export type Kind = 'article' | 'page' | 'product' | 'collection';

interface SimulatedMetafield {
  type: string;
  value: string;
}

export interface SimulatedItem {
  kind: Kind;
  id: number;
  handle: string;
  title: string;
  /** HTML: the body of an article or page, the description of a product or collection. */
  body: string;
  /** Articles only. */
  summary: string;
  tags: string[];
  /** Articles and pages only. `publishedAt` may be in the future. */
  isPublished: boolean;
  publishedAt: string | null;
  /** Products only. */
  status: 'ACTIVE' | 'ARCHIVED' | 'DRAFT' | 'UNLISTED';
  productType: string;
  vendor: string;
  /** The price of the only variant, as Shopify writes it. */
  price: string;
  /** Ids of the collections that a product is in. */
  collections: number[];
  /** Ids of the publications that a product or collection is in. */
  publications: number[];
  /** True for a smart collection: only its rules decide which products it contains. */
  byRule: boolean;
  sortOrder: string;
  seo: { title: string | null; description: string | null };
  author: string;
  blog: number;
  imageUrl: string | null;
  templateSuffix: string | null;
  /** The keys of the map are `namespace.key`. */
  metafields: Map<string, SimulatedMetafield>;
  createdAt: string;
  updatedAt: string;
}

export interface SimulatedBlog {
  id: number;
  handle: string;
  title: string;
}

/** The app that calls the shop's API. */
interface SimulatedApp {
  clientId: string;
  clientSecret: string;
  installed: boolean;
  /** Whether app and shop belong to one organization. If not, the app cannot get tokens. */
  sameOrganization: boolean;
  scopes: string[];
  /** A token that does not expire. */
  accessToken: string;
}

interface SeenRequest {
  path: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** The name of the GraphQL operation. Null for other requests. */
  operation: string | null;
  status: number;
}

export interface SimulatedState {
  name: string;
  /** The shop's domain in the URL of requests. The shop may report another one as `myshopifyDomain`. */
  domain: string;
  myshopifyDomain: string;
  app: SimulatedApp;
  items: SimulatedItem[];
  blogs: SimulatedBlog[];
  publications: { id: number; name: string; channel: string }[];
  definitions: { id: number; owner: Kind; namespace: string; key: string; name: string }[];
  nextId: number;
  /** Issued tokens and when they expire, in milliseconds since 1970. */
  minted: Map<string, number>;
  requests: SeenRequest[];
}

const ALL_SCOPES = [
  'read_content',
  'write_content',
  'read_products',
  'write_products',
  'read_publications',
  'write_publications',
];

/** A shop with items of every kind and most statuses. `now` is ISO 8601 UTC. */
export function initialState(domain: string, now: string): SimulatedState {
  const state: SimulatedState = {
    name: 'Brücke & Söhne',
    domain,
    myshopifyDomain: domain,
    app: {
      clientId: '0c9d7a1f6b2e4d5890aa11bb22cc33dd',
      clientSecret: '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',
      installed: true,
      sameOrganization: true,
      scopes: [...ALL_SCOPES],
      accessToken: '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',
    },
    items: [],
    blogs: [
      { id: 11, handle: 'news', title: 'News' },
      { id: 12, handle: 'recipes', title: 'Recipes' },
    ],
    publications: [
      { id: 21, name: 'Online Store', channel: 'online_store' },
      { id: 22, name: 'Point of Sale', channel: 'pos' },
    ],
    definitions: [{ id: 31, owner: 'product', namespace: 'custom', key: 'material', name: 'Material' }],
    nextId: 1001,
    minted: new Map(),
    requests: [],
  };
  const add = (kind: Kind, changes: Partial<SimulatedItem>) =>
    state.items.push(newItem(state, kind, now, changes));
  add('collection', { title: 'Summer', handle: 'summer', publications: [21] });
  add('collection', { title: 'All wool', handle: 'all-wool', byRule: true });
  add('article', {
    title: 'We are open',
    blog: 11,
    tags: ['Shop', 'good news'],
    isPublished: true,
    publishedAt: now,
  });
  add('article', { title: 'Soup', blog: 12, body: '<p>Boil water.</p>', summary: '<p>Short</p>' });
  add('page', { title: 'About us', isPublished: true, publishedAt: now });
  add('page', { title: 'Imprint' });
  const [summer] = state.items;
  add('product', {
    title: 'Hat',
    productType: 'Headwear',
    tags: ['wool'],
    vendor: 'Brücke',
    collections: summer ? [summer.id] : [],
    publications: [21],
  });
  add('product', { title: 'Scarf', status: 'DRAFT', productType: 'Accessories' });
  add('product', { title: 'Old coat', status: 'ARCHIVED' });
  return state;
}

/** Makes an item with a free id and handle, but does not add it to the shop. */
export function newItem(
  state: SimulatedState,
  kind: Kind,
  now: string,
  changes: Partial<SimulatedItem>,
): SimulatedItem {
  const id = state.nextId;
  state.nextId += 1;
  const title = changes.title ?? `${kind} ${id}`;
  return {
    kind,
    id,
    handle: freeHandle(state, kind, title, changes.blog ?? 11),
    title,
    body: `<p>${title}</p>`,
    summary: '',
    tags: [],
    isPublished: false,
    publishedAt: null,
    status: 'ACTIVE',
    productType: '',
    vendor: state.name,
    price: '19.95',
    collections: [],
    publications: [],
    byRule: false,
    sortOrder: 'BEST_SELLING',
    seo: { title: null, description: null },
    author: state.name,
    blog: 11,
    imageUrl: null,
    templateSuffix: null,
    metafields: new Map(),
    createdAt: now,
    updatedAt: now,
    ...changes,
  };
}

/** Whether another item of this kind has the handle. Articles are compared within their blog only. */
export function isTaken(
  state: SimulatedState,
  kind: Kind,
  handle: string,
  blog: number,
  but?: number,
): boolean {
  return state.items.some(
    (item) =>
      item.kind === kind &&
      item.handle === handle &&
      item.id !== but &&
      (kind !== 'article' || item.blog === blog),
  );
}

/** Makes a handle from a title, and appends a number if the handle is taken. */
export function freeHandle(state: SimulatedState, kind: Kind, title: string, blog: number): string {
  const made = title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
  for (let number = 0; ; number += 1) {
    const handle = number === 0 ? made : `${made}-${number}`;
    if (!isTaken(state, kind, handle, blog)) return handle;
  }
}
