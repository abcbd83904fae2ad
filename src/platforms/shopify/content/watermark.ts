import type { JsonObject } from '../../connection.ts';

/**
 * When the last complete read began, by Shopify's clock, in milliseconds since 1970; null if that is unknown.
 */
export function readWatermark(watermark: JsonObject): number | null {
  const at = typeof watermark.at === 'string' ? Date.parse(watermark.at) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
