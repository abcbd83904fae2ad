import type { OutboundClient } from '../../../outbound/httpClient.ts';
import type { BucketClock } from './costBucket.ts';

/** The settings of the platform, and what it depends on. */
export interface ShopifyOptions extends BucketClock {
  /** All requests go through it. */
  outbound: Pick<OutboundClient, 'request'>;
  /** The base URL of Shopify; `{shop}` stands for the shop's domain. */
  baseUrl: string;
  /** Such as `2026-10`. */
  apiVersion: string;
}
