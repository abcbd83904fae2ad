import { RemoteError } from '../../errors.ts';
import type { OutboundResponse } from '../../outbound/httpClient.ts';
import { CheckList } from '../checkList.ts';
import type { Connection, ConnectionTestResult } from '../platform.ts';
import { ApiClient, type ApiRequest, type CustomOptions, nameOf, parseJson } from './apiClient.ts';
import { explained, fault } from './explanations.ts';
import { readPointer } from './jsonPointer.ts';

/** Milliseconds. */
const TEST_TIMEOUT_MS = 10_000;

/** Sends the described test request and looks at its answer. Throws only for bugs. */
export async function testCustomConnection(
  connection: Connection,
  options: CustomOptions,
): Promise<ConnectionTestResult> {
  const started = performance.now();
  const list = new CheckList();
  const result = (code: string, words: { message: string; hint: string }, retryable: boolean) => ({
    success: code === 'ok',
    code,
    message: words.message,
    hint: words.hint,
    stage: list.stage,
    retryable,
    latency_ms: Math.round(performance.now() - started),
    checks: list.checks,
    remote: {},
  });
  try {
    await walk(connection, options, list);
    return result('ok', fault('ok'), false);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    const told = explained(error, {});
    return result(told.code, told, told.retryable);
  }
}

async function walk(connection: Connection, options: CustomOptions, list: CheckList): Promise<void> {
  const client = await list.run('address', async () => ({ value: new ApiClient(connection, options) }));
  const { test } = client.config;
  const request = { method: test.method ?? 'GET', path: test.path, timeoutMs: TEST_TIMEOUT_MS };
  const response = await reach(client, request, list);

  await list.run('status', async () => {
    const expected = test.expect_status ?? 200;
    if (response.status === expected) return { value: undefined };
    const status = String(response.status);
    const values = { request: nameOf(request), status, expected: String(expected) };
    throw fault('unexpected_status', { variant: status, values });
  });

  const pointer = test.expect_json_pointer;
  const answer = await list.run('json', async () => {
    const value = parseJson(request, response);
    if (value === undefined && pointer !== undefined) {
      throw fault('not_json', { values: { request: nameOf(request) } });
    }
    return { value };
  });
  if (pointer === undefined) return;
  await list.run('pointer', async () => {
    if (readPointer(answer, pointer) !== undefined) return { value: undefined };
    const field = 'config_json.test.expect_json_pointer';
    throw fault('pointer_leads_nowhere', {
      values: { request: nameOf(request), pointer, field },
      detail: pointer,
    });
  });
}

async function reach(client: ApiClient, request: ApiRequest, list: CheckList): Promise<OutboundResponse> {
  const started = performance.now();
  try {
    const response = await client.send(request);
    list.reached(response);
    return response;
  } catch (error) {
    if (error instanceof RemoteError) list.notReached(error, performance.now() - started);
    throw error;
  }
}
