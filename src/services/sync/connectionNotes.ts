/** What a run tells about a connection that works all the same. Each is kept once for each run. */
import type { RemoteError } from '../../errors.ts';
import type { EventLog } from '../events/eventLog.ts';
import type { IntegrationRow } from '../integrations/integrationRow.ts';
import type { RunLedger } from './runLedger.ts';

interface Run {
  ledger: RunLedger;
  integration: IntegrationRow;
}

/** Keeps why a connector that is there is not used; null if it is used. Throws RunLost. */
export async function keepProblem(events: EventLog, run: Run, problem: RemoteError | null): Promise<void> {
  if (problem?.code === run.ledger.checkpoint.connectionProblem?.code) return;
  await keep(events, run, problem, { place: 'connectionProblem', action: 'connector_passed_over' });
}

/** Keeps what disturbs the answers of the site; null if nothing does. Throws RunLost. */
export async function keepFinding(events: EventLog, run: Run, finding: RemoteError | null): Promise<void> {
  if (finding?.code === run.ledger.checkpoint.finding?.code) return;
  await keep(events, run, finding, { place: 'finding', action: 'answers_disturbed' });
}

async function keep(
  events: EventLog,
  { ledger, integration }: Run,
  told: RemoteError | null,
  as: { place: 'connectionProblem' | 'finding'; action: 'connector_passed_over' | 'answers_disturbed' },
): Promise<void> {
  await ledger.step(async (tx) => {
    if (told === null) return { checkpoint: { [as.place]: null } };
    const { code, message } = told;
    await events.record(tx, {
      accountId: integration.accountId,
      siteId: integration.siteId,
      integrationId: integration.id,
      type: 'connection',
      action: as.action,
      success: false,
      error: message,
      details: { run_id: ledger.run.id, code },
    });
    return { checkpoint: { [as.place]: { code, message } } };
  });
}
