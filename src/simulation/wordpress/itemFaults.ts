import { isRecord } from './core/requestBody.ts';
import type { DisturbanceName } from './disturbances.ts';

type Item = Record<string, unknown>;

/** Replaced by a byte that is not valid UTF-8 when the response is sent. */
const BAD_BYTE_MARK = '\uFDD0';
const ODD_FIELDS = { featured_media: false, author: null, title: { rendered: 'no raw' }, excerpt: false };
const YEAR_0000 = '0000-00-00T00:00:00';

/** The change that a disturbance makes to an item. Null for a disturbance that does not change items. */
export function spoiledItem(fault: DisturbanceName): ((item: Item) => Item) | null {
  switch (fault) {
    case 'item_without_id':
      return ({ id: _, ...rest }) => rest;
    case 'item_bad_text':
      return (item) => ({ ...item, title: badText(item.title) });
    case 'item_odd_fields':
      return (item) => ({ ...item, ...present(item, ODD_FIELDS) });
    case 'item_year_0000':
      return (item) => ({
        ...item,
        ...('date_gmt' in item ? { date_gmt: YEAR_0000 } : {}),
        ...('modified_gmt' in item ? { modified_gmt: YEAR_0000 } : {}),
      });
    case 'term_loop':
      return (item) => ({ ...item, parent: item.id });
    default:
      return null;
  }
}

/** The entries of `values` that the item has too. */
function present(item: Item, values: Item): Item {
  return Object.fromEntries(Object.entries(values).filter(([name]) => name in item));
}

function badText(title: unknown): unknown {
  const bad = `a NUL \u0000, half a pair \ud800, no UTF-8 ${BAD_BYTE_MARK}`;
  return isRecord(title) ? { ...title, raw: bad } : bad;
}
