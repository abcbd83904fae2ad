import { RemoteError } from '../../../errors.ts';
import type { Connection } from '../../connection.ts';
import type { ContentPage, ContentPart, ContentSession } from '../../contentPart.ts';
import type { ItemFault } from '../../remoteContent.ts';
import { type SingleReads, singleReads, toldWeakness, unreadable } from '../../singleReads.ts';
import { fault } from '../messages.ts';

/** The types that nearly every site has. A site without the first has the second. */
const TYPES = ['post', 'page'];

/**
 * Reads the first page of posts as a sync does. Throws RemoteError if a sync could not read it: then a test that
 * passes would prove nothing. A weak site is read in parts, as a sync does it. Returns what to say
 * about such a site; null about any other.
 */
export async function readPage(content: ContentPart, connection: Connection): Promise<string | null> {
  const pace = singleReads();
  await readFirstPage(await content.open(connection, pace), pace);
  return toldWeakness(pace, 'site');
}

async function readFirstPage(session: ContentSession, pace: SingleReads): Promise<void> {
  for (const slug of TYPES) {
    const pages = session.readAll({ type: { slug, structure: null }, newest: null, cursor: null });
    try {
      for await (const page of pages) {
        const refused = unreadable(page) ?? withoutTerms(page, pace);
        if (refused === null) return;
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

/** The fault of an item whose terms the site breaks down over: a sync would leave them out of every such item. */
function withoutTerms(
  { items }: Pick<ContentPage, 'items'>,
  { tooMuch }: SingleReads,
): Pick<ItemFault, 'code' | 'message'> | null {
  const unread = items.flatMap(({ unread: fields = [] }) => fields).find(({ field }) => field === 'terms');
  return tooMuch === 0 || unread === undefined
    ? null
    : { code: 'terms', message: unread.message ?? 'The terms of an item cannot be read.' };
}
