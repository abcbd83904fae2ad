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
  const result = (code: string, words: { message: string; hint: string }, retryable: boolean) => ({
    success: code === 'ok',
    code,
    message: words.message,
    hint: words.hint,
    stage: list.stage,
    retryable,
    latency_ms: Math.round(performance.now() - started),
    checks: list.checks,
    remote,
  });
  try {
    await walk(list, remote);
    return result('ok', faults.fault('ok'), false);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const told = faults.explained(error, {});
    return result(told.code, told, told.retryable);
  }
}
