import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Answer } from './answer.ts';
import { CHANGED_ANSWERS, type FaultName, type FaultScope, REPLACED_ANSWERS } from './faults.ts';
import {
  type ConnectOutcome,
  connectAsPlugin,
  pushStructure,
  type ServerAnswer,
  tellOfPost,
} from './pluginClient.ts';
import { postMessage, type Topic } from './postMessage.ts';
import { answerSite, isApi, isConnector, type SiteRequest } from './router.ts';
import { SimulatedSite } from './site.ts';
import { initialContent, initialTypes, type SimulatedState, type SimulatedUser } from './state.ts';

export interface SimulatedWordpressOptions {
  /** The site's id on the server that it is connected to. */
  siteId: number;
  /** Empty by default: the connector is installed, but not set up. */
  siteKey?: string;
  /** Null: the connector is not installed. Version 0.1.0 by default. */
  connector?: { version: string } | null;
  /** An editor `editor` with the application password `abcd efgh ijkl mnop qrst uvwx` by default. */
  users?: SimulatedUser[];
  /** `/wp-json/` does not exist. */
  plainPermalinks?: boolean;
  /** Installs into this folder, such as `blog`. */
  subdirectory?: string;
  /** PEM; the site is then reached by https. */
  tls?: { key: string; cert: string };
  /** The host in the site's address; 127.0.0.1 by default. */
  hostname?: string;
}

export interface SimulatedWordpress {
  /** The home URL, without a slash at the end. */
  readonly url: string;
  readonly state: SimulatedState;
  /** Switches faults on, besides those that are on. */
  setFault(...names: FaultName[]): void;
  clearFaults(): void;
  /** Presses Connect in the plugin. */
  connect(options: { serverUrl: string }): Promise<ConnectOutcome>;
  /** Pushes the structure to the connected server. */
  pushStructure(options: { serverUrl: string }): Promise<ServerAnswer>;
  /** What the plugin tells of a post as it is now: the body of its webhook. */
  postMessage(topic: Topic, postId: number): string;
  /** Tells the connected server of a post as it is now. */
  tellOfPost(options: { serverUrl: string; topic: Topic; postId: number }): Promise<ServerAnswer>;
  stop(): Promise<void>;
}

const DEFAULT_EDITOR: SimulatedUser = {
  id: 2,
  login: 'editor',
  role: 'editor',
  applicationPassword: 'abcdefghijklmnopqrstuvwx',
};

/** Starts a WordPress that is none, on a free port of the loopback. */
export async function startSimulatedWordpress(
  options: SimulatedWordpressOptions,
): Promise<SimulatedWordpress> {
  const site = new SimulatedSite(
    initialState(options),
    options.subdirectory === undefined ? '' : `/${options.subdirectory}`,
    options.plainPermalinks ?? false,
  );
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    void serve(site, request, response);
  };
  const server = options.tls === undefined ? createServer(handler) : createTlsServer(options.tls, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  site.origin = `${options.tls === undefined ? 'http' : 'https'}://${options.hostname ?? '127.0.0.1'}:${port}`;

  return {
    url: site.origin + site.base,
    state: site.state,
    setFault: (...names) => {
      for (const name of names) site.faults.add(name);
    },
    clearFaults: () => site.faults.clear(),
    connect: ({ serverUrl }) => connectAsPlugin(site, serverUrl),
    pushStructure: ({ serverUrl }) => pushStructure(site, serverUrl),
    postMessage: (topic, postId) => postMessage(site, topic, postId),
    tellOfPost: ({ serverUrl, topic, postId }) => tellOfPost(site, serverUrl, topic, postId),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function initialState(options: SimulatedWordpressOptions): SimulatedState {
  const users = options.users ?? [{ ...DEFAULT_EDITOR }];
  const plugin = options.connector === undefined ? { version: '0.2.0' } : options.connector;
  return {
    name: 'Brücke & Söhne',
    wordpressVersion: '6.8.2',
    users,
    ...initialTypes(),
    ...initialContent(),
    connector:
      plugin === null
        ? null
        : {
            version: plugin.version,
            siteId: options.siteId,
            siteKey: options.siteKey ?? '',
            userId: users[0]?.id ?? 0,
            integrationId: null,
            usedNonces: new Set(),
          },
    requests: [],
  };
}

async function serve(
  site: SimulatedSite,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const request = await readRequest(site, incoming);
  const { method, target } = request;
  site.state.requests.push({ method, target, headers: incoming.headers });
  if (site.has('silent')) return;
  if (site.has('reset') || (site.has('api_reset') && isApi(site, request))) {
    incoming.socket.destroy();
    return;
  }
  const answer = throughFaults(site, request);
  response.writeHead(answer.status, answer.headers);
  response.end(method === 'HEAD' ? '' : answer.body);
}

async function readRequest(site: SimulatedSite, incoming: IncomingMessage): Promise<SiteRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    const stripped = site.has('signature_headers_stripped') && name.startsWith('x-sitebridge-');
    if (!stripped) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

/** What stands before WordPress comes first; what changes its answers comes last. */
function throughFaults(site: SimulatedSite, request: SiteRequest): Answer {
  const applies = (name: FaultName, scope: FaultScope) => site.has(name) && inScope(site, request, scope);
  if (site.has('redirect')) {
    const headers = { Location: `https://www.example.com${request.target}` };
    return { status: 301, headers, body: '' };
  }
  for (const [name, fault] of entries(REPLACED_ANSWERS)) {
    if (applies(name, fault.scope)) return fault.answer;
  }
  let answer = answerSite(site, request);
  for (const [name, fault] of entries(CHANGED_ANSWERS)) {
    if (applies(name, fault.scope)) answer = fault.change(answer);
  }
  return answer;
}

function inScope(site: SimulatedSite, request: SiteRequest, scope: FaultScope): boolean {
  if (scope === 'connector') return isConnector(site, request);
  return scope === 'everything' || isApi(site, request);
}

function entries<K extends string, V>(table: Readonly<Record<K, V>>): Array<[K, V]> {
  const names: K[] = [];
  for (const name in table) names.push(name);
  return names.map((name) => [name, table[name]]);
}
