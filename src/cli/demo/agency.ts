import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import type { Core } from '../../adminServices.ts';
import { tokenResponse } from '../../http/schemas/auth.schema.ts';
import { testResultSchema } from '../../http/schemas/connection.schema.ts';
import { type contentSchema, contentsResponse } from '../../http/schemas/content.schema.ts';
import { eventsResponse } from '../../http/schemas/event.schema.ts';
import { contentTypesResponse } from '../../http/schemas/structure.schema.ts';
import { runSchema } from '../../http/schemas/sync.schema.ts';
import { ApiClient } from './apiClient.ts';

/** Prints one line about the current step. */
export type Say = (line: string) => void;
export type Content = z.output<typeof contentSchema>;
type Structure = z.output<typeof contentTypesResponse>['content_types'];
type Run = z.output<typeof runSchema>;
type TestResult = z.output<typeof testResultSchema>;

/** One site of a signed-in agency, on any platform. */
export interface Managed {
  api: ApiClient;
  siteId: number;
  /** `/api/v1/integration/integrations/{id}`. */
  integration: string;
  say: Say;
}

/** Creates an account as the operator, and signs in as its owner. */
export async function signIn(
  serverUrl: string,
  accounts: Core['accounts'],
): Promise<{ api: ApiClient; email: string }> {
  const owner = { email: 'owner@agency.example', password: randomBytes(12).toString('base64url') };
  await accounts.createAccount({
    name: 'Agency',
    ownerEmail: owner.email,
    ownerPassword: owner.password,
  });
  const anyone = new ApiClient(serverUrl);
  const { access_token: token } = await anyone.post('/api/v1/auth/token', owner, tokenResponse);
  return { api: anyone.withToken(token), email: owner.email };
}

/** Tests the connection. Throws when the result has another code than `code`. */
export async function test({ api, integration, say }: Managed, code: string): Promise<void> {
  const result = await api.post(`${integration}/test-connection`, {}, testResultSchema);
  if (result.code !== code) throw new Error(`The test found ${result.code}, but expected ${code}.`);
  tellTest(say, result);
}

/** Prints the result of a connection test. */
export function tellTest(say: Say, result: TestResult): void {
  const { message, hint, checks, latency_ms: took, remote } = result;
  say(message);
  if (hint !== '') say(`What to do: ${hint}`);
  const passed = checks.filter((check) => check.ok).length;
  const versions = remote.plugin_version
    ? `; WordPress ${remote.version}, connector ${remote.plugin_version}`
    : '';
  say(
    result.success
      ? `${passed} checks passed in ${Math.round(took)} ms${versions}.`
      : `Checks passed before the fault: ${passed}. Code for programs: ${result.code}.`,
  );
}

/** Starts a run and waits for its end. Throws when the run does not succeed. */
export async function sync({ api, integration }: Managed, direction: Run['direction']): Promise<Run> {
  const run = await api.post(`${integration}/sync`, { direction }, runSchema);
  if (run.status !== 'success') throw new Error(`The sync ended as ${run.status}: ${run.error ?? ''}`);
  return run;
}

/** The content types and taxonomies of the site, as last read by the server. */
export async function structureOf({ api, integration }: Managed): Promise<Structure> {
  return (await api.get(`${integration}/content-types`, contentTypesResponse)).content_types;
}

/** Prints the content types and taxonomies of a site. */
export function tellStructure(say: Say, { post_types: types, taxonomies }: Structure): void {
  const counted = (of: Record<string, { label: string; count: number }>) =>
    Object.values(of)
      .map(({ label, count }) => `${label} (${count})`)
      .join(', ');
  say(`  Content types: ${counted(types)}`);
  say(`  Taxonomies: ${counted(taxonomies)}`);
}

/** The contents of the site, as returned by the API. */
export async function contentsOf({ api, siteId }: Managed): Promise<Content[]> {
  return (await api.get(`/api/v1/content?site_id=${siteId}&limit=200`, contentsResponse)).results;
}

/**
 * Waits until the API returns the content with this external id as `expected`, and returns the content.
 * Throws after 20 seconds.
 */
export async function shown(
  stage: Managed,
  externalId: number,
  expected: (content: Content) => boolean,
): Promise<Content> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const content = (await contentsOf(stage)).find((each) => each.external_id === String(externalId));
    if (content && expected(content)) return content;
    await delay(50);
  }
  throw new Error(`The API did not show item ${externalId} as expected within 20 seconds.`);
}

/** Prints the number of events and the failed events. */
export async function readRecord({ api, integration, say }: Managed): Promise<void> {
  const { results } = await api.get(`${integration}/events?limit=100`, eventsResponse);
  const failed = results.filter((event) => !event.success);
  say(`${results.length} events, ${failed.length} of them about a failure:`);
  for (const event of failed.reverse()) say(`  ${event.created_at.slice(11, 19)}  ${event.error_message}`);
}
