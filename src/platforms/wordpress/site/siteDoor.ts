import { RemoteError } from '../../../errors.ts';
import type { Connection } from '../../connection.ts';
import { throughOuterDoor } from '../../outer/outerDoor.ts';
import { parseSiteAddress } from './siteAddress.ts';
import type { Outbound } from './siteClient.ts';

/** An outbound client for one run or test of a site, which opens what stands before it; see `throughOuterDoor`. */
export function throughSiteDoor(outbound: Outbound, { siteUrl, outer }: Connection): Outbound {
  return throughOuterDoor(outbound, addressOf(siteUrl), outer);
}

/** null for an address that cannot be used, which the caller tells. */
function addressOf(siteUrl: string): string | null {
  try {
    return parseSiteAddress(siteUrl).href;
  } catch (error) {
    if (error instanceof RemoteError) return null;
    throw error;
  }
}
