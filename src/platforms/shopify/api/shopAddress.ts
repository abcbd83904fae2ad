import type { JsonObject } from '../../connection.ts';
import { fault } from '../faults.ts';

/** A shop's own domain, lower case: one label before `.myshopify.com`, and nothing around it. */
export const SHOP_DOMAIN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.myshopify\.com$/;

/**
 * The shop domain of an integration. Throws `invalid_shop_domain`, so that nothing is ever sent to another
 * host.
 */
export function shopOf(config: JsonObject): string {
  const domain = config.shop_domain;
  if (typeof domain !== 'string' || !SHOP_DOMAIN.test(domain)) throw fault('invalid_shop_domain');
  return domain;
}

/** The URL of a path of a shop's Admin API. `baseUrl` is SHOPIFY_BASE_URL, with `{shop}` for the domain. */
export function adminUrl(baseUrl: string, shop: string, path: string): string {
  return `${baseUrl.replaceAll('{shop}', shop).replace(/\/+$/, '')}${path}`;
}
