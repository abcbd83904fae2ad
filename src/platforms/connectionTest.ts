import { RemoteError } from '../errors.ts';
import { CheckList } from './checkList.ts';
import type { Faults } from './explainedFault.ts';
import type { ConnectionTestResult } from './platform.ts';

/**
 * Runs the checks of a connection test and returns its result. `walk` records its checks in `list` and its
 * findings about the site in `remote`. It throws RemoteError at the first check that fails. Throws only for
 * bugs.
 */
export async function runConnectionTest(
  faults: Faults,
  walk: (list: CheckList, remote: ConnectionTestResult['remote']) => Promise<void>,
): Promise<ConnectionTestResult> {
  const started = performance.now();
  const list = new CheckList();
  const remote: ConnectionTestResult['remote'] = {};
  const result = (
    success: boolean,
    told: { code: string; message: string; hint: string; retryable: boolean },
  ) => ({
    success,
    code: told.code,
    message: told.message,
    hint: told.hint,
    stage: list.stage,
    retryable: told.retryable,
    latency_ms: Math.round(performance.now() - started),
    checks: list.checks,
    remote,
  });
  try {
    await walk(list, remote);
    // A connection with a limit works, and its code tells what it cannot do.
    return result(true, list.limit ?? faults.fault('ok'));
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    return result(false, faults.explained(error, {}));
  }
}
