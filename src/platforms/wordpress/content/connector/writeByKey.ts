import type { ContentWrite, WriteOutcome } from '../../../contentWrite.ts';
import type { RemoteContent } from '../../../remoteContent.ts';
import type { ItemAnswer } from '../batch.ts';
import { isEditedSince } from '../core/earlierCreates.ts';
import {
  type ConnectorWriting,
  itemIn,
  outcomeOf,
  type PreparedWrite,
  prepareWrites,
  sendWrites,
} from './connectorWrites.ts';

/**
 * Creates and updates items that the connector knows by key; see `ContentSession.write`. Throws RemoteError.
 */
export async function writeByKey(
  { sender, media }: ConnectorWriting,
  type: string,
  writes: readonly ContentWrite[],
): Promise<WriteOutcome[]> {
  const prepared = await prepareWrites(media, type, writes);
  const send = (some: readonly PreparedWrite[]) => sendWrites(sender, 'key', some);
  const answers = await send(prepared.map(withNumber));
  const outcomes = prepared.map((each, index) => outcomeOf(each, answers[index]));
  // An earlier try of the create has made the item, and nobody has edited the item since. It is updated to
  // the current texts.
  const again = prepared.flatMap((each, index) => {
    const item = unchangedSince(each.write, answers[index]);
    return item === null || outcomes[index]?.result !== 'conflict' ? [] : [{ index, item, each }];
  });
  if (again.length === 0) return outcomes;
  const updates = again.map(({ each, item }) => onItem(each, item));
  const updated = await send(updates);
  for (const [at, { index }] of again.entries()) {
    const update = updates[at];
    if (update !== undefined) outcomes[index] = outcomeOf(update, updated[at]);
  }
  return outcomes;
}

/**
 * Adds the content's number to a create whose answer was lost. A connector before 0.4.0 may have made the
 * item under that number.
 */
function withNumber(each: PreparedWrite): PreparedWrite {
  const { write, body } = each;
  return write.externalId === null && write.mayExist
    ? { ...each, body: { ...body, legacy_id: write.contentId } }
    : each;
}

/**
 * The existing item that an answer reports to a repeated create, if the item still has the texts that were
 * sent; else null.
 */
export function unchangedSince(write: ContentWrite, answer: ItemAnswer | undefined): RemoteContent | null {
  if (write.externalId !== null || !write.mayExist || !answer || answer.lost !== null) return null;
  const item = answer.status === 409 ? itemIn(answer.value) : null;
  return item === null || item.status === null || isEditedSince(item, write) ? null : item;
}

/** The same write as an update of an existing item. */
export function onItem(each: PreparedWrite, item: RemoteContent): PreparedWrite {
  const body = { ...each.body, id: Number(item.externalId), expected_hash: item.tag };
  return { ...each, body };
}
