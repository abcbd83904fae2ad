import type { ContentWrite, WriteOutcome } from '../../../contentWrite.ts';
import type { ItemAnswer } from '../batch.ts';
import {
  type ConnectorWriting,
  itemIn,
  outcomeOf,
  type PreparedWrite,
  prepareWrites,
  sendWrites,
} from './connectorWrites.ts';
import { onItem, unchangedSince } from './writeByKey.ts';

/**
 * No item keeps this hash for long: a write that expects it is refused, and the refusal shows the existing
 * item.
 */
const impossibleHash = '0000000000000000';

/**
 * Creates and updates items through a connector before 0.4.0, which knows contents by number only. A new or
 * restored database uses numbers again. So before the first write of a content, the item behind its number is
 * checked. An item that this content has not made is left alone. See `ContentSession.write`. Throws
 * RemoteError.
 */
export async function writeByNumber(
  { sender, media }: ConnectorWriting,
  type: string,
  writes: readonly ContentWrite[],
): Promise<WriteOutcome[]> {
  const prepared = await prepareWrites(media, type, writes);
  const send = (some: readonly PreparedWrite[]) => sendWrites(sender, 'number', some);
  const outcomes = new Map<ContentWrite, WriteOutcome>();
  const writable: PreparedWrite[] = [];
  const creates = prepared.filter(({ write }) => write.externalId === null);
  const behind = creates.length === 0 ? [] : await send(creates.map((each) => probe(type, each)));
  for (const [index, each] of creates.entries()) {
    const verdict = judge(each, behind[index]);
    if ('result' in verdict) outcomes.set(each.write, verdict);
    else writable.push(verdict);
  }
  // An update names its item and the expected hash. That protects other items, so no check is needed.
  writable.push(...prepared.filter(({ write }) => write.externalId !== null));
  const answers = writable.length === 0 ? [] : await send(writable);
  for (const [index, each] of writable.entries()) outcomes.set(each.write, outcomeOf(each, answers[index]));
  return writes.map((write) => outcomes.get(write) ?? outcomeOf({ write, body: {}, notes: [] }, undefined));
}

/** A write that is always refused, whether or not an item exists. */
function probe(type: string, each: PreparedWrite): PreparedWrite {
  return { ...each, body: { type, op_id: each.write.opId, id: null, expected_hash: impossibleHash } };
}

/**
 * Checks the item behind the number of a content that is to be created. Returns the write to send, or the
 * outcome if no write may be sent.
 */
function judge(each: PreparedWrite, answer: ItemAnswer | undefined): PreparedWrite | WriteOutcome {
  if (answer === undefined || answer.lost !== null || answer.status !== 409) return outcomeOf(each, answer);
  const item = itemIn(answer.value);
  if (item === null) return each;
  const own = unchangedSince(each.write, answer);
  if (own !== null) return onItem(each, own);
  return { result: 'link_mismatch', externalId: item.externalId, otherKey: null, otherId: null };
}
