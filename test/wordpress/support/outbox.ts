/** The connector's outbox: a connected site, its sent messages, and its waiting messages. */
import { Webhook } from 'standardwebhooks';
import type { AdminSession } from './admin-session.ts';
import { installConnector } from './connector.ts';
import { waitFor } from './processes.ts';
import type { RecordedAnswer, RecordedRequest, RecordingServer } from './recording-server.ts';
import { type JsonAnswer, jsonFetch, signedFetch } from './signed-request.ts';
import type { Wordpress } from './wordpress.ts';

/** The key of the site under test. */
export const KEY = `sbk_${'Bb1-_'.repeat(9).slice(0, 43)}`;
/** The site's id on the server. */
export const SITE_ID = 31;
const WEBHOOKS = '/api/v1/integration/webhooks/wordpress/';

/** A webhook as the server received it. */
export interface SentMessage {
  id: string;
  timestamp: number;
  topic: string;
  body: Record<string, unknown>;
  request: RecordedRequest;
}

/** A site that is connected to a server. */
export interface ConnectedSite {
  wordpress: Wordpress;
  admin: AdminSession;
  /** Calls a REST route as the administrator, with an application password. */
  rest(method: string, route: string, body?: Record<string, unknown>): Promise<JsonAnswer>;
  /** Calls a REST route as the server does, with additional headers. */
  signed(route: string, body: Record<string, unknown>, headers?: Record<string, string>): Promise<JsonAnswer>;
  /** Creates a post through the REST API. Returns its id. */
  makePost(fields?: Record<string, unknown>): Promise<number>;
  /** The number of messages, dead ones included. */
  rows(): Promise<number>;
  /** Waits until the outbox is empty, while WP-Cron runs. */
  settled(timeoutMs?: number): Promise<void>;
  /** Runs WP-Cron, as a visitor or the system's cron does. */
  cron(): Promise<void>;
  /** Makes all waiting messages due now. */
  hurry(): Promise<void>;
  /** Empties the outbox and deletes its delivery state. */
  clear(): Promise<void>;
}

/** Connects a new WordPress to a recording server. */
export function connectToRecorder(wordpress: Wordpress, server: RecordingServer): Promise<ConnectedSite> {
  server.answerWith(accept);
  return connectSite(wordpress, { url: server.url, siteId: SITE_ID, key: KEY });
}

/** Connects a new WordPress to a server, as this site. */
export async function connectSite(
  wordpress: Wordpress,
  server: { url: string; siteId: number; key: string },
): Promise<ConnectedSite> {
  const { siteId, key } = server;
  const admin = await installConnector(wordpress);
  const view = await admin.pressSettings('Connect', {
    server_url: server.url,
    site_id: String(siteId),
    api_key: key,
  });
  if (view.answer?.success !== true) {
    throw new Error(`The site did not connect: ${JSON.stringify(view.answer)}`);
  }
  const password = await wordpress.php(
    `return WP_Application_Passwords::create_new_application_password( 1, array( 'name' => 'test' ) )[0];`,
  );
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  const rest: ConnectedSite['rest'] = (method, route, body) =>
    jsonFetch(wordpress.restUrl(route), {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const rows = async (): Promise<number> => {
    const [row] = await wordpress.query('SELECT COUNT(*) AS count FROM wp_sitebridge_outbox');
    return Number(row?.count);
  };
  const cron = async (): Promise<void> => {
    const response = await fetch(`${wordpress.url}/wp-cron.php`);
    await response.text();
  };
  return {
    wordpress,
    admin,
    rest,
    signed: (route, body, headers = {}) =>
      signedFetch(wordpress.restUrl(route), {
        siteId,
        key,
        method: 'POST',
        body: JSON.stringify(body),
        headers,
      }),
    async makePost(fields = {}) {
      const made = await rest('POST', '/wp/v2/posts', { title: 'A post', status: 'publish', ...fields });
      return idOf(made);
    },
    rows,
    async settled(timeoutMs = 45_000) {
      await waitFor(
        'the outbox to be empty',
        async () => {
          if ((await rows()) === 0) {
            return true;
          }
          await cron();
          return false;
        },
        timeoutMs,
      );
    },
    cron,
    async hurry() {
      await wordpress.query("UPDATE wp_sitebridge_outbox SET due_at = 1 WHERE state = 'waiting'");
      await wordpress.php(
        // WordPress refuses an event within ten minutes of another, and WP-Cron waits a minute for one that
        // died.
        `delete_option( 'sitebridge_connector_delivery' );
        delete_transient( 'doing_cron' );
        wp_clear_scheduled_hook( 'sitebridge_connector_deliver' );
        wp_schedule_single_event( time(), 'sitebridge_connector_deliver' );
        return true;`,
      );
    },
    async clear() {
      await wordpress.query('DELETE FROM wp_sitebridge_outbox');
      await wordpress.php(
        "delete_option( 'sitebridge_connector_delivery' ); wp_clear_scheduled_hook( 'sitebridge_connector_deliver' ); return true;",
      );
    },
  };
}

/** The id of the post that a REST call created or changed. */
export function idOf(answer: JsonAnswer): number {
  if (typeof answer.json === 'object' && answer.json !== null && 'id' in answer.json) {
    return Number(answer.json.id);
  }
  throw new Error(`HTTP ${answer.status} without an id: ${JSON.stringify(answer.json)}`);
}

/** The server's response when all is well. */
export function accept(request: RecordedRequest): RecordedAnswer {
  if (request.target.startsWith(WEBHOOKS)) {
    return { status: 202, body: { received: true, delivery_id: 1, duplicate: false } };
  }
  return request.target.endsWith('/test-connection')
    ? { status: 200, body: { success: true, code: 'ok', message: 'Connected.', integration_id: 7 } }
    : { status: 200, body: { applied: true } };
}

/** The received webhooks, oldest first. Throws when a signature is wrong. */
export function messages(server: RecordingServer): SentMessage[] {
  return server.requests.filter((request) => request.target.startsWith(WEBHOOKS)).map(readMessage);
}

/** Reads a webhook and verifies its signature. */
export function readMessage(request: RecordedRequest): SentMessage {
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  new Webhook(KEY, { format: 'raw' }).verify(request.body, headers);
  return {
    id: headers['webhook-id'] ?? '',
    timestamp: Number(headers['webhook-timestamp']),
    topic: request.target.slice(WEBHOOKS.length),
    body: JSON.parse(request.body),
    request,
  };
}
