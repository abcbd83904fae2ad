/** What the connection test and the runs have told about a connection that works. */
import type { SyncRun } from '../../database/generated/client.ts';
import { readCheckpoint } from '../sync/runLedger.ts';
import type { TestRecord } from './facts.ts';

/** The codes of what is told although the connection works, by the place in a run's checkpoint. */
const CODES = { connectionProblem: 'connector_other_key', finding: 'dirty_json' } as const;

/**
 * What the newest run that reached the site, or a newer test, tells: why the connector is not used, or what disturbs
 * the answers. null if it tells nothing.
 */
export function lastTold(
  place: keyof typeof CODES,
  lastTest: TestRecord | null,
  lastRuns: readonly SyncRun[],
): string | null {
  const code = CODES[place];
  const run = lastRuns.find(({ checkpoint }) => readCheckpoint(checkpoint).readingId !== null);
  if (run !== undefined && (lastTest === null || lastTest.at < (run.startedAt ?? run.createdAt))) {
    const told = readCheckpoint(run.checkpoint)[place];
    return told?.code === code ? told.message : null;
  }
  const check = lastTest?.result.checks?.find((each) => each.code === code);
  return check === undefined ? null : (check.detail ?? '');
}
