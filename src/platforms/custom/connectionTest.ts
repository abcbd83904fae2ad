import type { CheckList } from '../checkList.ts';
import type { Connection } from '../connection.ts';
import { runConnectionTest } from '../connectionTest.ts';
import type { ConnectionTestResult } from '../platform.ts';
import { endingAt, singleReads, toldWeakness, unreadable } from '../singleReads.ts';
import { ApiClient, type ApiRequest, type CustomOptions, nameOf, readJson } from './apiClient.ts';
import type { ContentDescription } from './contentDescription.ts';
import { fault, faults } from './explanations.ts';
import { ItemSource } from './itemSource.ts';
import { readPointer } from './jsonPointer.ts';

/** The time limit of the whole test, and that of its first request. Milliseconds. */
const TEST_BUDGET_MS = 30_000;
const TEST_TIMEOUT_MS = 10_000;

/** Only the second page shows whether the API knows the parameter of the page. */
const PAGES = 2;

/**
 * Sends the described test request and checks its answer. If content is described, reads its first pages as a sync
 * does: what a sync cannot read must not pass. Throws only for bugs.
 */
export async function testCustomConnection(
  connection: Connection,
  options: CustomOptions,
): Promise<ConnectionTestResult> {
  const outbound = endingAt(options.outbound, performance.now() + TEST_BUDGET_MS);
  return runConnectionTest(faults, (list) => walk(connection, { ...options, outbound }, list));
}

async function walk(connection: Connection, options: CustomOptions, list: CheckList): Promise<void> {
  const client = await list.run('address', async () => ({ value: new ApiClient(connection, options) }));
  await sendTest(client, list);
  const { content } = client.config;
  if (content === undefined) return;
  await list.run('content', async () => {
    const weakness = await readPages(client, content);
    // Reported once, at the first check that shows it.
    const note = list.checks.some(({ code }) => code === client.finding?.code) ? null : client.finding;
    return { value: undefined, note, ...(weakness === null ? {} : { detail: weakness }) };
  });
}

/** Sends the described request. Throws ExplainedFault if the answer is not the described one. */
async function sendTest(client: ApiClient, list: CheckList): Promise<void> {
  const { test } = client.config;
  const request: ApiRequest = {
    method: test.method ?? 'GET',
    path: test.path,
    timeoutMs: TEST_TIMEOUT_MS,
  };
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

/**
 * Reads the first page of the list, and the second if the API gives whole pages. Returns what to say about an API
 * that gives none; null about any other. Throws ExplainedFault if a sync could not read the list.
 */
async function readPages(client: ApiClient, content: ContentDescription): Promise<string | null> {
  const pace = singleReads();
  let pages = 0;
  for await (const page of new ItemSource(client, content, pace).list()) {
    const refused = pages === 0 ? unreadable(page) : null;
    if (refused !== null) {
      const found = refused.message.replace(/\.$/, '');
      throw fault('unreadable_items', { variant: refused.code, values: { found } });
    }
    pages += 1;
    if (pages === PAGES || pace.tooMuch > 0) break;
  }
  return toldWeakness(pace, 'API');
}
