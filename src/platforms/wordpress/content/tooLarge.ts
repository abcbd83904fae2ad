import { RemoteError } from '../../../errors.ts';
import type { ItemFault } from '../../contentPart.ts';

/** After so many items that are too large, the answers of this site are at fault and not its items. */
const MOST = 20;

/** The items of one type, each too large for an answer of its own. */
export class TooLargeItems {
  #count = 0;

  /** The fault of one more, which `error` was answered for. Throws `error` where they are too many. */
  fault(externalId: string | null, error: RemoteError): ItemFault {
    this.#count += 1;
    if (this.#count > MOST) throw error;
    return { externalId, code: 'too_large', message: error.message };
  }
}

/** For `catch`: gives the fault of an answer that is too large, and throws any other. */
export function tooLarge(error: unknown): RemoteError {
  if (error instanceof RemoteError && error.code === 'too_large') return error;
  throw error;
}
