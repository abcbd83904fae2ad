import { randomUUID } from 'node:crypto';
import type { Disturbances } from './disturbances.ts';
import type { PostTopic, WaitingWebhook } from './outbox.ts';
import { messageHeaders, postMessage } from './postMessage.ts';
import type { SimulatedSite } from './site.ts';
import type { SimulatedConnector } from './state.ts';

/** The server's response to the connector. */
export interface ServerAnswer {
  status: number;
  body: Record<string, unknown>;
}

export interface ConnectOutcome {
  test: ServerAnswer;
  /** Null when the test failed, because the structure is then not pushed. */
  structure: ServerAnswer | null;
}

const BASE = '/api/v1/integration/integrations';
const WEBHOOKS = '/api/v1/integration/webhooks/wordpress';

/**
 * Acts like the plugin's Connect button: asks the server for a connection test, then pushes the structure.
 * `confirmed`: what a person says about the site.
 */
export async function connectAsPlugin(
  site: SimulatedSite,
  serverUrl: string,
  confirmed: { moved?: true },
): Promise<ConnectOutcome> {
  const { connector } = site.state;
  if (connector === null) throw new Error('The simulated site has no connector to connect with.');
  if (connector.installation.id === '' && namesItself(connector)) connector.installation.id = randomUUID();
  const test = await post(
    `${serverUrl}${BASE}/test-connection`,
    { site_id: connector.siteId, api_key: connector.siteKey, site_url: site.home, ...confirmed },
    senderHeaders(site, connector),
  );
  const id = test.body.integration_id;
  if (test.status !== 200 || typeof id !== 'number') return { test, structure: null };
  connector.integrationId = id;
  connector.installation.home = site.home;
  return { test, structure: await pushStructure(site, serverUrl) };
}

/** Pushes the structure, as the plugin does daily and when types change. */
export async function pushStructure(site: SimulatedSite, serverUrl: string): Promise<ServerAnswer> {
  const { connector } = site.state;
  if (connector?.integrationId == null) throw new Error('The simulated site is not connected.');
  return await post(`${serverUrl}${BASE}/${connector.integrationId}/update-structure`, site.structure(), {
    'X-API-Key': connector.siteKey,
    ...senderHeaders(site, connector),
  });
}

/** Sends a webhook about the current state of a post, whether or not it was changed. */
export async function tellOfPost(
  site: SimulatedSite,
  serverUrl: string,
  topic: PostTopic,
  postId: number,
): Promise<ServerAnswer> {
  const body = postMessage(site, topic, site.existing(postId), '');
  return await deliver(site, serverUrl, { id: `msg_${randomUUID()}`, topic, body });
}

/**
 * Sends the waiting webhooks in order, as the plugin does after changes, until the server refuses one. A copy of
 * a site knows that it is at another home than the connected one, and sends nothing.
 */
export async function deliverWebhooks(
  site: SimulatedSite,
  disturbances: Disturbances,
  serverUrl: string,
): Promise<ServerAnswer[]> {
  const answers: ServerAnswer[] = [];
  if (isCopy(site)) return answers;
  for (let webhook = site.outbox.first; webhook !== undefined; webhook = site.outbox.first) {
    const answer = await deliver(site, serverUrl, webhook);
    answers.push(answer);
    if (isUnknownTopic(webhook, answer)) {
      site.outbox.remove(webhook);
      continue;
    }
    if (answer.status !== 202) break;
    if (disturbances.doublesWebhook()) answers.push(await deliver(site, serverUrl, webhook));
    site.outbox.remove(webhook);
  }
  return answers;
}

/** Does an older server not know the topic? The plugin then drops the webhook, and a sync finds the change. */
function isUnknownTopic({ topic }: WaitingWebhook, { status, body }: ServerAnswer): boolean {
  return status === 404 && (topic === 'terms' || topic === 'site') && typeof body.code === 'string';
}

async function deliver(
  site: SimulatedSite,
  serverUrl: string,
  webhook: WaitingWebhook,
): Promise<ServerAnswer> {
  const { connector } = site.state;
  if (connector === null) throw new Error('The simulated site has no connector to send a webhook with.');
  return await post(`${serverUrl}${WEBHOOKS}/${webhook.topic}`, webhook.body, {
    ...messageHeaders(connector, webhook),
    ...senderHeaders(site, connector),
  });
}

function isCopy({ state: { connector }, home }: SimulatedSite): boolean {
  return connector !== null && connector.installation.home !== '' && connector.installation.home !== home;
}

/** Since version 0.5.0 the plugin says which WordPress sends. */
function namesItself({ version }: SimulatedConnector): boolean {
  return !/^0\.[0-4]\./.test(version);
}

function senderHeaders(site: SimulatedSite, connector: SimulatedConnector): Record<string, string> {
  if (!namesItself(connector)) return {};
  const { id } = connector.installation;
  return { 'X-Sitebridge-Home': site.home, ...(id === '' ? {} : { 'X-Sitebridge-Installation': id }) };
}

async function post(
  url: string,
  body: Record<string, unknown> | string,
  headers: Record<string, string> = {},
): Promise<ServerAnswer> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    redirect: 'manual',
  });
  const read: unknown = await answer.json().catch(() => null);
  return { status: answer.status, body: isRecord(read) ? read : {} };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
