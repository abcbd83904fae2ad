/** What a connection test needs to read a page as a sync does. */
import { RemoteError } from '../errors.ts';
import { DEFAULT_TIMEOUT_MS, type OutboundClient } from '../outbound/httpClient.ts';
import { isOverload } from '../outbound/overload.ts';
import type { Pace } from './contentPart.ts';
import type { ItemFault } from './remoteContent.ts';

type Outbound = Pick<OutboundClient, 'request'>;

/** A pace of single reads; see `singleReads`. */
export interface SingleReads extends Pace {
  /** How many requests failed for which the session then asked for less. */
  tooMuch: number;
}

/** An outbound client whose requests all end at a moment of performance.now(). */
export function endingAt(outbound: Outbound, endsAt: number): Outbound {
  return {
    request: async (request) => {
      const left = Math.ceil(endsAt - performance.now());
      if (left <= 0)
        throw new RemoteError('timeout', 'The time for this site is used up.', { retryable: true });
      return outbound.request({
        ...request,
        timeoutMs: Math.min(request.timeoutMs ?? DEFAULT_TIMEOUT_MS, left),
      });
    },
  };
}

/** A pace for single reads: nothing is repeated, nothing is read ahead, and nothing is written. */
export function singleReads(signal = new AbortController().signal): SingleReads {
  const pace: SingleReads = {
    atOnce: 1,
    signal,
    tooMuch: 0,
    async send(request, { divisible = false }) {
      try {
        return await request();
      } catch (error) {
        if (divisible && error instanceof RemoteError && isOverload(error)) pace.tooMuch += 1;
        throw error;
      }
    },
    beforeWrite: () => Promise.reject(new Error('A connection test writes nothing.')),
  };
  return pace;
}

/** What to say about a site that gave no whole page; null for any other. `who`: `site` or `API`. */
export function toldWeakness({ tooMuch }: SingleReads, who: string): string | null {
  return tooMuch === 0
    ? null
    : `The ${who} cannot give a whole page at once: ${tooMuch} of our requests failed. A sync reads it in smaller parts.`;
}

/** The first fault of a page that has items of which none can be read; null for any other page. */
export function unreadable(page: {
  items: readonly unknown[];
  faults: readonly ItemFault[];
}): ItemFault | null {
  return page.items.length === 0 ? (page.faults[0] ?? null) : null;
}
