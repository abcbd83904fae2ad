import type { Content } from '../../../database/generated/client.ts';
import type { WriteOutcome } from '../../../platforms/contentWrite.ts';
import type { ItemFault, RemoteContent } from '../../../platforms/remoteContent.ts';
import { changedOnSaving, noCreate, wantedStatus } from '../../content/sentAndKept.ts';
import { remoteState } from '../../content/sharedState.ts';
import { withStoredFields } from '../../content/unreadFields.ts';
import { noteAction } from '../../events/eventActions.ts';
import type { TypeToSync } from '../phaseContext.ts';
import type { Begun } from './contentWrite.ts';
import type { PushBatch } from './pushBatch.ts';
import { storeConflict, storeLinkMismatch, unlink } from './pushConflicts.ts';
import {
  type Holder,
  hasGotId,
  holdersOf,
  isTwin,
  type PushedContent,
  storePushed,
} from './pushStatements.ts';

type Written = Extract<WriteOutcome, { result: 'written' }>;

/**
 * Stores the outcomes of some writes, each with its event, at the time `now`. Returns the ids of the contents for
 * which a retry may help; none after the last try.
 */
export async function storeOutcomes(
  batch: PushBatch,
  type: TypeToSync,
  outcomes: readonly (readonly [Begun, WriteOutcome])[],
  { lastTry, now }: { lastTry: boolean; now: Date },
): Promise<number[]> {
  const again: number[] = [];
  const pushed: PushedContent[] = [];
  const { siteId, platform } = batch.run.integration;
  const owner = { siteId, platform, contentType: type.slug };
  const answered = outcomes.flatMap(([, outcome]) =>
    outcome.result === 'written' ? [outcome.remote.externalId] : [],
  );
  const holders = await holdersOf(batch.tx, owner, answered);
  const twins = new Set<string>();
  for (const [{ content }, outcome] of outcomes) {
    if (outcome.result === 'written') {
      if (await isHeldByAnother(batch, content, outcome, { holders, twins })) continue;
      pushed.push(storeWritten(batch, content, outcome));
    } else if (outcome.result === 'conflict') {
      if (await storeConflict(batch, content, outcome.remote)) again.push(content.id);
    } else if (outcome.result === 'being_edited') await storeWaiting(batch, content, outcome, now);
    else if (outcome.result === 'link_mismatch') await storeLinkMismatch(batch, content, outcome);
    else if (outcome.retryable && !lastTry) again.push(content.id);
    else await storeFailure(batch, content, outcome);
  }
  if (pushed.length > 0) await storePushed(batch.tx, pushed, twins, now);
  return lastTry ? [] : again;
}

/**
 * Does the written item belong to another content? Then the write is a fault, with two exceptions: a twin
 * of the content is added to `twins`, and a content whose own item is gone is unlinked if the new item got
 * its id.
 */
async function isHeldByAnother(
  batch: PushBatch,
  content: Content,
  { created, remote }: Written,
  { holders, twins }: { holders: Map<string, Holder>; twins: Set<string> },
): Promise<boolean> {
  const { externalId: made } = remote;
  const holder = holders.get(made);
  holders.set(made, {
    id: content.id,
    isSent: true,
    createdAt: content.createdAt,
    birth: content.birth,
    isGone: false,
    isOfBatch: true,
  });
  if (holder === undefined || holder.id === content.id) return false;
  if (isTwin(holder, content)) twins.add(made);
  else if (created && hasGotId(holder, content, remote)) await unlink(batch, holder.id);
  else {
    batch.fail(content, foreignFault(remote, holder.id));
    return true;
  }
  return false;
}

/**
 * Leaves a content to the next run, because a person edits its item. The time at which the wait began is stored: after
 * a day the write no longer waits, see `ContentWrite.despiteEditor`.
 */
async function storeWaiting(
  batch: PushBatch,
  content: Content,
  { externalId, by }: Extract<WriteOutcome, { result: 'being_edited' }>,
  now: Date,
): Promise<void> {
  const since = content.waitsSince ?? now;
  const person = by ?? 'A person';
  const message =
    `${person} is editing the item on the site, and would overwrite the changes on saving. The push waits for the ` +
    'next run, for a day at most.';
  batch.fault(
    content,
    { externalId, code: 'being_edited', message },
    { action: 'being_edited', externalId, details: { by, waits_since: since.toISOString() } },
  );
  await batch.tx.content.updateMany({ where: { id: content.id }, data: { waitsSince: since } });
}

async function storeFailure(
  batch: PushBatch,
  content: Content,
  { fault, notMade }: Extract<WriteOutcome, { result: 'failed' }>,
): Promise<void> {
  batch.fail(content, fault);
  const { id, externalId, waitsSince } = content;
  // Whatever stands in the way now, it is no person who edits the item.
  if (waitsSince !== null) await batch.tx.content.updateMany({ where: { id }, data: { waitsSince: null } });
  if (notMade && externalId === null)
    await batch.tx.content.updateMany({ where: { id }, data: { ...noCreate, platform: null } });
}

function storeWritten(
  batch: PushBatch,
  sent: Content,
  { remote: answered, created, notes }: Written,
): PushedContent {
  // A field that could not be read was not sent. The next reading takes it, if it can be read again.
  const remote = withStoredFields(answered, sent, sent.unreadFields);
  const { externalId } = remote;
  const state = remoteState(remote, remote.status ?? wantedStatus(sent.status));
  const explained = notes.map(({ explains }) => explains);
  const changed = changedOnSaving(sent, state).filter((name) => !explained.some((each) => each === name));
  if (created) batch.totals.created += 1;
  else batch.totals.updated += 1;
  batch.totals.pushed += 1;
  batch.record(sent, {
    action: 'pushed',
    externalId,
    details: { created, version: sent.localVersion },
  });
  for (const fault of [...notes, ...(changed.length === 0 ? [] : [savingFault(remote, changed)])])
    batch.fault(sent, fault, {
      action: noteAction(fault.code),
      externalId,
      details: { fields: changed },
    });
  return { sent, remote, state };
}

/** An item can belong to one content only. Linking it to two contents would lose one of them. */
function foreignFault({ externalId }: RemoteContent, owner: number): ItemFault {
  const message = `The site answered with item ${externalId}, which already belongs to content ${owner}.`;
  return { externalId, code: 'item_of_another', message };
}

function savingFault({ externalId, externalStatus }: RemoteContent, changed: string[]): ItemFault {
  const texts = changed.filter((name) => name !== 'status').join(', ');
  const parts = [
    ...(texts === ''
      ? []
      : [`${texts}: the site's user may not write all of the text, or the site saves it in another form`]),
    ...(changed.includes('status') ? [`status: on the site it is '${externalStatus}'`] : []),
  ];
  return {
    externalId,
    code: 'changed_on_saving',
    message: `The site changed on saving ${parts.join('; ')}.`,
  };
}

/** The outcome for a content that the platform left out of its outcomes. */
export function missingOutcome({ content }: Begun): WriteOutcome {
  const fault = {
    externalId: content.externalId,
    code: 'no_answer',
    message: 'The site gave no answer for this content.',
  };
  return { result: 'failed', fault, retryable: true };
}
