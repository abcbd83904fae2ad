import { z } from 'zod';
import { withoutEndSlashes } from '../../../outbound/foreignUrl.ts';
import { fault } from '../faults.ts';
import type { AdminClient, Operation } from './adminClient.ts';

/** Facts about a shop that every read and write there needs. */
export interface ShopFacts {
  name: string;
  /**
   * The shop's current domain at Shopify. The domain can be changed; the previous one still leads to the
   * shop.
   */
  myshopifyDomain: string;
  /** Where customers see the shop, without a trailing slash. */
  url: string;
  scopes: ReadonlySet<string>;
  /**
   * The publication that makes products and collections visible in the shop; null if the app may not see it
   * or there is none.
   */
  onlineStore: string | null;
}

const SHOP: Operation = {
  name: 'Shop',
  document: `query Shop {
  shop { name myshopifyDomain primaryDomain { url } }
  currentAppInstallation { accessScopes { handle } }
}`,
  cost: 4,
};

const PUBLICATIONS: Operation = {
  name: 'Publications',
  document: `query Publications {
  publications(first: 25) { nodes { id name channels(first: 2) { nodes { handle } } } }
}`,
  cost: 127,
};

const shopAnswer = z.object({
  shop: z.object({
    name: z.string(),
    myshopifyDomain: z.string(),
    primaryDomain: z.object({ url: z.string() }).nullish(),
  }),
  currentAppInstallation: z.object({ accessScopes: z.array(z.object({ handle: z.string() })) }),
});

const publicationsAnswer = z.object({
  publications: z.object({
    nodes: z.array(
      z
        .object({
          id: z.string(),
          name: z.string().nullish(),
          channels: z
            .object({ nodes: z.array(z.object({ handle: z.string() })) })
            .nullish()
            .catch(null),
        })
        .nullable(),
    ),
  }),
});

/** Reads a shop's name and addresses, and the scopes of the app there. Throws ExplainedFault. */
export async function readShop(
  client: AdminClient,
  signal?: AbortSignal,
): Promise<Omit<ShopFacts, 'onlineStore'>> {
  const read = shopAnswer.safeParse((await client.ask(SHOP, {}, { signal })).data);
  if (!read.success) throw fault('unexpected_answer', { values: { found: 'a shop without its facts' } });
  const { shop, currentAppInstallation } = read.data;
  return {
    name: shop.name,
    myshopifyDomain: shop.myshopifyDomain.toLowerCase(),
    url: withoutEndSlashes(shop.primaryDomain?.url ?? `https://${client.shop}`),
    scopes: new Set(currentAppInstallation.accessScopes.map(({ handle }) => handle)),
  };
}

/**
 * Does the app have this scope? A write scope includes its read scope:
 * https://shopify.dev/docs/api/usage/access-scopes
 */
export function holds(scopes: ReadonlySet<string>, scope: string): boolean {
  return scopes.has(scope) || (scope.startsWith('read_') && scopes.has(scope.replace('read_', 'write_')));
}

/** The global id of the Online Store's publication; null when the app may not see it or there is none. */
export async function findOnlineStore(
  client: AdminClient,
  scopes: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<string | null> {
  if (!holds(scopes, 'read_publications')) return null;
  const read = publicationsAnswer.safeParse((await client.ask(PUBLICATIONS, {}, { signal })).data);
  const found = read.data?.publications.nodes.find((publication) => {
    const handles = publication?.channels?.nodes.map(({ handle }) => handle) ?? [];
    return handles.includes('online_store') || publication?.name === 'Online Store';
  });
  return found?.id ?? null;
}
