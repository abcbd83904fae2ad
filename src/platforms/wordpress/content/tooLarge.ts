import { RemoteError } from '../../../errors.ts';
import type { ItemFault } from '../../remoteContent.ts';

/** If more items than this are too large, the fault lies with the site's answers and not with its items. */
const MOST = 20;

/** Counts the items of one type that are too large even for an answer of their own. */
export class TooLargeItems {
  #count = 0;

  /**
   * The fault of one more item, for which the site's answer failed with `error`. Throws `error` if there are
   * too many.
   */
  fault(externalId: string | null, error: RemoteError): ItemFault {
    this.#count += 1;
    if (this.#count > MOST) throw error;
    return { externalId, code: 'too_large', message: error.message };
  }
}

/** For `catch`: returns the fault of an answer that is too large, and throws any other. */
export function tooLarge(error: unknown): RemoteError {
  if (error instanceof RemoteError && error.code === 'too_large') return error;
  throw error;
}
