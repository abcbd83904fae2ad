import type { CheckList } from '../checkList.ts';
import type { Connection } from '../connection.ts';
import { runConnectionTest } from '../connectionTest.ts';
import type { ConnectionTestResult } from '../platform.ts';
import { ApiClient, type CustomOptions, nameOf, readJson } from './apiClient.ts';
import { fault, faults } from './explanations.ts';
import { readPointer } from './jsonPointer.ts';

/** Milliseconds. */
const TEST_TIMEOUT_MS = 10_000;

/** Sends the described test request and checks its answer. Throws only for bugs. */
export async function testCustomConnection(
  connection: Connection,
  options: CustomOptions,
): Promise<ConnectionTestResult> {
  return runConnectionTest(faults, (list) => walk(connection, options, list));
}

async function walk(connection: Connection, options: CustomOptions, list: CheckList): Promise<void> {
  const client = await list.run('address', async () => ({ value: new ApiClient(connection, options) }));
  const { test } = client.config;
  const request = { method: test.method ?? 'GET', path: test.path, timeoutMs: TEST_TIMEOUT_MS };
  const response = await list.reach(() => client.send(request));

  await list.run('status', async () => {
    const expected = test.expect_status ?? 200;
    if (response.status === expected) return { value: undefined };
    const outer = client.outerFault(request, response);
    if (outer !== null) throw outer;
    const status = String(response.status);
    const values = { request: nameOf(request), status, expected: String(expected) };
    throw fault('unexpected_status', { variant: status, values });
  });

  const pointer = test.expect_json_pointer;
  const answer = await list.run('json', async () => {
    const { value, finding } = await readJson(request, response);
    if (value === undefined && pointer !== undefined) {
      throw fault('not_json', { values: { request: nameOf(request) } });
    }
    return { value, note: finding };
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
