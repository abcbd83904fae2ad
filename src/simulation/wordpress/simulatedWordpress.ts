import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { takeBackup } from './backup.ts';
import { SiteClock } from './clock.ts';
import { type Disturbance, Disturbances } from './disturbances.ts';
import { SiteEditor } from './editor.ts';
import type { FaultName } from './faults.ts';
import type { PostTopic, WaitingWebhook } from './outbox.ts';
import { permalink } from './permalink.ts';
import {
  type ConnectOutcome,
  connectAsPlugin,
  deliverWebhooks,
  pushStructure,
  type ServerAnswer,
  tellOfPost,
} from './pluginClient.ts';
import { messagesOf, postMessage } from './postMessage.ts';
import { serve } from './serve.ts';
import { SimulatedSite } from './site.ts';
import { siteMessage, termMessage } from './siteMessage.ts';
import { initialContent, initialTypes, type SimulatedState, type SimulatedUser } from './state.ts';
import type { Weakness } from './weakness.ts';

export interface SimulatedWordpressOptions {
  /** The site's id on the server that it is connected to. */
  siteId: number;
  /** Empty by default, which means that the connector is installed but not set up. */
  siteKey?: string;
  /**
   * Null: no connector is installed. Version 0.6.0 by default. Versions before 0.3.0 have no content routes.
   */
  connector?: { version: string } | null;
  /** By default one editor, `editor`, with the application password `abcd efgh ijkl mnop qrst uvwx`. */
  users?: SimulatedUser[];
  /** When true, `/wp-json/` does not exist. */
  plainPermalinks?: boolean;
  /** Installs into this folder, such as `blog`. */
  subdirectory?: string;
  /** Key and certificate in PEM. With them, the site uses https. */
  tls?: { key: string; cert: string };
  /** The host in the site's URL, 127.0.0.1 by default. */
  hostname?: string;
  /** The clock that dates posts, in milliseconds since 1970. The machine's clock by default. */
  now?: () => number;
}

export interface SimulatedWordpress {
  /** The home URL, without a slash at the end. */
  readonly url: string;
  /**
   * Posts and terms may also be added here, in the order of their ids. The connector does not report them.
   */
  readonly state: SimulatedState;
  /** The site's clock and time zone. */
  readonly clock: SiteClock;
  /** A person who works in wp-admin. */
  readonly editor: SiteEditor;
  /** Webhooks that the connector has not sent yet, oldest first. */
  readonly webhooks: readonly WaitingWebhook[];
  /** Switches more faults on. */
  setFault(...names: FaultName[]): void;
  clearFaults(): void;
  /** Puts the site on a weak host, or gives it a plugin that dies on some posts. null: neither. */
  weaken(weakness: Weakness | null): void;
  /** Adds a disturbance, which hits single requests. */
  disturb(disturbance: Disturbance): void;
  /** Ends all disturbances. */
  calm(): void;
  /** Presses Connect in the plugin, or with `moved` the button that says that the site has moved. */
  connect(options: { serverUrl: string; moved?: true }): Promise<ConnectOutcome>;
  /** Pushes the structure to the connected server. */
  pushStructure(options: { serverUrl: string }): Promise<ServerAnswer>;
  /** The JSON of the plugin's webhook about a term, whose slug was `was`, or '' for a new term. */
  termMessage(termId: number, was: string): string;
  /** The JSON of the plugin's webhook about the site itself. */
  siteMessage(): string;
  /** The body of the plugin's webhook about the current state of a post. */
  postMessage(topic: PostTopic, postId: number): string;
  /** Sends a webhook about the current state of a post to the connected server. */
  tellOfPost(options: { serverUrl: string; topic: PostTopic; postId: number }): Promise<ServerAnswer>;
  /**
   * Sends the waiting webhooks to the connected server, oldest first, until the server refuses one. Returns
   * the responses. Accepted webhooks are removed from the queue.
   */
  deliverWebhooks(options: { serverUrl: string }): Promise<ServerAnswer[]>;
  /** get_permalink() */
  permalink(postId: number): string;
  /** Takes a backup of the site's database. Returns a function that restores it. */
  backup(): () => void;
  /** Starts a copy of the site at another address, with the same posts, users and connector. */
  copy(): Promise<SimulatedWordpress>;
  stop(): Promise<void>;
}

const DEFAULT_EDITOR: SimulatedUser = {
  id: 2,
  login: 'editor',
  role: 'editor',
  applicationPassword: 'abcdefghijklmnopqrstuvwx',
};

/** Starts a simulated WordPress on a free port of the loopback interface. */
export function startSimulatedWordpress(options: SimulatedWordpressOptions): Promise<SimulatedWordpress> {
  return start(options, () => undefined);
}

/** `fill` puts the content of another site into the new site. */
async function start(
  options: SimulatedWordpressOptions,
  fill: (site: SimulatedSite) => void,
): Promise<SimulatedWordpress> {
  const site = new SimulatedSite(
    initialState(options),
    new SiteClock(options.now ?? Date.now),
    {
      base: options.subdirectory === undefined ? '' : `/${options.subdirectory}`,
      plainPermalinks: options.plainPermalinks ?? false,
    },
    messagesOf,
  );
  fill(site);
  const disturbances = new Disturbances();
  const handler = (request: IncomingMessage, response: ServerResponse) => {
    void serve(site, disturbances, request, response);
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
    clock: site.clock,
    editor: new SiteEditor(
      site,
      site.state.users.find(({ role }) => role !== 'subscriber') ?? DEFAULT_EDITOR,
    ),
    webhooks: site.outbox.waiting,
    setFault: (...names) => {
      for (const name of names) site.faults.add(name);
    },
    clearFaults: () => site.faults.clear(),
    weaken: (weakness) => {
      site.weakness = weakness;
    },
    disturb: (disturbance) => disturbances.add(disturbance),
    calm: () => disturbances.clear(),
    connect: ({ serverUrl, moved }) => connectAsPlugin(site, serverUrl, moved ? { moved } : {}),
    pushStructure: ({ serverUrl }) => pushStructure(site, serverUrl),
    termMessage: (termId, was) => {
      const term = site.term(termId);
      if (term === undefined) throw new Error(`The simulated site has no term ${termId}.`);
      return termMessage(site, term, was);
    },
    siteMessage: () => siteMessage(site, false),
    postMessage: (topic, postId) => postMessage(site, topic, site.existing(postId), ''),
    deliverWebhooks: ({ serverUrl }) => deliverWebhooks(site, disturbances, serverUrl),
    tellOfPost: ({ serverUrl, topic, postId }) => tellOfPost(site, serverUrl, topic, postId),
    permalink: (postId) => permalink(site, site.existing(postId)),
    backup: () => {
      const restore = takeBackup(site);
      return () => restore();
    },
    copy: () => start(options, takeBackup(site)),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function initialState(options: SimulatedWordpressOptions): SimulatedState {
  const users = options.users ?? [{ ...DEFAULT_EDITOR }];
  const plugin = options.connector === undefined ? { version: '0.6.0' } : options.connector;
  return {
    name: 'Brücke & Söhne',
    wordpressVersion: '6.8.2',
    users,
    ...initialTypes(),
    permalinkStructure: '/%postname%/',
    hiddenStatuses: [],
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
            servers: { current: '', operations: new Map() },
            installation: { id: '', home: '' },
          },
    requests: [],
  };
}
