import type { JsonObject } from '../../connection.ts';

/** When the last complete reading began, by Shopify's clock; null when that is not told. Milliseconds since 1970. */
export function readWatermark(watermark: JsonObject): number | null {
  const at = typeof watermark.at === 'string' ? Date.parse(watermark.at) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}
