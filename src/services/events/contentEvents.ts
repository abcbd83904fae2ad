import type { Prisma } from '../../database/generated/client.ts';
import type { EventAction } from './eventActions.ts';

/** The outcome for an item that was read from its site. */
interface PulledItem {
  contentType: string;
  /** As `MergeOutcome`. */
  outcome: string;
  /** As `PageEntry.reason`. */
  reason?: 'another_birth' | 'link_mismatch' | 'already_there' | undefined;
  /** Why the item was read. */
  cause: 'run' | 'webhook' | 'user';
  /** No webhook had announced the change. */
  isUntold: boolean;
  /** Further facts about the reading. */
  more?: Prisma.InputJsonObject;
}

/** The action and details of the event about an item that was read. */
export function pulledEvent({ contentType, outcome, reason, cause, isUntold, more = {} }: PulledItem): {
  action: EventAction<'content'>;
  details: Prisma.InputJsonObject;
} {
  return {
    action: actionOf(outcome, reason),
    details: {
      content_type: contentType,
      outcome,
      ...(reason === undefined ? {} : { code: reason }),
      cause,
      untold: isUntold,
      ...more,
    },
  };
}

/** Finds the events about changes that no webhook had announced. Such changes show that webhooks are missing. */
export const untoldChange = {
  eventType: 'content',
  action: 'pulled',
  details: { path: ['untold'], equals: true },
} as const satisfies Prisma.SyncEventWhereInput;

function actionOf(outcome: string, reason: PulledItem['reason']): EventAction<'content'> {
  if (reason === 'link_mismatch') return reason;
  if (outcome === 'conflict' || outcome === 'settled_local' || outcome === 'settled_remote')
    return 'conflict';
  return reason === 'already_there' ? reason : 'pulled';
}
