/** Sends webhooks of a simulated shop to a test server, as Shopify does. */
import type { SimulatedWebhook } from '../../src/simulation/shopify/webhooks.ts';
import type { Answer } from './problems.ts';
import type { TestServer } from './server.ts';

/** `changes` replace headers of the webhook. */
export async function sendWebhook(
  server: TestServer,
  { headers, body }: SimulatedWebhook,
  changes: object = {},
): Promise<Answer> {
  const answer = await fetch(`${server.url}/api/v1/integration/webhooks/shopify`, {
    method: 'POST',
    headers: { ...headers, ...changes },
    body,
  });
  const read = (await answer.json()) as Record<string, unknown>;
  return { status: answer.status, headers: Object.fromEntries(answer.headers), body: read };
}
