import { RemoteError } from '../../../errors.ts';
import type { Connection } from '../../connection.ts';
import type { ContentPart, Pace } from '../../contentPart.ts';
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

/** A pace for single reads: nothing is repeated, and nothing is written. */
function singleReads(): Pace {
  return {
    atOnce: 1,
    signal: new AbortController().signal,
    send: (request) => request(),
    beforeWrite: () => Promise.reject(new Error('A connection test writes nothing.')),
  };
}

/**
 * Reads the first page of posts as a sync does. Throws RemoteError if a sync could not read it: then a test that
 * passes would prove nothing.
 */
export async function readPage(content: ContentPart, connection: Connection): Promise<void> {
  const session = await content.open(connection, singleReads());
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
