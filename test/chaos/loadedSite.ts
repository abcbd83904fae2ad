import type { SimulatedWordpress } from '../../src/simulation/wordpress/simulatedWordpress.ts';
import type { TestServer } from '../support/server.ts';
import { type SyncedTenant, startSyncedSite } from '../support/syncedSite.ts';
import type { Caller } from './caller.ts';
import { rounds } from './rounds.ts';
import { Sender } from './sender.ts';
import { User } from './user.ts';

const postsOfPerson = 30;
const postsOfUser = 60;
const postsOfBoth = 6;
const mostWaiting = 20;
const latencyMs = 150;
const writeLatencyMs = 300;

/** A site with a person who edits posts on it, a connector that sends webhooks, and a user on the server. */
export interface LoadedSite {
  wordpress: SimulatedWordpress;
  tenant: SyncedTenant['tenant'];
  /** Its contents are synced. Only the webhooks change the contents of the other sites. */
  isSynced: boolean;
  sender: Sender;
  user: User;
  /** The posts whose title and status only the person on the site changes. */
  personPosts: number[];
  /** The posts whose text the person changes and whose title the user changes. */
  sharedPosts: number[];
  /** The text that the person last gave to each of them. */
  texts: Map<number, string>;
  /** The user starts no runs for now. */
  holdsRuns: boolean;
}

/** Starts a WordPress with posts, connects it and reads it once. */
export async function startLoadedSite(
  server: TestServer,
  caller: Caller,
  { isSynced }: { isSynced: boolean },
): Promise<LoadedSite> {
  const site = await startSyncedSite(server, 'connector');
  const { wordpress, tenant } = site;
  // Runs and writes take long enough to be under way when something breaks.
  wordpress.disturb({ fault: 'latency', ms: latencyMs });
  wordpress.disturb({ fault: 'latency', ms: writeLatencyMs, when: ({ method }) => method !== 'GET' });
  const posts = (count: number) =>
    Array.from({ length: count }, () => {
      const { id } = wordpress.editor.create('post', { title: 'A post', status: 'publish' });
      return id;
    });
  const personPosts = posts(postsOfPerson);
  const sharedPosts = isSynced ? posts(postsOfBoth) : [];
  const userPosts = isSynced ? [...posts(postsOfUser), ...sharedPosts] : personPosts;
  const run = await site.sync({ direction: 'from_external' });
  if (run.status !== 'success') throw new Error(`The first run ended as ${run.status}: ${run.error}`);
  if (!isSynced) {
    await server.as(tenant.owner).patch(site.path(), { sync_enabled: false }).expect(200);
  }
  const ids = new Map(
    (await site.contents({ contentType: 'post' })).map(({ id, externalId }) => [externalId, id]),
  );
  const contents = userPosts.map((post) => {
    const id = ids.get(String(post));
    if (id === undefined) throw new Error(`The first run did not read post ${post}.`);
    const none = { sent: 0, acknowledged: 0, acknowledgments: 0, uncertain: 0 };
    return { id, ...none, isLeft: false, period: null };
  });
  const sender = new Sender({ caller, wordpress, site: tenant.site });
  return {
    wordpress,
    tenant,
    isSynced,
    sender,
    user: new User(caller, tenant, contents),
    personPosts,
    sharedPosts,
    texts: new Map(),
    holdsRuns: false,
  };
}

/** The work of the person on the site and of the user on the server, until the stop. */
export function work(site: LoadedSite, isStopped: () => boolean): Promise<unknown> {
  const { user, wordpress } = site;
  const every = (ms: number, act: (round: number) => void | Promise<void>) => rounds(ms, isStopped, act);
  // A slow machine sends fewer webhooks. Otherwise the last of them would wait for minutes.
  const isBehind = () => site.sender.made - site.sender.done > mostWaiting;
  const always = [
    every(400, (round) => user.read(round)),
    every(500, (round) => (isBehind() ? undefined : editOnSite(site, round))),
  ];
  if (!site.isSynced) return Promise.all(always);
  return Promise.all([
    ...always,
    every(500, (round) => (isBehind() ? undefined : user.edit(round))),
    every(1_500, () => (isBehind() ? undefined : user.make())),
    every(2_000, async () => {
      if (!site.holdsRuns) await user.sync();
    }),
    every(1_300, (round) => {
      const post = site.sharedPosts[round % site.sharedPosts.length];
      if (post === undefined) return;
      const content = `<p>Text ${round}</p>`;
      wordpress.editor.edit(post, { content });
      site.texts.set(post, content);
    }),
  ]);
}

/** Changes the title of a post on the site, and of every tenth the status. */
export function editOnSite({ wordpress, personPosts }: LoadedSite, round: number): void {
  const post = personPosts[round % personPosts.length];
  if (post === undefined) return;
  // Another post in each pass over all of them.
  const pass = Math.floor(round / personPosts.length);
  const status = (round + pass) % 10 === 0 ? 'draft' : 'publish';
  wordpress.editor.edit(post, { title: `Title ${round} of post ${post}`, status });
}
