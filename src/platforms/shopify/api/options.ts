import type { OutboundClient } from '../../../outbound/httpClient.ts';
import type { BucketClock } from './costBucket.ts';

/** What the platform is built with. */
export interface ShopifyOptions extends BucketClock {
  /** The only way out. */
  outbound: Pick<OutboundClient, 'request'>;
  /** Where Shopify is reached; `{shop}` stands for the shop's domain. */
  baseUrl: string;
  /** Such as `2026-10`. */
  apiVersion: string;
}
