import { RemoteError } from '../../../errors.ts';
import { isOverload } from '../../../outbound/overload.ts';
import type { Connection } from '../../connection.ts';
import type { ContentPart, ContentSession, Pace } from '../../contentPart.ts';
import { fault } from '../messages.ts';
import type { Outbound } from '../site/siteClient.ts';

/** The types that nearly every site has. A site without the first has the second. */
const TYPES = ['post', 'page'];

/** An outbound client whose requests all end at a moment of performance.now(). */
export function endingAt(outbound: Outbound, endsAt: number): Outbound {
  return {
    request: async (request) => {
      const left = Math.ceil(endsAt - performance.now());
      if (left <= 0)
        throw new RemoteError('timeout', 'The time for this site is used up.', { retryable: true });
      return outbound.request({ ...request, timeoutMs: Math.min(request.timeoutMs ?? left, left) });
    },
  };
}

/**
 * A pace for single reads: nothing is repeated, and nothing is written. `tooMuch` counts requests that failed, and for
 * less than which the session then asked.
 */
function singleReads(): Pace & { tooMuch: number } {
  const pace = {
    atOnce: 1,
    signal: new AbortController().signal,
    tooMuch: 0,
    async send<T>(request: () => Promise<T>, { divisible = false }: { divisible?: boolean }): Promise<T> {
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

/**
 * Reads the first page of posts as a sync does. Throws RemoteError if a sync could not read it: then a test that
 * passes would prove nothing. A weak site is read in parts, as a sync does it. Returns what to say
 * about such a site; null about any other.
 */
export async function readPage(content: ContentPart, connection: Connection): Promise<string | null> {
  const pace = singleReads();
  await readFirstPage(await content.open(connection, pace));
  const { tooMuch } = pace;
  return tooMuch === 0
    ? null
    : `The site cannot give a whole page at once: ${tooMuch} of our requests failed. A sync reads it in smaller parts.`;
}

async function readFirstPage(session: ContentSession): Promise<void> {
  for (const slug of TYPES) {
    const pages = session.readAll({ type: { slug, structure: null }, newest: null, cursor: null });
    try {
      for await (const { items, faults } of pages) {
        const [refused] = faults;
        if (items.length > 0 || refused === undefined) return;
        throw fault('unexpected_answer', { values: { found: refused.message }, detail: refused.code });
      }
      return;
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      // The site may hide this type from its REST API, or have none of it.
      if (error.code !== 'unknown_type') throw error;
    }
  }
}
