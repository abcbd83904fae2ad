import { RemoteError } from '../../errors.ts';
import { singleReads, unreadable } from '../singleReads.ts';
import type { AdminClient } from './api/adminClient.ts';
import { findOnlineStore, type ShopFacts } from './api/shopFacts.ts';
import { KINDS } from './content/contentKinds.ts';
import { ItemReader } from './content/itemReader.ts';
import { START } from './content/listing.ts';
import { fault } from './faults.ts';

/** Few items of each kind cost few points, which a sync of the same shop may need at the same time. */
const ITEMS = 10;

/**
 * Reads the first items of each kind as a sync does. `signal` ends the waits for points. Throws ExplainedFault if a
 * sync could not read them, and `throttled` if there were no points in time.
 */
export async function readKinds(
  client: AdminClient,
  shop: Omit<ShopFacts, 'onlineStore'>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const onlineStore = await findOnlineStore(client, shop.scopes, signal);
    const reader = new ItemReader(client, singleReads(signal), { ...shop, onlineStore });
    for (const kind of KINDS) {
      const page = await reader.page({ kind, search: '', reverse: false }, START, ITEMS);
      const refused = unreadable(page);
      if (refused === null) continue;
      const values = { kind: kind.label.toLowerCase(), found: refused.message.replace(/\.$/, '') };
      throw fault('unreadable_items', { variant: refused.code, values });
    }
  } catch (error) {
    throw signal.aborted && !(error instanceof RemoteError) ? fault('throttled') : error;
  }
}
