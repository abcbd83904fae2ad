/** The mark that the links of a site have changed, so that a run reads all of them again. */
import type { Transaction } from '../../../database/client.ts';
import type { EventLog } from '../../events/eventLog.ts';
import type { ContentRun } from '../phaseContext.ts';

interface Parts {
  events: EventLog;
  now: () => number;
}

/** Notes that the links have changed, with an event. Returns when. */
export async function noteChangedLinks(
  tx: Transaction,
  run: ContentRun,
  { events, now }: Parts,
  contentType: string,
): Promise<Date> {
  const linksChangedAt = new Date(now());
  await tx.siteIntegration.updateMany({ where: { id: run.integration.id }, data: { linksChangedAt } });
  await events.record(tx, {
    ...run.owner,
    type: 'sync',
    action: 'links_changed',
    details: { content_type: contentType, run_id: run.ledger.run.id },
  });
  return linksChangedAt;
}
